#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <filesystem>
#include <fstream>
#include <future>
#include <set>
#include <string>
#include <vector>

#include "json/json.hpp"
#include "packs/knowledge/knowledge.hpp"
#include "support/test_context.hpp"

namespace hearth::packs::knowledge {
namespace {

namespace fs = std::filesystem;
using testing::HasSubstr;

class KnowledgePack : public testing::Test {
 protected:
  KnowledgePack() : harness_(std::make_unique<test::PackHarness>(make_pack())) {
    options_.caller.cwd = options_.caller.project_root = project_.path();
  }
  void start() { harness_->start(); }

  json::Value good(const std::string& verb, std::string_view arguments) {
    auto reply = harness_->call(verb, arguments, options_);
    EXPECT_TRUE(reply) << verb << ": " << reply.error().message;
    return reply ? json::parse(reply->structured).value() : json::Value(json::Object());
  }
  Error bad(const std::string& verb, std::string_view arguments) {
    auto reply = harness_->call(verb, arguments, options_);
    EXPECT_FALSE(reply) << verb << ": " << reply->structured;
    return reply ? Error() : reply.error();
  }
  std::string remember(const std::string& text) {
    return text_of(good("remember", R"({"text":)" + json::quoted(text) + "}"), "id");
  }
  std::int64_t total(const std::string& query) {
    const json::Value page =
        good("search",
             R"({"mode":"words","limit":100,"min_score":0,"query":)" + json::quoted(query) + "}");
    return json::int_or(page, "total", -1);
  }
  static std::string text_of(const json::Value& object, std::string_view name) {
    return std::string(json::string_or(object, name, ""));
  }

  const test::ScratchDirectory project_{"project"};
  test::CallOptions options_;
  std::unique_ptr<test::PackHarness> harness_;
};

std::string id_of(const std::string& id) {
  return R"({"id":")" + id + R"("})";
}

TEST_F(KnowledgePack, DescribesItsToolsInLittleSpace) {
  std::size_t descriptions = 0;
  for (const auto& [verb, spec] : harness_->specs()) {
    descriptions += spec.description.size();
    EXPECT_FALSE(spec.title.empty()) << verb;
    EXPECT_NE(spec.resend, pack::ResendRule::refuse) << verb;
    EXPECT_TRUE(json::parse(spec.input_schema)) << verb;
    EXPECT_FALSE(spec.annotations.open_world) << verb;
  }
  EXPECT_GE(harness_->specs().size(), 15U);
  EXPECT_LT(descriptions, 20'000U);
  EXPECT_TRUE(harness_->specs().at("search").annotations.read_only);
  EXPECT_TRUE(harness_->specs().at("delete").annotations.destructive);
  EXPECT_FALSE(harness_->specs().at("remember").annotations.destructive);
}

TEST_F(KnowledgePack, RemembersSearchesAndGets) {
  start();
  const json::Value made = good("remember", R"({"text":"The writer commits in groups.",
      "title":"Group commit","kind":"decision","tags":["store"],"properties":{"by":"ann"}})");
  EXPECT_TRUE(json::bool_or(made, "created", false));
  const std::string id = text_of(made, "id");
  ASSERT_EQ(id.size(), 36U);

  const json::Value found = good("search", R"({"query":"group writer"})");
  EXPECT_EQ(json::int_or(found, "total", -1), 1);
  EXPECT_FALSE(json::bool_or(found, "truncated", true));
  const json::Value& hit = found.at("hits").at(0);
  EXPECT_EQ(text_of(hit, "id"), id);
  EXPECT_EQ(text_of(hit, "title"), "Group commit");
  EXPECT_THAT(text_of(hit, "snippet"), HasSubstr("**writer**"));
  EXPECT_GT(hit.at("score").to_number<double>(), 0);
  EXPECT_EQ(json::find(found, "degraded"), nullptr);

  const json::Value entry = good("get", id_of(id));
  EXPECT_EQ(text_of(entry, "text"), "The writer commits in groups.");
  EXPECT_EQ(text_of(entry, "kind"), "decision");
  EXPECT_EQ(json::dump(entry.at("properties")), R"({"by":"ann"})");
  EXPECT_EQ(json::dump(entry.at("tags")), R"(["store"])");
  EXPECT_EQ(json::find(entry, "source"), nullptr);
}

TEST_F(KnowledgePack, UpdatesOnlyWhatIsGivenAndMergesProperties) {
  start();
  const std::string id =
      text_of(good("remember", R"({"text":"t","properties":{"a":1,"b":2,"deep":{"x":1}}})"), "id");
  const json::Value updated = good(
      "update", R"({"id":")" + id +
                    R"(","properties":{"b":null,"c":[3],"deep":{"y":2}},"expected_version":1})");
  EXPECT_EQ(json::int_or(updated, "version", 0), 2);
  const json::Value entry = good("get", id_of(id));
  EXPECT_EQ(json::dump(entry.at("properties")), R"({"a":1,"deep":{"y":2},"c":[3]})");
  EXPECT_EQ(text_of(entry, "text"), "t");
  EXPECT_EQ(bad("update", R"({"id":")" + id + R"(","text":"x","expected_version":1})").code,
            Errc::conflict);
  EXPECT_EQ(bad("update", id_of(id)).code, Errc::invalid_args);
}

TEST_F(KnowledgePack, DeletesOnce) {
  start();
  const std::string id = remember("to be gone");
  EXPECT_TRUE(json::bool_or(good("delete", id_of(id)), "deleted", false));
  EXPECT_EQ(bad("delete", id_of(id)).code, Errc::not_found);
  EXPECT_EQ(bad("get", id_of(id)).code, Errc::not_found);
  EXPECT_EQ(total("gone"), 0);
}

TEST_F(KnowledgePack, ListsAndCounts) {
  start();
  for (int i = 0; i < 5; ++i) remember("note " + std::to_string(i));
  const json::Value first = good("list", R"({"limit":3})");
  EXPECT_EQ(first.at("entries").get_array().size(), 3U);
  EXPECT_EQ(json::int_or(first, "total", 0), 5);
  EXPECT_TRUE(json::bool_or(first, "truncated", false));
  const json::Value rest =
      good("list", R"({"limit":3,"cursor":")" + text_of(first, "cursor") + R"("})");
  EXPECT_EQ(rest.at("entries").get_array().size(), 2U);
  EXPECT_EQ(json::find(rest, "cursor"), nullptr);
  const json::Value stats = good("stats", "{}");
  EXPECT_EQ(json::int_or(stats, "entries", 0), 5);
  EXPECT_GT(json::int_or(stats, "bytes", 0), 0);
}

TEST_F(KnowledgePack, CutsAnAnswerLoudly) {
  start();
  for (int i = 0; i < 15; ++i) remember("socket " + std::to_string(i));
  const json::Value page = good("search", R"({"query":"socket","limit":10})");
  EXPECT_TRUE(json::bool_or(page, "truncated", false));
  EXPECT_EQ(json::int_or(page, "next_offset", 0), 10);
  const json::Value last = good("search", R"({"query":"socket","limit":10,"offset":10})");
  EXPECT_EQ(last.at("hits").get_array().size(), 5U);
  EXPECT_FALSE(json::bool_or(last, "truncated", true));
  std::string words;
  for (int i = 0; i < 80; ++i) words += "w" + std::to_string(i) + " ";
  EXPECT_NE(json::find(good("search", R"({"query":")" + words + R"("})"), "degraded"), nullptr);
}

TEST_F(KnowledgePack, SaysWhatIsWrongWithARequest) {
  start();
  const std::vector<std::pair<std::string, std::string>> wrong{
      {"remember", "{}"},
      {"remember", R"({"text":""})"},
      {"remember", R"({"text":"a","tags":"x"})"},
      {"remember", R"({"text":"a","properties":[1]})"},
      {"remember", R"({"text":"a","colour":"red"})"},
      {"search", R"({"query":""})"},
      {"search", R"({"query":"..."})"},
      {"search", R"({"query":"a","limit":0})"},
      {"search", R"({"query":"a","limit":101})"},
      {"search", R"({"query":"a","offset":-1})"},
      {"get", R"({"id":""})"},
      {"create", "{}"},
      {"create", R"({"text":"a","entries":[]})"},
      {"list", R"({"since":"yesterday"})"},
      {"recall", R"({"weights":{"relevance":0,"salience":0,"recency":0}})"},
      {"feedback", R"({"id":"0000","signal":"good"})"},
      {"get", R"({"id":7})"},
      {"list", R"({"cursor":"zzz"})"},
      {"update", R"({"id":"0000"})"},
      {"delete", "{}"},
      {"stats", R"({"x":1})"},
      {"import", "{}"},
      {"import", "not json"},
  };
  for (const auto& [verb, arguments] : wrong) {
    const Error error = bad(verb, arguments);
    EXPECT_EQ(error.code, Errc::invalid_args) << verb << arguments << ": " << error.message;
    EXPECT_FALSE(error.message.empty());
  }
}

TEST_F(KnowledgePack, AnswersAResendWithTheStoredReply) {
  start();
  options_.key = "t-1";
  const auto first = harness_->call("remember", R"({"text":"once"})", options_);
  ASSERT_TRUE(first);
  EXPECT_FALSE(first->replayed);
  options_.is_resend = true;
  const auto again = harness_->call("remember", R"({"text":"once"})", options_);
  ASSERT_TRUE(again);
  EXPECT_TRUE(again->replayed);
  EXPECT_EQ(again->structured, first->structured);
  EXPECT_EQ(total("once"), 1);
  EXPECT_EQ(bad("remember", R"({"text":"other"})").code, Errc::conflict);
}

TEST_F(KnowledgePack, AppliesACallersOwnKeyOnce) {
  start();
  const std::string arguments = R"({"text":"once","key":"mine"})";
  options_.key = "t-1";
  const json::Value first = good("remember", arguments);
  options_.key = "t-2";
  const json::Value second = good("remember", arguments);
  EXPECT_EQ(text_of(first, "id"), text_of(second, "id"));
  EXPECT_TRUE(json::bool_or(first, "created", false));
  EXPECT_FALSE(json::bool_or(second, "created", true));
  EXPECT_EQ(total("once"), 1);
}

TEST_F(KnowledgePack, KeepsDataAndKeysOverARestart) {
  start();
  options_.key = "t-1";
  remember("kept");
  harness_->pack().stop();
  // Another daemon on the same directory.
  auto next = make_pack();
  test::PackHarness fresh(std::move(next));
  const fs::path from = harness_->context().data_directory("default").value() / "knowledge.db";
  fs::copy_file(from, fresh.context().data_directory("default").value() / "knowledge.db");
  fresh.start();
  const auto replayed = fresh.call("remember", R"({"text":"kept"})", options_);
  ASSERT_TRUE(replayed);
  EXPECT_TRUE(replayed->replayed);
}

TEST_F(KnowledgePack, RefusesToWriteInAReadOnlySession) {
  start();
  const std::string id = remember("x");
  options_.caller.read_only = true;
  EXPECT_EQ(bad("remember", R"({"text":"a"})").code, Errc::read_only);
  EXPECT_EQ(bad("delete", id_of(id)).code, Errc::read_only);
  EXPECT_EQ(bad("update", R"({"id":")" + id + R"(","text":"b"})").code, Errc::read_only);
  EXPECT_EQ(bad("import", R"({"path":"."})").code, Errc::read_only);
  EXPECT_EQ(total("x"), 1);
}

TEST_F(KnowledgePack, ReadsTheStoreOfAnotherProcessAndNamesIt) {
  start();
  remember("theirs");
  test::PackHarness reader(make_pack());
  reader.context().owner = "hearthd pid 4711";
  const fs::path directory = reader.context().data_directory("default").value();
  fs::remove(directory);
  fs::create_symlink(harness_->context().data_directory("default").value(), directory);
  reader.start();
  const auto found = reader.call("search", R"({"query":"theirs"})");
  ASSERT_TRUE(found) << found.error().message;
  const auto refused = reader.call("remember", R"({"text":"mine"})");
  ASSERT_FALSE(refused);
  EXPECT_EQ(refused.error().code, Errc::read_only);
  EXPECT_THAT(refused.error().message, HasSubstr("hearthd pid 4711"));

  test::CallOptions other;
  other.caller.name_space = "unborn";
  const auto missing = reader.call("search", R"({"query":"x"})", other);
  ASSERT_FALSE(missing);
  EXPECT_EQ(missing.error().code, Errc::unavailable);
}

TEST_F(KnowledgePack, KeepsNamespacesApart) {
  start();
  remember("mine");
  options_.caller.name_space = "other";
  EXPECT_EQ(total("mine"), 0);
  remember("theirs");
  options_.caller.name_space = "default";
  EXPECT_EQ(total("theirs"), 0);
}

TEST_F(KnowledgePack, CommitsTheWritesOfManyCallersAndShowsThemAtOnce) {
  start();
  std::vector<std::future<Result<pack::Reply>>> answers;
  for (int i = 0; i < 500; ++i) {
    answers.push_back(
        harness_->send("remember", R"({"text":"bulk )" + std::to_string(i) + R"("})"));
  }
  for (auto& answer : answers) EXPECT_TRUE(answer.get());
  std::set<std::string> seen;
  for (int offset = 0; offset < 500; offset += 100) {
    const json::Value page =
        good("search", R"({"query":"bulk","mode":"words","limit":100,"offset":)" +
                           std::to_string(offset) + "}");
    for (const json::Value& hit : page.at("hits").get_array()) seen.insert(text_of(hit, "id"));
  }
  EXPECT_EQ(seen.size(), 500U);
}

TEST_F(KnowledgePack, SkipsACallThatWasCancelledBefore) {
  start();
  std::stop_source source;
  source.request_stop();
  options_.stop = source.get_token();
  EXPECT_EQ(bad("remember", R"({"text":"never"})").code, Errc::cancelled);
  EXPECT_EQ(bad("search", R"({"query":"never"})").code, Errc::cancelled);
  options_.stop = {};
  EXPECT_EQ(total("never"), 0);
}

TEST_F(KnowledgePack, ImportsAFolderOfTheCallersProject) {
  start();
  fs::create_directory(project_ / "docs");
  std::ofstream(project_ / "docs/a.md") << "# Alpha\nbeta gamma\n";
  std::ofstream(project_ / "docs/b.png") << "x";
  const json::Value report = good("import", R"({"path":"docs"})");
  EXPECT_EQ(text_of(report, "path"), project_ / "docs");
  EXPECT_EQ(json::int_or(report, "added", 0), 1);
  EXPECT_EQ(json::dump(report.at("skipped")), R"([{"reason":"other type","count":1}])");
  EXPECT_FALSE(harness_->progress().empty());
  const json::Value found = good("search", R"({"query":"gamma"})");
  EXPECT_EQ(text_of(found.at("hits").at(0), "source"), project_ / "docs/a.md:2");
  EXPECT_EQ(bad("import", R"({"path":"/etc"})").code, Errc::permission);
  EXPECT_EQ(bad("import", R"({"path":"none"})").code, Errc::not_found);
}

TEST_F(KnowledgePack, TellsWhichResourcesHaveChanged) {
  start();
  const std::string id = remember("kettle");
  EXPECT_THAT(
      *harness_->context().updated.lock(),
      testing::UnorderedElementsAre("hearth://knowledge/recent", "hearth://knowledge/search/*",
                                    "hearth://knowledge/" + id));
  harness_->context().updated.lock()->clear();
  good("delete", R"({"hard":true,"id":")" + id + "\"}");
  EXPECT_THAT(*harness_->context().updated.lock(), testing::Contains("hearth://knowledge/" + id));
}

TEST_F(KnowledgePack, ImportsHtmlAndPdf) {
  start();
  std::ofstream(project_ / "page.html") << "<h1>Kettle</h1><p>It warms slowly.</p>";
  // The smallest page that pdftotext reads.
  const std::string content = "BT /F1 24 Tf 72 700 Td (Teapot portable) Tj ET";
  std::ofstream(project_ / "page.pdf")
      << "%PDF-1.4\n1 0 obj<</Type/Catalog/Pages 2 0 R>>endobj\n"
         "2 0 obj<</Type/Pages/Kids[3 0 R]/Count 1>>endobj\n"
         "3 0 obj<</Type/Page/Parent 2 0 R/MediaBox[0 0 612 792]/Contents 4 0 R"
         "/Resources<</Font<</F1 5 0 R>>>>>>endobj\n4 0 obj<</Length "
      << content.size() << ">>stream\n"
      << content
      << "\nendstream endobj\n5 0 obj<</Type/Font/Subtype/Type1/BaseFont/Helvetica>>endobj\n"
         "trailer<</Root 1 0 R>>\n%%EOF\n";
  const json::Value report = good("import", R"({"path":"."})");
  EXPECT_EQ(json::int_or(report, "added", 0), 2) << json::dump(report);
  EXPECT_EQ(text_of(good("search", R"({"query":"kettle warms"})").at("hits").at(0), "title"),
            "Kettle");
  EXPECT_EQ(total("teapot"), 1);
}

TEST_F(KnowledgePack, WatchesAFolder) {
  start();
  std::ofstream(project_ / "a.md") << "alpha\n";
  EXPECT_TRUE(json::bool_or(good("import", R"({"path":".","watch":true})"), "watched", false));
  EXPECT_TRUE(harness_->pack().is_standing_by());
  EXPECT_EQ(json::dump(good("stats", "{}").at("watched")),
            "[" + json::quoted(project_.path()) + "]");
  std::ofstream(project_ / "b.md") << "bravo\n";
  const auto until = std::chrono::steady_clock::now() + std::chrono::seconds(30);
  while (total("bravo") == 0 && std::chrono::steady_clock::now() < until) {
  }
  EXPECT_EQ(total("bravo"), 1);
  EXPECT_FALSE(json::bool_or(good("import", R"({"path":".","watch":false})"), "watched", true));
  EXPECT_FALSE(harness_->pack().is_standing_by());

  fs::create_directory(project_ / "gone");
  good("import", R"({"path":"gone","watch":true})");
  fs::remove_all(project_ / "gone");
  EXPECT_FALSE(json::bool_or(good("import", R"({"path":"gone","watch":false})"), "watched", true));
  EXPECT_FALSE(harness_->pack().is_standing_by());
}

TEST_F(KnowledgePack, ExportsPagesAndFiles) {
  start();
  for (int i = 0; i < 5; ++i) remember("note " + std::to_string(i));
  const json::Value first = good("export", R"({"limit":3})");
  EXPECT_EQ(json::int_or(first, "entries", 0), 3);
  EXPECT_TRUE(json::bool_or(first, "truncated", false));
  const json::Value rest =
      good("export", R"({"limit":3,"cursor":")" + text_of(first, "cursor") + R"("})");
  EXPECT_EQ(json::int_or(rest, "entries", 0), 2);
  const std::string line = text_of(first, "text").substr(0, text_of(first, "text").find('\n'));
  EXPECT_EQ(json::string_or(json::parse(line).value(), "text", ""), "note 0");

  const json::Value file = good("export", R"({"path":"out.md","format":"markdown"})");
  EXPECT_EQ(text_of(file, "path"), project_ / "out.md");
  EXPECT_EQ(json::int_or(file, "bytes", 0),
            static_cast<std::int64_t>(fs::file_size(project_ / "out.md")));
  EXPECT_EQ(bad("export", R"({"path":"/etc/out.md"})").code, Errc::permission);
  EXPECT_EQ(bad("export", R"({"path":".."})").code, Errc::invalid_args);
  EXPECT_EQ(bad("export", R"({"cursor":"x"})").code, Errc::invalid_args);
}

TEST_F(KnowledgePack, ImportsFromTheRootsOfTheConfiguration) {
  const test::ScratchDirectory elsewhere("elsewhere");
  std::ofstream(elsewhere / "a.md") << "far away\n";
  harness_->context().allowed_roots = {elsewhere.path()};
  start();
  options_.caller.project_root = "";
  const json::Value report = good("import", R"({"path":)" + json::quoted(elsewhere.path()) + "}");
  EXPECT_EQ(json::int_or(report, "added", 0), 1);
  EXPECT_EQ(bad("import", R"({"path":"."})").code, Errc::permission);
}

TEST_F(KnowledgePack, TellsHowWarmItIsAndWhatItKeeps) {
  EXPECT_EQ(harness_->pack().status().warmth, pack::Warmth::cold);
  start();
  remember("x");
  const auto stores = harness_->pack().stores();
  ASSERT_EQ(stores.size(), 1U);
  EXPECT_EQ(stores[0].name_space, "default");
  EXPECT_GT(stores[0].bytes, 0U);
}

TEST_F(KnowledgePack, SaysWhyAStoreCannotBeOpened) {
  std::ofstream(harness_->context().data_directory("default").value() / "knowledge.db")
      << std::string(4096, 'x');
  start();
  const Error error = bad("search", R"({"query":"x"})");
  EXPECT_EQ(error.code, Errc::damaged);
  EXPECT_THAT(error.message, HasSubstr("knowledge.db"));
  harness_->stop();
  EXPECT_EQ(harness_->pack().status().warmth, pack::Warmth::degraded);
}

TEST_F(KnowledgePack, RefusesCallsAfterItsEnd) {
  start();
  remember("x");
  harness_->stop();
  EXPECT_EQ(bad("remember", R"({"text":"late"})").code, Errc::draining);
  EXPECT_EQ(bad("search", R"({"query":"late"})").code, Errc::draining);
}

}  // namespace
}  // namespace hearth::packs::knowledge
