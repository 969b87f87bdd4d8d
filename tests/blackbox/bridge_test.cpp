// `hearth mcp` as its client sees it: prompt ends, restarts of the daemon, private mode, and the
// same answers with and without the shared daemon.
#include <gtest/gtest.h>
#include <unistd.h>

#include <csignal>
#include <filesystem>
#include <vector>

#include "support/mcp_stdio_client.hpp"
#include "support/sizes.hpp"
#include "support/temp_home.hpp"

namespace hearth::test {
namespace {

using std::chrono::seconds;

bool is_empty_soon(const TempHome& home) {
  return eventually([&] { return home.daemons().empty() && home.processes("hearth").empty(); },
                    patience);
}

TEST(Bridge, EndsPromptlyAtEndOfFileAndLeavesNoProcess) {
  TempHome home;
  McpStdioClient bridge(home);
  ASSERT_TRUE(bridge.initialize(patience));
  const auto began = std::chrono::steady_clock::now();
  const Outcome end = bridge.finish();
  EXPECT_EQ(end.exit_code, 0) << end.describe();
  EXPECT_LT(std::chrono::steady_clock::now() - began, seconds(1));
  EXPECT_TRUE(home.processes("hearth").empty());
  EXPECT_EQ(home.daemons().size(), 1U) << "the shared daemon stays warm";
}

TEST(Bridge, AnswersWhatWasAskedBeforeTheEndOfFile) {
  TempHome home;
  McpStdioClient bridge(home);
  ASSERT_TRUE(bridge.initialize(patience));
  const int request = bridge.send_call("knowledge_remember", {{"text", "the last word"}});
  bridge.process().close_input();
  EXPECT_TRUE(bridge.receive_call(request, patience));
  EXPECT_EQ(bridge.finish().exit_code, 0);
}

// A socket must not take the place of standard input and be read for it.
TEST(Bridge, EndsWithoutStandardInput) {
  TempHome home;
  Plan plan = home.plan({"mcp"});
  plan.before_exec = [] { ::close(STDIN_FILENO); };
  const Outcome end = run(plan, patience);
  EXPECT_FALSE(end.is_timed_out);
  EXPECT_EQ(end.exit_code, 0) << end.describe();
}

TEST(Bridge, RefusesWhatItCannotPassOnAndGoesOn) {
  TempHome home;
  Plan plan = home.plan({"mcp"});
  plan.has_input = true;
  Process bridge(plan);
  const std::string call = R"("jsonrpc":"2.0","id":1,"method":"tools/call","params":{"name":)"
                           R"("hearth_status","arguments":{)";
  std::string large = "{" + call + R"("x":")";
  large += std::string(ipc::frame_cap - large.size() - 4, 'x') + "\"}}}";
  ASSERT_EQ(large.size(), ipc::frame_cap);  // a line that fits, a frame with its key that does not
  for (const std::string& line : {R"({"hearth":{"key":"mine"},)" + call + "}}}", large,
                                  std::string(R"({"jsonrpc":"2.0","id":2,"method":"ping"})")})
    ASSERT_TRUE(write_all(bridge.input(), line + "\n"));
  bridge.close_input();
  const Outcome end = bridge.wait(patience);
  EXPECT_EQ(end.exit_code, 0) << end.describe();
  EXPECT_NE(end.out.find(R"("id":1,"error":{"code":-32600)"), std::string::npos) << end.out;
  EXPECT_NE(end.out.find(R"("id":1,"error":{"code":-32602)"), std::string::npos) << end.out;
  EXPECT_NE(end.out.find(R"("id":2,"result":{})"), std::string::npos) << end.out;
}

TEST(Bridge, EndsWhenNobodyReadsItsAnswers) {
  TempHome home;
  McpStdioClient bridge(home);
  ASSERT_TRUE(bridge.initialize(patience));
  bridge.process().close_output();
  bridge.send("ping", {});
  const Outcome end = bridge.process().wait(seconds(10));
  EXPECT_FALSE(end.is_timed_out);
}

TEST(Bridge, GoesOnAfterTheDaemonWasStopped) {
  TempHome home;
  McpStdioClient bridge(home);
  ASSERT_TRUE(bridge.initialize(patience));
  const auto note = bridge.call("knowledge_remember", {{"text", "before the stop"}}, patience);
  ASSERT_TRUE(note);
  const auto before = home.daemons();
  ASSERT_EQ(home.hearth({"daemon", "stop"}).exit_code, 0);
  ASSERT_TRUE(home.daemons().empty());
  ASSERT_TRUE(bridge.process().is_running());
  const auto read =
      bridge.call("knowledge_get", {{"id", json::string_or(*note, "id", "")}}, patience);
  ASSERT_TRUE(read) << read.error().message;
  EXPECT_EQ(json::string_or(*read, "text", ""), "before the stop");
  EXPECT_EQ(home.daemons().size(), 1U);
  EXPECT_NE(home.daemons(), before);
  EXPECT_EQ(home.starts(), 2);
}

TEST(Bridge, DoesNotStartADaemonWithoutNeed) {
  TempHome home;
  McpStdioClient bridge(home);
  ASSERT_TRUE(bridge.initialize(patience));
  ASSERT_EQ(home.hearth({"daemon", "stop"}).exit_code, 0);
  EXPECT_FALSE(eventually([&] { return !home.daemons().empty(); }, milliseconds(500)))
      << "a stopped daemon stays stopped until somebody asks for something";
  EXPECT_EQ(bridge.finish().exit_code, 0);
}

TEST(Bridge, KeepsItsSessionsNameOverARestart) {
  TempHome home;
  McpStdioClient bridge(home);
  ASSERT_TRUE(bridge.initialize(patience));
  const auto session_line = [&] {
    const Outcome status = home.hearth({"daemon", "status", "--json"});
    const auto envelope = json::parse(status.out);
    const json::Value* data = envelope ? json::find(*envelope, "data") : nullptr;
    const json::Value* sessions = data ? json::find(*data, "sessions") : nullptr;
    if (sessions == nullptr) return std::string("no sessions: ") + status.describe();
    for (const json::Value& session : sessions->get_array()) {
      if (json::string_or(session, "kind", "") == "bridge")
        return std::string(json::string_or(session, "session", "")) + " " +
               std::string(json::string_or(session, "client", ""));
    }
    return std::string("no bridge");
  };
  const std::string before = session_line();
  EXPECT_TRUE(before.ends_with(" blackbox")) << before;
  ::kill(home.daemons().front(), SIGKILL);
  ASSERT_TRUE(bridge.call("hearth_status", {}, patience));
  EXPECT_EQ(session_line(), before);
}

TEST(PrivateMode, ServesOneClientAndEndsWithIt) {
  TempHome home;
  {
    McpStdioClient bridge(home, {"--no-daemon"});
    ASSERT_TRUE(bridge.initialize(patience)) << bridge.process().errors();
    ASSERT_TRUE(bridge.call("knowledge_remember", {{"text", "private"}}, patience));
    EXPECT_EQ(home.daemons().size(), 1U);
    EXPECT_FALSE(std::filesystem::exists(home.socket())) << "nobody else can reach it";
    EXPECT_EQ(bridge.finish().exit_code, 0);
  }
  EXPECT_TRUE(is_empty_soon(home));
  home.environment()["HEARTH_NO_DAEMON"] = "1";
  const Outcome list = home.hearth({"knowledge", "search", "private", "--json"});
  EXPECT_EQ(list.exit_code, 0) << list.describe();
  EXPECT_NE(list.out.find("\"total\":1"), std::string::npos) << list.describe();
  EXPECT_TRUE(is_empty_soon(home));
}

TEST(PrivateMode, EndsWithAClientThatWasKilled) {
  TempHome home;
  McpStdioClient bridge(home, {"--no-daemon"});
  ASSERT_TRUE(bridge.initialize(patience));
  ASSERT_EQ(home.daemons().size(), 1U);
  bridge.process().signal(SIGKILL);
  EXPECT_TRUE(is_empty_soon(home));
}

class Fallback : public testing::Test {
 protected:
  // Something that is no socket in its place: a shared daemon cannot start, a private one can.
  Fallback() {
    std::filesystem::create_directories(home_.file("run"));
    std::filesystem::permissions(home_.file("run"), std::filesystem::perms::owner_all);
    write_file(home_.socket(), "precious");
  }
  TempHome home_;
};

TEST_F(Fallback, ServesPrivatelyAndSaysWhyAndCountsIt) {
  McpStdioClient bridge(home_);
  ASSERT_TRUE(bridge.initialize(patience)) << bridge.process().errors();
  ASSERT_TRUE(bridge.call("knowledge_remember", {{"text", "all the same"}}, patience));
  EXPECT_NE(bridge.process().errors().find("reason=spawn_failed"), std::string::npos)
      << bridge.process().errors();
  EXPECT_NE(bridge.process().errors().find("is no socket"), std::string::npos)
      << bridge.process().errors();
  EXPECT_EQ(bridge.finish().exit_code, 0);
  EXPECT_TRUE(is_empty_soon(home_));
  EXPECT_EQ(read_file(home_.socket()), "precious");

  std::filesystem::remove(home_.socket());
  ASSERT_EQ(home_.hearth({"daemon", "start"}).exit_code, 0);
  const Outcome status = home_.hearth({"daemon", "status", "--json"});
  EXPECT_NE(status.out.find(R"("fallbacks":{"spawn_failed":1})"), std::string::npos)
      << status.describe();
}

TEST_F(Fallback, IsAnErrorWhenStrict) {
  McpStdioClient bridge(home_, {"--strict"});
  const auto answer = bridge.initialize(patience);
  ASSERT_FALSE(answer);
  EXPECT_NE(answer.error().message.find("is no socket"), std::string::npos)
      << answer.error().message;
  home_.environment()["HEARTH_STRICT"] = "1";
  const Outcome command = home_.hearth({"call", "hearth_status", "{}", "--json"});
  EXPECT_EQ(command.exit_code, 5) << command.describe();
  EXPECT_NE(command.err.find("is no socket"), std::string::npos) << command.describe();
  EXPECT_TRUE(eventually([&] { return home_.daemons().empty(); }, patience))
      << "a daemon that could not start is on its way out";
}

TEST(StoreOwner, ASessionReadsOnlyUntilTheOwnerHasLeft) {
  TempHome home;
  McpStdioClient owner(home, {"--no-daemon"});
  ASSERT_TRUE(owner.initialize(patience));
  ASSERT_TRUE(owner.call("knowledge_remember", {{"text", "first come"}}, patience));
  const auto pid = home.daemons().front();

  McpStdioClient bridge(home);
  ASSERT_TRUE(bridge.initialize(patience));
  EXPECT_TRUE(bridge.call("knowledge_search", {{"query", "first"}}, patience));
  const auto refused = bridge.call("knowledge_remember", {{"text", "second"}}, patience);
  ASSERT_FALSE(refused);
  EXPECT_EQ(refused.error().code, Errc::read_only) << refused.error().message;
  EXPECT_NE(refused.error().message.find("pid " + std::to_string(pid)), std::string::npos)
      << refused.error().message;

  EXPECT_EQ(owner.finish().exit_code, 0);
  EXPECT_TRUE(eventually(
      [&] { return bridge.call("knowledge_remember", {{"text", "second"}}, patience).has_value(); },
      patience));
  EXPECT_TRUE(std::filesystem::exists(home.socket())) << "the shared daemon serves it now";
  EXPECT_TRUE(eventually([&] { return home.daemons().size() == 1; }, patience));
}

TEST(Mismatch, OfTheStorePathFallsBackToItsOwnDaemon) {
  TempHome home;
  ASSERT_EQ(home.hearth({"daemon", "start"}).exit_code, 0);
  const std::string other = "--data=" + home.file("elsewhere");
  const Outcome strict = home.hearth({"call", "hearth_status", "{}", other, "--strict", "--json"});
  EXPECT_EQ(strict.exit_code, 6) << strict.describe();
  EXPECT_NE(strict.err.find("mismatch"), std::string::npos) << strict.describe();
  const Outcome fallback = home.hearth({"call", "hearth_status", "{}", other});
  EXPECT_EQ(fallback.exit_code, 0) << fallback.describe();
  EXPECT_NE(fallback.err.find("config_mismatch"), std::string::npos) << fallback.describe();
  const Outcome status = home.hearth({"daemon", "status", "--json"});
  EXPECT_NE(status.out.find(R"("fallbacks":{"config_mismatch":1})"), std::string::npos)
      << status.describe();
}

// What each call answers, apart from what names the process that answered.
std::vector<std::string> answers(const TempHome& home,
                                 const std::vector<std::string>& options,
                                 const std::string& id) {
  McpStdioClient bridge(home, options);
  std::vector<std::string> all;
  const auto note = [&](const Result<json::Value>& answer) {
    all.push_back(answer ? json::dump(*answer)
                         : std::string(errc_name(answer.error().code)) + answer.error().message);
  };
  note(bridge.initialize(patience));
  note(bridge.request("tools/list", {}, patience));
  note(bridge.call("knowledge_search", {{"query", "kettle"}}, patience));
  note(bridge.call("knowledge_search", {{"query", "kettle"}, {"limit", 1}}, patience));
  note(bridge.call("knowledge_search", {{"query", "nothing like it"}}, patience));
  note(bridge.call("knowledge_search", {{"query", ""}}, patience));
  note(bridge.call("knowledge_search", {{"quary", "kettle"}}, patience));
  note(bridge.call("knowledge_get", {{"id", id}}, patience));
  note(bridge.call("knowledge_get", {{"id", "no such id"}}, patience));
  note(bridge.call("knowledge_list", json::Object(), patience));
  note(bridge.call("knowledge_list", {{"limit", 2}}, patience));
  note(bridge.call("knowledge_no_such_tool", json::Object(), patience));
  note(bridge.request("no/such/method", {}, patience));
  EXPECT_EQ(bridge.finish().exit_code, 0);
  return all;
}

TEST(Answers, AreTheSameWithAndWithoutTheSharedDaemon) {
  TempHome home;
  std::string id;
  {
    McpStdioClient writer(home);
    ASSERT_TRUE(writer.initialize(patience));
    for (const auto* text : {"the kettle sings", "the kettle boils", "a cold hearth"}) {
      const auto note =
          writer.call("knowledge_remember", {{"text", text}, {"tags", {"home"}}}, patience);
      ASSERT_TRUE(note) << note.error().message;
      id = json::string_or(*note, "id", "");
    }
  }
  const auto shared = answers(home, {}, id);
  ASSERT_EQ(home.hearth({"daemon", "stop"}).exit_code, 0);
  const auto separate = answers(home, {"--no-daemon"}, id);
  ASSERT_EQ(shared.size(), separate.size());
  for (std::size_t i = 0; i < shared.size(); ++i) EXPECT_EQ(shared[i], separate[i]) << "call " << i;
}

}  // namespace
}  // namespace hearth::test
