#include <gmock/gmock.h>

#include <iterator>

#include "packs/issues/issues_pack.hpp"

namespace hearth::packs::issues {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;
using testing::StartsWith;

class ExchangeTools : public test::IssuesPack {
 protected:
  [[nodiscard]] std::string read(const std::string& path) const {
    std::ifstream file(repositories_.work() + "/" + path);
    return {std::istreambuf_iterator<char>(file), {}};
  }
  void elsewhere() {
    options_.caller.cwd = options_.caller.project_root = repositories_.clone("elsewhere");
  }
};

TEST_F(ExchangeTools, BringAnExportIntoAnotherRepository) {
  const std::string id = create("Carried over", R"(,"body":"All of it","label":["bug"])");
  good("comment", R"({"id":")" + id + R"(","body":"Said"})");
  const json::Value exported = good("export", R"({"path":"issues.json"})");
  EXPECT_EQ(text(exported, "output_path"), repositories_.work() + "/issues.json");
  EXPECT_EQ(number(exported, "event_count"), 2);
  EXPECT_EQ(json::find(exported, "text"), nullptr);
  const std::string content = read("issues.json");
  EXPECT_EQ(text(good("export", "{}"), "text").size(), content.size());

  elsewhere();
  const std::string request = R"({"text":)" + json::quoted(content) + "}";
  EXPECT_EQ(
      number(good("import", R"({"dry_run":true,"text":)" + json::quoted(content) + "}"), "events"),
      2);
  EXPECT_EQ(number(good("list", "{}"), "total"), 0);
  const json::Value imported = good("import", request);
  EXPECT_EQ(text(imported, "format"), "export");
  EXPECT_EQ(number(imported, "events"), 2);
  EXPECT_THAT(each(good("list", "{}"), "issues", "title"), ElementsAre("Carried over"));
  const json::Value again = good("import", request);
  EXPECT_EQ(number(again, "events"), 0);
  EXPECT_EQ(number(again, "known"), 2);
}

TEST_F(ExchangeTools, TakeAnExportForOneHoweverManyIssuesStandInFrontOfItsEvents) {
  const std::string long_title(1'000, 't');
  for (int i = 0; i < 70; ++i) create(long_title);
  const std::string content = text(good("export", "{}"), "text");
  ASSERT_GT(content.find("\"events\""), 65'536U);
  elsewhere();
  const json::Value imported = good("import", R"({"text":)" + json::quoted(content) + "}");
  EXPECT_EQ(text(imported, "format"), "export");
  EXPECT_EQ(number(imported, "events"), 70);
}

TEST_F(ExchangeTools, RefuseWhatIsNoFileOfIssues) {
  for (const char* junk : {"zzz", "{\"a\":1}", "[{\"a\":1}]", "{\"events\":[7]}"}) {
    EXPECT_EQ(bad("import", R"({"text":)" + json::quoted(junk) + "}").code, Errc::invalid_args)
        << junk;
  }
  EXPECT_EQ(number(good("import", R"({"text":"\n"})"), "events"), 0);
}

TEST_F(ExchangeTools, SkipAByteOrderMarkAndLeaveOutTimesThatAreNone) {
  const std::string mark = "\xEF\xBB\xBF";
  write("beads.jsonl",
        mark + R"({"id":"bd-1","title":"Epic","status":"open","priority":1,"issue_type":"epic",)"
               R"("created_at":"2025-11-01T10:00:00Z","updated_at":"2025-11-01T10:00:00Z"})");
  EXPECT_EQ(number(good("import", R"({"path":"beads.jsonl"})"), "created"), 1);
  create("x");
  std::string exported = text(good("export", R"({"format":"json"})"), "text");
  const std::string member = R"("ts_unix_ms":)";
  std::size_t at = 0;
  while ((at = exported.find(member, at)) != std::string::npos) {
    at += member.size();
    exported.replace(at, exported.find_first_not_of("0123456789", at) - at, "18446744073709551615");
  }
  elsewhere();
  EXPECT_THAT(bad("import", R"({"text":)" + json::quoted(mark + exported) + "}").message,
              HasSubstr("ts_unix_ms"));
}

TEST_F(ExchangeTools, WriteMarkdownAndCsv) {
  create("One, \"two\"");
  EXPECT_THAT(text(good("export", R"({"format":"md"})"), "text"),
              HasSubstr("### One, \"two\" [open]"));
  EXPECT_THAT(text(good("export", R"({"format":"csv"})"), "text"),
              HasSubstr(",\"One, \"\"two\"\"\",open,"));
}

TEST_F(ExchangeTools, ExportWhatChangedSince) {
  const std::string id = create("first");
  const json::Value second = good("create", R"({"title":"second"})");
  EXPECT_EQ(number(good("export", R"({"since":"1h"})"), "event_count"), 2);
  EXPECT_EQ(number(good("export", R"({"since":"1900-01-01"})"), "event_count"), 2);
  EXPECT_EQ(number(good("export", R"({"since":"2100-01-01"})"), "event_count"), 0);
  const json::Value history = good("history", R"({"id":")" + id + R"("})");
  const std::string event = text(history.at("events").at(0), "event_id");
  EXPECT_LE(number(good("export", R"({"since":")" + event + R"("})"), "event_count"), 1);
  EXPECT_EQ(bad("export", R"({"since":")" + std::string(64, 'f') + R"("})").code, Errc::not_found);
}

TEST_F(ExchangeTools, StayWithinTheProjectAndReadOnlySessions) {
  create("x");
  EXPECT_EQ(bad("export", R"({"path":"../out.json"})").code, Errc::permission);
  EXPECT_EQ(bad("import", R"({"path":"/etc/passwd"})").code, Errc::permission);
  EXPECT_EQ(bad("import", "{}").code, Errc::invalid_args);
  options_.caller.read_only = true;
  EXPECT_EQ(bad("export", R"({"path":"out.json"})").code, Errc::read_only);
  EXPECT_THAT(text(good("export", "{}"), "text"), StartsWith("{\"meta\""));
  EXPECT_EQ(bad("import", R"({"text":"[]"})").code, Errc::read_only);
}

TEST_F(ExchangeTools, AFileThatIsThereStays) {
  const std::string id = create("x");
  write("there.txt", "mine");
  good("attach", R"({"id":")" + id + R"(","path":"there.txt","name":"a"})");
  write("there.txt", "changed");
  for (const auto& [verb, arguments] :
       {std::pair{"export", std::string(R"({"path":"there.txt")")},
        std::pair{"attachment_save", R"({"name":"a","to":"there.txt","id":")" + id + "\""}}) {
    const Error refused = bad(verb, arguments + "}");
    EXPECT_EQ(refused.code, Errc::conflict) << verb;
    EXPECT_THAT(refused.message, HasSubstr("is there already; nothing was written"));
    EXPECT_THAT(refused.suggestions, ElementsAre("set overwrite, or name another file"));
    EXPECT_EQ(read("there.txt"), "changed") << verb;
    good(verb, arguments + R"(,"overwrite":true})");
    EXPECT_NE(read("there.txt"), "changed") << verb;
    write("there.txt", "changed");
  }
}

TEST_F(ExchangeTools, ImportBeadsOnce) {
  write("beads.jsonl",
        R"({"id":"bd-1","title":"Epic","status":"open","priority":1,"issue_type":"epic",)"
        R"("created_at":"2025-11-01T10:00:00Z","updated_at":"2025-11-01T10:00:00Z"})"
        "\n"
        R"({"id":"bd-1.1","title":"Part","status":"closed","priority":2,"issue_type":"task",)"
        R"("created_at":"2025-11-01T10:00:00Z","updated_at":"2025-11-02T10:00:00Z","pinned":true})"
        "\nnonsense\n");
  const json::Value first = good("import", R"({"path":"beads.jsonl"})");
  EXPECT_EQ(text(first, "format"), "beads");
  EXPECT_EQ(number(first, "created"), 2);
  EXPECT_EQ(number(first, "left_out_total"), 1);
  EXPECT_EQ(number(first.at("left_out").at(0), "record"), 3);
  EXPECT_THAT(each(first, "ignored", "what"), ElementsAre("pinned"));
  EXPECT_THAT(each(good("tree", "{}"), "nodes", "title"), ElementsAre("Epic", "Part"));
  const json::Value again = good("import", R"({"path":"beads.jsonl"})");
  EXPECT_EQ(number(again, "unchanged"), 2);
  EXPECT_EQ(number(again, "events"), 0);
}

}  // namespace
}  // namespace hearth::packs::issues
