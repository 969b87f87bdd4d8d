#include "packs/mandates/workspace/change_set.hpp"

#include <fcntl.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <linux/fs.h>
#include <sys/stat.h>

#include <atomic>
#include <cstdio>
#include <filesystem>
#include <map>
#include <optional>
#include <thread>

#include "packs/mandates/workspace/content_hash.hpp"
#include "support/process.hpp"
#include "support/scratch_directory.hpp"

namespace hearth::packs::mandates::workspace {
namespace {

using ::testing::HasSubstr;
using Tree = std::map<std::string, std::string>;

class ChangeSetTest : public testing::Test {
 protected:
  ChangeSetTest() {
    std::filesystem::create_directories(scratch_ / "w/sub");
    std::filesystem::create_directory(records());
    write("edited", "one two two\n");
    write("removed", "gone\n");
    write("moved", "same\n");
    root_.emplace(*Root::open(scratch_ / "w"));
  }
  [[nodiscard]] std::string records() const { return scratch_ / "records"; }
  void write(const std::string& path, const std::string& text) const {
    test::write_file(scratch_ / ("w/" + path), text);
  }
  [[nodiscard]] std::string content(const std::string& path) const {
    return test::read_file(scratch_ / ("w/" + path));
  }
  // Files by path.
  [[nodiscard]] Tree tree() const {
    Tree all;
    for (const auto& entry : std::filesystem::recursive_directory_iterator(scratch_ / "w")) {
      if (entry.is_regular_file())
        all[entry.path().lexically_relative(scratch_ / "w").string()] =
            test::read_file(entry.path().string());
    }
    return all;
  }
  [[nodiscard]] std::vector<PreparedEffect> prepared(const std::vector<Change>& changes) const {
    auto made = prepare(*root_, changes);
    if (made) return *made;
    ADD_FAILURE() << made.error().message;
    return {};
  }
  [[nodiscard]] Errc refusal(const std::vector<Change>& changes) const {
    const auto made = prepare(*root_, changes);
    return made ? Errc::internal : made.error().code;
  }
  static Change edit(const std::string& path, const std::string& before, const std::string& after) {
    return {.path = path, .replacements = {{.before = before, .after = after}}};
  }
  static std::vector<Change> all_kinds() {
    return {{.action = Action::create,
             .path = "new/dir/file",
             .content = "made\n",
             .is_executable = true},
            edit("edited", "one", "1"),
            {.action = Action::remove, .path = "removed"},
            {.action = Action::move, .path = "moved", .to = "sub/moved"}};
  }
  static Tree after_all_kinds() {
    return {{"new/dir/file", "made\n"}, {"edited", "1 two two\n"}, {"sub/moved", "same\n"}};
  }
  [[nodiscard]] bool is_clean() const {
    return std::filesystem::is_empty(records()) &&
           std::ranges::none_of(std::filesystem::directory_iterator(scratch_ / "w"),
                                [](const auto& each) {
                                  return each.path().filename().string().starts_with(".hearth");
                                });
  }

  test::ScratchDirectory scratch_{"changes"};
  std::optional<Root> root_;
};

TEST_F(ChangeSetTest, AppliesAllKinds) {
  ::chmod((scratch_ / "w/edited").c_str(), 0750);
  ASSERT_TRUE(apply(*root_, prepared(all_kinds()), "a", records()));
  EXPECT_EQ(tree(), after_all_kinds());
  EXPECT_TRUE(is_clean());
  struct stat status{};
  ASSERT_EQ(::stat((scratch_ / "w/edited").c_str(), &status), 0);
  EXPECT_EQ(status.st_mode & 0777U, 0750U) << "it keeps its mode";
  ASSERT_EQ(::stat((scratch_ / "w/new/dir/file").c_str(), &status), 0);
  EXPECT_EQ(status.st_mode & 0777U, 0755U);
}

TEST_F(ChangeSetTest, ReplacesLiterally) {
  write("edited", R"(a.b \1 $& a.b)");
  ASSERT_TRUE(apply(*root_, prepared({edit("edited", R"(\1 $&)", R"(\0\n\\1)")}), "a", records()));
  EXPECT_EQ(content("edited"), R"(a.b \0\n\\1 a.b)");
  Change all = edit("edited", "a.b", "aa.bb");
  all.replacements[0].all = true;
  ASSERT_TRUE(apply(*root_, prepared({all}), "b", records()));
  EXPECT_EQ(content("edited"), R"(aa.bb \0\n\\1 aa.bb)");
}

TEST_F(ChangeSetTest, SaysWhatCannotBePrepared) {
  EXPECT_EQ(refusal({edit("edited", "two", "2")}), Errc::conflict) << "occurs twice";
  EXPECT_EQ(refusal({edit("edited", "three", "3")}), Errc::conflict);
  EXPECT_EQ(refusal({edit("edited", "", "3")}), Errc::invalid_args);
  EXPECT_EQ(refusal({edit("edited", "one", "one")}), Errc::invalid_args) << "changes nothing";
  EXPECT_EQ(refusal({{.path = "edited"}}), Errc::invalid_args) << "would empty it";
  Change both = edit("edited", "one", "1");
  both.content = "1";
  EXPECT_EQ(refusal({both}), Errc::invalid_args);
  EXPECT_EQ(refusal({edit("nosuch", "a", "b")}), Errc::not_found);
  EXPECT_EQ(refusal({edit("../w/edited", "one", "1")}), Errc::invalid_args);
  Change old = edit("edited", "one", "1");
  old.base_hash = content_hash("of before");
  EXPECT_EQ(refusal({old}), Errc::conflict);
  old.base_hash = content_hash("one two two\n");
  EXPECT_EQ(refusal({old}), Errc::internal);
  EXPECT_EQ(refusal({{.action = Action::create, .path = "edited"}}), Errc::conflict);
  EXPECT_EQ(refusal({{.action = Action::move, .path = "moved", .to = "edited"}}), Errc::conflict);
  EXPECT_EQ(refusal({edit("edited", "one", "1"), {.action = Action::remove, .path = "edited"}}),
            Errc::invalid_args);
  EXPECT_EQ(refusal({{.action = Action::create, .path = "x"},
                     {.action = Action::create, .path = "x-"},
                     {.action = Action::create, .path = "x/y"}}),
            Errc::invalid_args);
  EXPECT_EQ(refusal({}), Errc::invalid_args);
}

TEST_F(ChangeSetTest, AttackLinks) {
  test::write_file(scratch_ / "outside", "secret one\n");
  std::filesystem::create_symlink(scratch_ / "outside", scratch_ / "w/link");
  std::filesystem::create_hard_link(scratch_ / "outside", scratch_ / "w/hard");
  std::filesystem::create_directory_symlink(scratch_.path(), scratch_ / "w/up");
  EXPECT_EQ(refusal({edit("link", "one", "1")}), Errc::permission);
  EXPECT_EQ(refusal({edit("hard", "one", "1")}), Errc::permission);
  EXPECT_EQ(refusal({{.action = Action::remove, .path = "hard"}}), Errc::permission);
  EXPECT_EQ(refusal({{.action = Action::create, .path = "link"}}), Errc::conflict);
  EXPECT_EQ(refusal({{.action = Action::create, .path = "up/new"}}), Errc::permission);
  EXPECT_EQ(test::read_file(scratch_ / "outside"), "secret one\n");
}

// Between approval and application.
TEST_F(ChangeSetTest, AttackSwapAfterApproval) {
  const auto effects = prepared(all_kinds());
  test::write_file(scratch_ / "outside", "one two two\n");
  std::filesystem::remove(scratch_ / "w/edited");
  std::filesystem::create_symlink(scratch_ / "outside", scratch_ / "w/edited");
  const auto done = apply(*root_, effects, "a", records());
  ASSERT_FALSE(done);
  EXPECT_EQ(done.error().code, Errc::permission) << done.error().message;
  EXPECT_EQ(test::read_file(scratch_ / "outside"), "one two two\n");
  EXPECT_TRUE(std::filesystem::is_symlink(scratch_ / "w/edited"));
  EXPECT_FALSE(std::filesystem::exists(scratch_ / "w/new/dir/file"))
      << "what came before is taken back";
  EXPECT_TRUE(is_clean());
}

TEST_F(ChangeSetTest, KeepsWhatSomebodyElseChanged) {
  for (const char* const path : {"edited", "removed", "moved", "new/dir/file"}) {
    const auto effects = prepared(all_kinds());
    const Tree before = tree();
    std::filesystem::create_directories(scratch_ / "w/new/dir");
    write(path, "theirs\n");
    const auto done = apply(*root_, effects, "a", records());
    ASSERT_FALSE(done) << path;
    EXPECT_EQ(done.error().code, Errc::conflict) << done.error().message;
    Tree expected = before;
    expected[path] = "theirs\n";
    EXPECT_EQ(tree(), expected) << path;
    EXPECT_TRUE(is_clean());
    std::filesystem::remove_all(scratch_ / "w/new");
    write("edited", "one two two\n");
    write("removed", "gone\n");
    write("moved", "same\n");
  }
}

// Somebody swaps the directory for a link to the outside all the time.
TEST_F(ChangeSetTest, AttackPathRace) {
  std::filesystem::create_directory(scratch_ / "away");
  test::write_file(scratch_ / "away/file", "0");
  write("sub/file", "0");
  std::filesystem::create_directory_symlink(scratch_ / "away", scratch_ / "w/link");
  std::atomic<bool> is_over = false;
  std::jthread swapper([&] {
    while (!is_over)
      (void)::renameat2(AT_FDCWD, (scratch_ / "w/sub").c_str(), AT_FDCWD,
                        (scratch_ / "w/link").c_str(), RENAME_EXCHANGE);
  });
  int applied = 0;
  for (int i = 1; i < 300 && (applied < 5 || i < 60); ++i) {
    const std::vector<Change> changes{
        {.path = "sub/file", .content = std::to_string(i)},
        {.action = Action::create, .path = "sub/new" + std::to_string(i), .content = "x"}};
    const auto effects = prepare(*root_, changes);
    if (effects && apply(*root_, *effects, "r" + std::to_string(i), records())) ++applied;
    (void)recover(*root_, records());
  }
  is_over = true;
  swapper.join();
  EXPECT_EQ(test::read_file(scratch_ / "away/file"), "0");
  EXPECT_EQ(std::distance(std::filesystem::directory_iterator(scratch_ / "away"), {}), 1);
}

TEST_F(ChangeSetTest, AKillAtAnyPointLeavesAllOrNothing) {
  const Tree before = tree();
  for (int point = 0;; ++point) {
    int left = point;
    const auto done = apply(*root_, prepared(all_kinds()), "k" + std::to_string(point), records(),
                            [&] { return left-- > 0; });
    if (done) {
      EXPECT_GT(point, 9) << "there are more points";
      break;
    }
    const auto recovered = recover(*root_, records());
    ASSERT_TRUE(recovered) << recovered.error().message;
    const Tree now = tree();
    if (now == before) continue;
    ASSERT_EQ(now, after_all_kinds()) << point;
    ASSERT_EQ(recovered->size(), 1U);
    EXPECT_EQ(recovered->front().end, Recovery::End::completed);
    EXPECT_TRUE(is_clean());
    std::filesystem::remove_all(scratch_ / "w");
    std::filesystem::create_directories(scratch_ / "w/sub");
    for (const auto& [path, text] : before) write(path, text);
    root_.emplace(*Root::open(scratch_ / "w"));
  }
}

TEST_F(ChangeSetTest, RecoveryLeavesWhatOthersChangedAndSaysSo) {
  // Killed with everything carried out but the last; then somebody changes one of each kind.
  for (const char* const path : {"edited", "moved"}) {
    const Tree before = tree();
    int left = 9;
    ASSERT_FALSE(apply(*root_, prepared(all_kinds()), "r", records(), [&] { return left-- > 0; }));
    ASSERT_EQ(content("edited"), "1 two two\n");
    write(path, "theirs\n");
    const auto recovered = recover(*root_, records());
    ASSERT_TRUE(recovered) << recovered.error().message;
    ASSERT_EQ(recovered->size(), 1U);
    EXPECT_EQ(content(path), "theirs\n");
    if (recovered->front().end == Recovery::End::needs_review) {
      EXPECT_STREQ(path, "edited") << "ours is lost under theirs";
      EXPECT_THAT(recovered->front().detail, HasSubstr(path));
      EXPECT_EQ(test::read_file(scratch_ / "w/.hearth-stage-r/1"), "one two two\n")
          << "what was there is kept";
      EXPECT_EQ(recover(*root_, records())->size(), 1U);
      ASSERT_TRUE(discard("r", records()));
    } else {
      EXPECT_EQ(recovered->front().end, Recovery::End::undone);
      Tree expected = before;
      expected[path] = "theirs\n";
      EXPECT_EQ(tree(), expected);
    }
    EXPECT_TRUE(is_clean());
    std::filesystem::remove_all(scratch_ / "w/new");
    for (const auto& [each, text] : before) write(each, text);
  }
}

TEST_F(ChangeSetTest, InspectTellsDoneNotDoneAndChanged) {
  const auto effects = prepared(all_kinds());
  const auto states = [&] {
    std::vector<EffectState> all;
    for (const PreparedEffect& each : effects) all.push_back(inspect(*root_, each.effect).value());
    return all;
  };
  EXPECT_THAT(states(), testing::Each(EffectState::not_done));
  ASSERT_TRUE(apply(*root_, effects, "a", records()));
  EXPECT_THAT(states(), testing::Each(EffectState::done));
  for (const char* const path : {"new/dir/file", "edited", "removed", "sub/moved"})
    write(path, "theirs\n");
  EXPECT_THAT(states(), testing::Each(EffectState::changed));
}

TEST(ChangeRecord, ReadsWhatItWritesAndNothingElse) {
  const ChangeRecord record{
      .id = "x",
      .workspace = "/w",
      .effects = {{.action = Action::move,
                   .path = "a:1,",
                   .to = "b",
                   .before_hash = "h",
                   .after_hash = "h"},
                  {.action = Action::create, .path = "c", .after_hash = "g", .mode = 0755}}};
  const std::string bytes = record.to_bytes();
  const auto read = ChangeRecord::parse(bytes);
  ASSERT_TRUE(read) << read.error().message;
  EXPECT_EQ(read->to_bytes(), bytes);
  for (std::size_t i = 0; i < bytes.size(); ++i) {
    EXPECT_FALSE(ChangeRecord::parse(bytes.substr(0, i)));
    std::string damaged = bytes;
    damaged[i] = static_cast<char>(damaged[i] ^ 1);
    EXPECT_FALSE(ChangeRecord::parse(damaged)) << i;
  }
}

}  // namespace
}  // namespace hearth::packs::mandates::workspace
