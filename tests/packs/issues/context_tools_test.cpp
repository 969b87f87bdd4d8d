#include <gmock/gmock.h>

#include "packs/issues/engine/symbols/extract.hpp"
#include "packs/issues/issues_pack.hpp"

namespace hearth::packs::issues {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;

class ContextTools : public test::IssuesPack {
 protected:
  void SetUp() override {
    if (!has_symbols()) GTEST_SKIP() << "built without tree-sitter's grammars";
    track("src/config.rs", "pub struct Config {\n}\nfn load_config() {}\n");
    track("src/main.py", "def main():\n    pass\n");
    track("README.md", "# Read me\n");
    write("untracked.py", "def hidden(): pass\n");
  }
};

TEST_F(ContextTools, IndexWhatGitTracksAndHasChanged) {
  const json::Value first = good("context_index", "{}");
  EXPECT_EQ(number(first, "indexed"), 2);
  EXPECT_EQ(number(first, "total_files"), 2);
  const json::Value again = good("context_index", "{}");
  EXPECT_EQ(number(again, "indexed"), 0);
  EXPECT_EQ(number(again, "skipped"), 2);
  write("src/main.py", "def start():\n    pass\n");
  EXPECT_EQ(number(good("context_index", R"({"path":["src/config.rs"]})"), "indexed"), 0);
  EXPECT_EQ(number(good("context_index", R"({"pattern":"*.py"})"), "indexed"), 1);
  EXPECT_EQ(number(good("context_index", R"({"path":["./src/"],"force":true})"), "indexed"), 2);
  EXPECT_EQ(number(good("context_query", R"({"query":"main"})"), "count"), 0);
  // Files are no issues.
  EXPECT_EQ(number(good("list", R"({"state":"all"})"), "total"), 0);
}

TEST_F(ContextTools, FindSymbolsByName) {
  good("context_index", "{}");
  const json::Value found = good("context_query", R"({"query":"config"})");
  EXPECT_THAT(each(found, "matches", "symbol"), ElementsAre("Config"));
  EXPECT_THAT(each(found, "matches", "match"), ElementsAre("same_word"));
  EXPECT_EQ(text(found.at("matches").at(0), "path"), "src/config.rs");
  EXPECT_EQ(number(found.at("matches").at(0), "line_end"), 2);
  EXPECT_THAT(each(good("context_query", R"({"query":"load_cofig"})"), "matches", "symbol"),
              ElementsAre("load_config"));
}

TEST_F(ContextTools, LeaveOutFilesThatGitDoesNotTrackAnyMore) {
  good("context_index", "{}");
  ASSERT_EQ(number(good("context_query", R"({"query":"main"})"), "count"), 1);
  test::git(repositories_.work(), {"rm", "-q", "-f", "src/main.py"});
  EXPECT_EQ(number(good("context_query", R"({"query":"main"})"), "count"), 0);
}

TEST_F(ContextTools, LeaveOutFilesThatAreNotInTheWorkTreeAnyMore) {
  good("context_index", "{}");
  std::filesystem::remove(repositories_.work() + "/src/main.py");
  EXPECT_EQ(number(good("context_query", R"({"query":"main"})"), "count"), 0);
  const json::Value again = good("context_index", "{}");
  EXPECT_EQ(number(again, "failed_total"), 0);
  EXPECT_EQ(number(again, "total_files"), 1);
  EXPECT_EQ(number(again, "skipped"), 1);
}

TEST_F(ContextTools, ShowWhatAFileDefines) {
  good("context_index", "{}");
  const json::Value file = good("context_show", R"({"path":"src/config.rs"})");
  EXPECT_EQ(text(file, "language"), "rust");
  EXPECT_EQ(text(file, "summary"), "defines Config; 1 functions");
  EXPECT_THAT(each(file, "symbols", "name"), ElementsAre("Config", "load_config"));
  EXPECT_EQ(number(file, "symbol_count"), 2);
  const Error missing = bad("context_show", R"({"path":"src/config.py"})");
  EXPECT_EQ(missing.code, Errc::not_found);
  EXPECT_THAT(missing.suggestions, testing::Contains("src/config.rs"));
}

TEST_F(ContextTools, TellWhichFilesAreNoSource) {
  track("bad.py", "x = '\xff'\n");
  const json::Value answer = good("context_index", "{}");
  EXPECT_EQ(number(answer, "indexed"), 2);
  EXPECT_EQ(number(answer, "failed_total"), 1);
  EXPECT_THAT(each(answer, "failed", "path"), ElementsAre("bad.py"));
  EXPECT_THAT(each(answer, "failed", "why").at(0), HasSubstr("UTF-8"));
}

TEST_F(ContextTools, IndexTheCallersOwnWorktree) {
  test::git(repositories_.work(), {"commit", "-q", "-m", "all"});
  test::git(repositories_.work(), {"worktree", "add", "-q", "../other"});
  const std::string other = repositories_.work() + "/../other";
  std::ofstream(other + "/src/main.py") << "def elsewhere(): pass\n";
  options_.caller.cwd = options_.caller.project_root = other;
  good("context_index", "{}");
  EXPECT_EQ(number(good("context_query", R"({"query":"elsewhere"})"), "count"), 1);
  options_.caller.cwd = options_.caller.project_root = repositories_.remote();
  EXPECT_EQ(bad("context_index", "{}").code, Errc::unsupported);
}

TEST_F(ContextTools, SayThatNothingIsThere) {
  track("a.py", "x = 1\n");
  EXPECT_EQ(bad("context_index", R"({"path":["nope"]})").code, Errc::not_found);
  good("context_index", R"({"path":["a.py"]})");
}

}  // namespace
}  // namespace hearth::packs::issues
