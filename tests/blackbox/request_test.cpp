// The request language as people, scripts and clients use it: `hearth do`, the compact surface, and
// every example of its document.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <fstream>
#include <sstream>
#include <string>
#include <vector>

#include "json/json.hpp"
#include "support/mcp_stdio_client.hpp"
#include "support/temp_home.hpp"

namespace hearth::test {
namespace {

using std::chrono::seconds;
using testing::HasSubstr;
using testing::IsEmpty;
using testing::Not;

json::Value data_of(const Outcome& outcome) {
  const auto envelope = json::parse(outcome.out);
  if (!envelope) ADD_FAILURE() << outcome.describe();
  const json::Value* data = envelope ? json::find(*envelope, "data") : nullptr;
  return data == nullptr ? json::Value() : *data;
}

// The code blocks of docs/request-language.md with this language.
std::vector<std::string> examples(const std::string& language) {
  std::ifstream file(std::string(HEARTH_SOURCE_DIR) + "/docs/request-language.md");
  std::vector<std::string> blocks;
  std::string line;
  bool is_inside = false;
  while (std::getline(file, line)) {
    if (!is_inside && line == "```" + language) {
      is_inside = true;
      blocks.emplace_back();
    } else if (is_inside && line == "```") {
      is_inside = false;
    } else if (is_inside) {
      blocks.back() += line + "\n";
    }
  }
  return blocks;
}

TEST(RequestDocument, ItsExamplesRun) {
  const TempHome home;
  const auto blocks = examples("request");
  EXPECT_GE(blocks.size(), 7U);
  for (const std::string& block : blocks) {
    const Outcome outcome = home.hearth({"do", "--json", block});
    EXPECT_EQ(outcome.exit_code, 0) << block << outcome.describe();
    const json::Value data = data_of(outcome);
    const json::Value* summary = json::find(data, "summary");
    ASSERT_NE(summary, nullptr) << block;
    EXPECT_EQ(json::int_or(*summary, "succeeded", 0), json::int_or(*summary, "total", -1)) << block;
  }
}

TEST(RequestDocument, ItsMistakesAreAnsweredAsItSays) {
  const TempHome home;
  const auto blocks = examples("request-error");
  EXPECT_GE(blocks.size(), 4U);
  for (const std::string& block : blocks) {
    std::istringstream lines(block);
    std::string ops;
    std::string complaint;
    std::getline(lines, ops);
    std::getline(lines, complaint);
    const Outcome outcome = home.hearth({"do", ops});
    EXPECT_EQ(outcome.exit_code, 2) << outcome.describe();
    EXPECT_THAT(outcome.err, HasSubstr(complaint)) << block;
    EXPECT_THAT(outcome.out, IsEmpty());
  }
}

TEST(HearthDo, ShowsPeopleEachAnswerInItsPlace) {
  const TempHome home;
  const Outcome outcome = home.hearth(
      {"do",
       R"([knowledge_remember(text="A fact", key="k1"), knowledge_get(id="nope"), knowledge_stats()])"});
  EXPECT_EQ(outcome.exit_code, 3) << outcome.describe();
  EXPECT_THAT(outcome.out, HasSubstr("[1] knowledge_remember\n"));
  EXPECT_THAT(outcome.out, HasSubstr("title:      A fact\n"));
  EXPECT_THAT(outcome.out, HasSubstr("\n[2] knowledge_get\n\n[3] knowledge_stats\n"));
  EXPECT_THAT(outcome.err, HasSubstr("hearth: no entry nope\n"));
  const Outcome one = home.hearth({"do", "knowledge_search(query=\"fact\")@human"});
  EXPECT_THAT(one.out, HasSubstr("| id | title |"));
  EXPECT_THAT(one.out, Not(HasSubstr("[1]")));
}

TEST(HearthDo, TellsScriptsByTheFirstFailure) {
  const TempHome home;
  const auto status = [&](const std::string& ops) { return home.hearth({"do", ops, "--json"}); };
  EXPECT_EQ(status("knowledge_stats()").exit_code, 0);
  EXPECT_EQ(status("[knowledge_get(id=\"nope\"), knowledge_gte()]").exit_code, 3);
  EXPECT_EQ(status("[knowledge_gte(), knowledge_get(id=\"nope\")]").exit_code, 2);
  const Outcome chain = status("knowledge_get(id=\"nope\") | knowledge_stats()");
  EXPECT_EQ(chain.exit_code, 3);
  EXPECT_THAT(chain.out, HasSubstr(R"({"ok":false,"verb":"knowledge_stats","aborted":true})"));
  EXPECT_THAT(chain.err, IsEmpty());
  const Outcome twice =
      status(R"([knowledge_remember(text="a", key="k"), knowledge_remember(text="b", key="k")])");
  EXPECT_EQ(twice.exit_code, 4);
  EXPECT_THAT(twice.err, HasSubstr("both write key"));
  const json::Value stats = data_of(home.hearth({"knowledge", "stats", "--json"}));
  EXPECT_EQ(json::int_or(stats, "entries", -1), 0);
}

TEST(HearthDo, ReadsStandardInput) {
  const TempHome home;
  std::string ops = "[knowledge_remember(text=\"two\nlines\")";
  for (int i = 1; i < 100; ++i)
    ops += ",\n knowledge_remember(text=\"note " + std::to_string(i) + "\")";
  Plan plan = home.plan({"do", "--json", "-"});
  plan.has_input = true;
  Process process(plan);
  ASSERT_TRUE(write_all(process.input(), ops + "]"));
  process.close_input();
  const Outcome outcome = process.wait(seconds(60));
  EXPECT_EQ(outcome.exit_code, 0) << outcome.describe();
  EXPECT_THAT(outcome.out, HasSubstr(R"("total":100,"succeeded":100,)"));
  const json::Value stats = data_of(home.hearth({"knowledge", "stats", "--json"}));
  EXPECT_EQ(json::int_or(stats, "entries", -1), 100);
}

// A request that was executed and is sent again under its key changes nothing more.
TEST(Request, IsAppliedOnceWhenSentAgain) {
  const TempHome home;
  ASSERT_EQ(home.hearth({"daemon", "start"}).exit_code, 0);
  auto client = SocketClient::connect(home);
  ASSERT_TRUE(client.has_value()) << client.error().message;
  std::vector<std::string> answers;
  for (int attempt = 1; attempt <= 2; ++attempt) {
    const std::string id = std::to_string(100 + attempt);
    const json::Value params{
        {"name", "request"},
        {"arguments",
         {{"ops", "[knowledge_remember(text=\"one\"), knowledge_remember(text=\"two\")]"},
          {"presentation", "verbose"}}}};
    std::string frame;
    ipc::append_frame(frame, R"({"hearth":{"key":"b7-1","attempt":)" + std::to_string(attempt) +
                                 R"(},"jsonrpc":"2.0","id":)" + id +
                                 R"(,"method":"tools/call","params":)" + json::dump(params) + "}");
    ASSERT_TRUE(write_all(client->fd(), frame));
    const auto answer = client->receive_call(100 + attempt, seconds(20));
    ASSERT_TRUE(answer.has_value()) << answer.error().message;
    answers.push_back(json::dump(*answer));
  }
  EXPECT_EQ(answers[0], answers[1]);
  const json::Value stats = data_of(home.hearth({"knowledge", "stats", "--json"}));
  EXPECT_EQ(json::int_or(stats, "entries", -1), 2);
}

TEST(CompactSurface, IsSmallAndReachesEverything) {
  const TempHome home;
  McpStdioClient client(home, {"--surface", "compact"});
  ASSERT_TRUE(client.initialize(seconds(20)).has_value());
  const auto listed = client.request("tools/list", {}, seconds(20));
  ASSERT_TRUE(listed.has_value()) << listed.error().message;
  EXPECT_EQ(listed->at("tools").as_array().size(), 2U);
  EXPECT_LT(json::dump(*listed).size(), 6000U);  // under 1,500 tokens at four bytes each
  const auto verbs = client.call("verbs", {}, seconds(20));
  ASSERT_TRUE(verbs.has_value()) << verbs.error().message;
  EXPECT_THAT(json::dump(*verbs), HasSubstr("knowledge_search(query, mode?"));
  const auto one = client.call("verbs", {{"name", "knowledge_search"}}, seconds(20));
  EXPECT_THAT(json::dump(*one), HasSubstr("inputSchema"));
  const auto answer = client.call(
      "request",
      {{"ops", R"(knowledge_remember(text="Compact fact") | knowledge_get(id=$prev.id))"}},
      seconds(20));
  ASSERT_TRUE(answer.has_value()) << answer.error().message;
  const json::Value& entry = answer->at("results").at(1).at("result");
  EXPECT_EQ(json::string_or(entry, "text", ""), "Compact fact");
  // The short id still names the entry.
  const std::string id(json::string_or(entry, "id", ""));
  EXPECT_EQ(id.size(), 18U);
  EXPECT_EQ(home.hearth({"knowledge", "get", id}).exit_code, 0);
  EXPECT_EQ(client.finish().exit_code, 0);
}

}  // namespace
}  // namespace hearth::test
