#include "packs/knowledge/engine/entries.hpp"

#include <gtest/gtest.h>

#include <algorithm>
#include <string>

#include "packs/knowledge/engine/schema.hpp"
#include "support/scratch_directory.hpp"

namespace hearth::packs::knowledge {
namespace {

constexpr WallTime at(int seconds) {
  return WallTime(std::chrono::seconds(1'760'000'000 + seconds));
}

Filter only_tag(const char* tag) {
  Filter filter;
  filter.tags = {tag};
  return filter;
}
Filter only_kind(const char* kind) {
  Filter filter;
  filter.kind = kind;
  return filter;
}

class Entries : public testing::Test {
 protected:
  Entries() { EXPECT_TRUE(store::migrate(database_, knowledge_schema())); }
  Entry add(NewEntry entry, int seconds = 0) {
    auto made = add_entry(database_, entry, at(seconds));
    EXPECT_TRUE(made) << made.error().message;
    return made ? *made : Entry();
  }

  const test::ScratchDirectory directory_{"entries"};
  store::Database database_ = store::Database::open(directory_ / "k.db", {}).value();
};

TEST_F(Entries, KeepsWhatItIsGiven) {
  const Entry made = add({.text = "Body",
                          .title = "Title",
                          .kind = " Decision ",
                          .tags = {"b", "A", "a "},
                          .properties = R"({"x":1})"});
  const Entry found = find_entry(database_, made.id).value();
  EXPECT_EQ(found.text, "Body");
  EXPECT_EQ(found.title, "Title");
  EXPECT_EQ(found.kind, "decision");
  EXPECT_EQ(found.tags, (std::vector<std::string>{"a", "b"}));
  EXPECT_EQ(found.properties, R"({"x":1})");
  EXPECT_EQ(found.version, 1);
  EXPECT_EQ(found.created_ms, at(0).time_since_epoch().count());
  EXPECT_FALSE(found.source);
}

TEST_F(Entries, TitlesAnEntryByItsFirstLine) {
  EXPECT_EQ(add({.text = "\n\n## Heading  \nmore"}).title, "Heading");
  const std::string long_title = add({.text = std::string(200, 'a')}).title;
  EXPECT_EQ(long_title, std::string(80, 'a') + "…");
  EXPECT_EQ(add({.text = std::string(79, 'a') + "éé"}).title, std::string(79, 'a') + "…");
}

TEST_F(Entries, RefusesWhatDoesNotFit) {
  const auto refused = [&](const NewEntry& entry) {
    const auto made = add_entry(database_, entry, at(0));
    return !made && made.error().code == Errc::invalid_args;
  };
  EXPECT_TRUE(refused({.text = " \n"}));
  EXPECT_TRUE(refused({.text = std::string(most_text_bytes + 1, 'x')}));
  EXPECT_TRUE(refused({.text = "a", .title = std::string(most_title_bytes + 1, 'x')}));
  EXPECT_TRUE(refused({.text = "a", .kind = ""}));
  EXPECT_TRUE(refused({.text = "a", .kind = "two\nlines"}));
  EXPECT_TRUE(refused({.text = "a", .tags = {std::string(65, 'x')}}));
  EXPECT_TRUE(refused({.text = "a", .tags = std::vector<std::string>(33, "x")}));
}

TEST_F(Entries, FindsByAUniquePrefixOnly) {
  const Entry early = add({.text = "a"}, 0);
  const Entry late = add({.text = "b"}, 100'000'000);
  std::size_t common = 0;
  while (early.id[common] == late.id[common]) ++common;
  common = std::max<std::size_t>(common, 3);
  EXPECT_EQ(find_entry(database_, early.id.substr(0, common + 1)).value().id, early.id);
  std::string upper = late.id;
  for (char& c : upper) c = static_cast<char>(std::toupper(c));
  EXPECT_EQ(find_entry(database_, upper).value().id, late.id);

  for (int i = 0; i < 5; ++i) add({.text = "c"}, 100'000'000);
  const auto ambiguous = find_entry(database_, late.id.substr(0, 8));
  ASSERT_FALSE(ambiguous);
  EXPECT_EQ(ambiguous.error().code, Errc::conflict);
  EXPECT_EQ(ambiguous.error().suggestions.size(), 3U);
}

TEST_F(Entries, SaysWhatIsWrongWithAnId) {
  EXPECT_EQ(find_entry(database_, "019").error().code, Errc::invalid_args);
  for (const char* id : {"0199", "not an id", "019%_", "ffffffff-ffff-7fff-8fff-ffffffffffff"}) {
    const auto missing = find_entry(database_, id);
    ASSERT_FALSE(missing);
    EXPECT_EQ(missing.error().code, Errc::not_found) << id;
    EXPECT_FALSE(missing.error().suggestions.empty());
  }
}

TEST_F(Entries, ChangesWhatIsNamedAndCountsTheVersion) {
  const Entry made = add({.text = "old", .title = "T", .tags = {"x"}});
  EntryChange change;
  change.text = "new";
  change.merge_properties = [](std::string_view present) -> Result<std::string> {
    EXPECT_EQ(present, "{}");
    return R"({"a":1})";
  };
  change.expected_version = 1;
  const Entry changed = change_entry(database_, made.id, change, at(5)).value();
  EXPECT_EQ(changed.version, 2);
  const Entry found = find_entry(database_, made.id).value();
  EXPECT_EQ(found.text, "new");
  EXPECT_EQ(found.title, "T");
  EXPECT_EQ(found.tags, std::vector<std::string>{"x"});
  EXPECT_EQ(found.properties, R"({"a":1})");
  EXPECT_EQ(found.updated_ms, at(5).time_since_epoch().count());
  EXPECT_EQ(found.created_ms, made.created_ms);
}

TEST_F(Entries, RefusesAChangeOfAnotherVersion) {
  const Entry made = add({.text = "old"});
  EntryChange change;
  change.text = "new";
  change.expected_version = 2;
  const auto refused = change_entry(database_, made.id, change, at(5));
  ASSERT_FALSE(refused);
  EXPECT_EQ(refused.error().code, Errc::conflict);
  EXPECT_EQ(find_entry(database_, made.id).value().text, "old");
}

TEST_F(Entries, ReplacesTags) {
  const Entry made = add({.text = "t", .tags = {"x", "y"}});
  EntryChange change;
  change.tags = std::vector<std::string>{"z"};
  ASSERT_TRUE(change_entry(database_, made.id, change, at(1)));
  EXPECT_EQ(list_entries(database_, {.filter = only_tag("x"), .cursor = {}}).value().total, 0);
  EXPECT_EQ(list_entries(database_, {.filter = only_tag("z"), .cursor = {}}).value().total, 1);
}

TEST_F(Entries, RemovesAnEntryWithItsTags) {
  const Entry made = add({.text = "t", .tags = {"x"}});
  EXPECT_EQ(remove_entry(database_, made.id, Deletion::hard, at(1)).value().id, made.id);
  EXPECT_EQ(remove_entry(database_, made.id, Deletion::hard, at(1)).error().code, Errc::not_found);
  EXPECT_EQ(database_.integer("SELECT count(*) FROM entry_tags").value(), 0);
}

TEST_F(Entries, HidesWhatIsSoftlyDeletedAndRestoresIt) {
  const Entry made = add({.text = "t", .tags = {"x"}});
  EXPECT_EQ(remove_entry(database_, made.id, Deletion::soft, at(1), 7).error().code,
            Errc::conflict);
  EXPECT_TRUE(remove_entry(database_, made.id, Deletion::soft, at(1), 1));
  EXPECT_EQ(find_entry(database_, made.id).error().code, Errc::not_found);
  EXPECT_EQ(list_entries(database_, {.filter = {}, .cursor = {}}).value().total, 0);
  const Entry hidden = find_entry(database_, made.id, Which::deleted_too).value();
  EXPECT_EQ(hidden.deleted_ms, at(1).time_since_epoch().count());
  EXPECT_EQ(hidden.version, 2);
  EXPECT_EQ(remove_entry(database_, made.id, Deletion::soft, at(2)).error().code, Errc::not_found);

  EntryChange change;
  change.restores = true;
  ASSERT_TRUE(change_entry(database_, made.id, change, at(3)));
  EXPECT_EQ(find_entry(database_, made.id).value().tags, std::vector<std::string>{"x"});
}

TEST_F(Entries, FindsByAWholeTitle) {
  const Entry made = add({.text = "t", .title = "Group Commit"});
  EXPECT_EQ(find_entry(database_, "group commit").value().id, made.id);
  add({.text = "u", .title = "group commit"});
  EXPECT_EQ(find_entry(database_, "group commit").error().code, Errc::conflict);
  const Entry hex = add({.text = "v", .title = "cafe"});
  EXPECT_EQ(find_entry(database_, "cafe").value().id, hex.id);
}

TEST_F(Entries, FiltersByPropertiesAndTime) {
  const Entry open = add({.text = "a", .properties = R"({"state":"open","n":1})"}, 1);
  add({.text = "b", .properties = R"({"state":"closed"})"}, 2);
  add({.text = "c"}, 3);
  const auto count = [&](Filter filter) {
    return list_entries(database_, {.filter = std::move(filter), .cursor = {}}).value().total;
  };
  Filter filter;
  filter.properties = {{"state", R"("open")"}};
  EXPECT_EQ(count(filter), 1);
  filter.properties.push_back({"n", "1"});
  EXPECT_EQ(count(filter), 1);
  filter.properties.push_back({"n", "2"});
  EXPECT_EQ(count(filter), 0);
  Filter in_time;
  in_time.since_ms = at(2).time_since_epoch().count();
  EXPECT_EQ(count(in_time), 2);
  in_time.before_ms = at(3).time_since_epoch().count();
  EXPECT_EQ(count(in_time), 1);
}

TEST_F(Entries, ListsNewestFirstPageByPage) {
  for (int i = 0; i < 25; ++i)
    add({.text = std::to_string(i), .kind = i % 5 == 0 ? "fact" : "note"});
  std::vector<std::string> titles;
  ListRequest request{.filter = {}, .limit = 10, .cursor = {}};
  for (;;) {
    const ListPage page = list_entries(database_, request).value();
    EXPECT_EQ(page.total, 25);
    for (const Entry& entry : page.entries) titles.push_back(entry.title);
    if (!page.cursor) break;
    request.cursor = page.cursor;
    add({.text = "a newcomer does not disturb"});
    ASSERT_TRUE(remove_entry(
        database_,
        list_entries(database_, {.filter = {}, .limit = 1, .cursor = {}}).value().entries[0].id,
        Deletion::hard, at(1)));
  }
  ASSERT_EQ(titles.size(), 25U);
  EXPECT_EQ(titles.front(), "24");
  EXPECT_EQ(titles.back(), "0");
  EXPECT_EQ(list_entries(database_, {.filter = only_kind("fact"), .cursor = {}}).value().total, 5);
  EXPECT_EQ(list_entries(database_, {.filter = {}, .cursor = "x"}).error().code,
            Errc::invalid_args);
}

TEST_F(Entries, CountsKindsTagsAndTheLatestChange) {
  EXPECT_FALSE(read_stats(database_).value().updated_ms);
  add({.text = "a", .tags = {"x", "y"}}, 1);
  add({.text = "b", .kind = "fact", .tags = {"x"}}, 2);
  add({.text = "c"}, 3);
  const Stats stats = read_stats(database_).value();
  EXPECT_EQ(stats.entries, 3);
  EXPECT_EQ(stats.tags, 2);
  ASSERT_EQ(stats.kinds.size(), 2U);
  EXPECT_EQ(stats.kinds[0].kind, "note");
  EXPECT_EQ(stats.kinds[0].entries, 2);
  EXPECT_EQ(stats.updated_ms, at(3).time_since_epoch().count());
}

}  // namespace
}  // namespace hearth::packs::knowledge
