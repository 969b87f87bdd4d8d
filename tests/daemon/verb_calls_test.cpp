// Requests in a daemon: verbs of other packs, on their threads, under their limits.
#include "daemon/verb_calls.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <future>
#include <memory>
#include <optional>
#include <string>

#include "json/envelope.hpp"
#include "support/daemon_thread.hpp"
#include "support/loop_thread.hpp"

namespace hearth::daemon {
namespace {

using test::DaemonThread;
using test::TestClient;
using ::testing::HasSubstr;
using ::testing::Not;

std::string arguments_of(std::string_view ops) {
  return R"({"ops":)" + json::quoted(ops) + "}";
}
std::string results_of(const json::Value& answer) {
  const json::Value content = test::structured(answer);
  const json::Value* results = json::find(content, "results");
  return results == nullptr ? "none: " + json::dump(answer) : json::dump(*results);
}

class Requests : public ::testing::Test {
 protected:
  TestClient client() { return daemon_.client(); }
  std::string run(TestClient& client, std::string_view ops) {
    return results_of(client.ask("request", arguments_of(ops)));
  }

  test::ScratchDirectory scratch_{"request"};
  DaemonThread daemon_{test::quiet_options(test::paths_below(scratch_.path()))};
};

TEST_F(Requests, UseTheVerbsOfEveryPack) {
  TestClient one = client();
  EXPECT_EQ(run(one, R"(echo.say(text="a") | echo_say(text=$prev.text))"),
            R"([{"ok":true,"result":{"text":"a"}},{"ok":true,"result":{"text":"a"}}])");
  EXPECT_THAT(run(one, "[hearth_status(), verbs(name=\"echo\")]"), HasSubstr("echo_say(text?)"));
  EXPECT_THAT(run(one, "request(ops=\"echo_say()\")"), HasSubstr("there is no verb"));
  EXPECT_THAT(run(one, "echo_say(txt=1)"), HasSubstr("params.txt: unknown; did you mean"));
}

TEST_F(Requests, RunABatchAtOnceAndAnswerInItsOrder) {
  TestClient one = client();
  TestClient other = client();
  one.call("1", "request",
           arguments_of(R"([echo_hold(text="a"), echo_hold(text="b"), echo_slow(n=3)])"));
  one.request("daemon/ping");  // both are held by now
  other.ask("echo_release", R"({"text":"b"})");
  other.ask("echo_release", R"({"text":"a"})");
  EXPECT_EQ(results_of(one.answer("1")),
            R"([{"ok":true,"result":{"text":"a"}},{"ok":true,"result":{"text":"b"}},)"
            R"({"ok":true,"result":{"n":3}}])");
}

TEST_F(Requests, TellTheProgressOfVerbsOnThePool) {
  TestClient one = client();
  one.call("1", "request",
           arguments_of("[echo_slow(n=20), echo_slow(n=20), echo_slow(n=20), echo_slow(n=20)]"),
           "\"t\"");
  EXPECT_THAT(results_of(one.answer("1")), HasSubstr(R"({"ok":true,"result":{"n":20}})"));
  double last = 0;
  for (const std::string& text : one.notifications()) {
    const auto message = json::parse(text).value();
    if (json::string_or(message, "method", "") != "notifications/progress") continue;
    const double now = message.at("params").at("progress").to_number<double>();
    EXPECT_GT(now, last);
    last = now;
    EXPECT_EQ(message.at("params").at("total").to_number<double>(), 4);
  }
  EXPECT_GT(last, 0);
}

TEST_F(Requests, StopTheirVerbsWhenCancelledAndWhenTheClientGoes) {
  TestClient other = client();
  {
    TestClient one = client();
    one.call("1", "request", arguments_of(R"(echo_hold(text="x") | echo_say())"));
    one.request("daemon/ping");
    one.send(R"({"jsonrpc":"2.0","method":"notifications/cancelled","params":{"requestId":1}})");
    one.request("daemon/ping");
    EXPECT_EQ(test::tool_code(other.ask("echo_release", R"({"text":"x"})")), "not_found");
    one.call("2", "request", arguments_of(R"([echo_hold(text="y"), echo_slow(n=100000)])"));
    one.request("daemon/ping");
  }
  while (test::tool_code(other.ask("echo_release", R"({"text":"y"})")) != "not_found") {
  }
}

TEST_F(Requests, PutWhatBreaksInItsPlace) {
  TestClient one = client();
  const std::string results =
      run(one, R"([echo_throw(), echo_throw_on_loop(), echo_drop(), echo_say(text="fine")])");
  EXPECT_THAT(results, HasSubstr("echo_throw ended without an answer"));
  EXPECT_THAT(results, HasSubstr("echo_throw_on_loop ended without an answer"));
  EXPECT_THAT(results, HasSubstr("echo_drop ended without an answer"));
  EXPECT_THAT(results, HasSubstr(R"({"ok":true,"result":{"text":"fine"}}])"));
}

TEST_F(Requests, MayBeSentAgain) {
  TestClient one = client();
  const std::string ops = arguments_of("[echo_who()@verbose, echo_who()@verbose, echo_count()]");
  one.call("1", "request", ops, "", R"({"key":"b1-7"})");
  const std::string first = results_of(one.answer("1"));
  EXPECT_THAT(first, HasSubstr(R"("key":"b1-7#1","is_resend":false)"));
  EXPECT_THAT(first, HasSubstr(R"({"ok":true,"result":{"n":1}})"));
  one.call("2", "request", ops, "", R"({"key":"b1-7","attempt":2})");
  const std::string second = results_of(one.answer("2"));
  EXPECT_THAT(second, HasSubstr(R"("key":"b1-7#0","is_resend":true)"));
  EXPECT_THAT(second, HasSubstr(R"("code":"outcome_unknown")"));
}

TEST_F(Requests, AreAllThatACompactSessionLists) {
  TestClient compact(daemon_.socket());
  ipc::Greeting greeting = TestClient::default_greeting();
  greeting.is_compact = true;
  ASSERT_TRUE(compact.greet(greeting).has_value());
  const json::Value listed = compact.request("tools/list");
  const json::Array& tools = listed.at("result").at("tools").as_array();
  ASSERT_EQ(tools.size(), 2U);
  EXPECT_EQ(json::string_or(tools[0], "name", ""), "request");
  EXPECT_EQ(json::string_or(tools[1], "name", ""), "verbs");
  EXPECT_THAT(run(compact, "echo_say(text=\"a\")"), HasSubstr(R"("text":"a")"));
  EXPECT_EQ(
      json::string_or(test::structured(compact.ask("echo_say", R"({"text":"b"})")), "text", ""),
      "b");
  EXPECT_THAT(json::dump(compact.request("initialize")), HasSubstr("tool request"));
  TestClient full = client();
  EXPECT_THAT(json::dump(full.request("tools/list")), HasSubstr("\"echo_say\""));
  EXPECT_THAT(json::dump(full.request("initialize")), Not(HasSubstr("tool request")));
}

TEST_F(Requests, AskTheirCaller) {
  TestClient one = client();
  one.request("initialize",
              R"({"protocolVersion":"2025-11-25","capabilities":{"elicitation":{}}})");
  one.call("1", "request", arguments_of(R"([ask_name(text="a"), echo_big(n=1)])"));
  const std::string question = one.next().value_or("");
  EXPECT_THAT(question, HasSubstr("elicitation/create"));
  one.send(R"({"jsonrpc":"2.0","id":)" + std::string(json::scan_envelope(question)->id) +
           R"(,"result":"ann"})");
  EXPECT_EQ(results_of(one.answer("1")),
            R"([{"ok":true,"result":{"text":"a|a|\"ann\""}},{"ok":true,"result":{"text":"x"}}])");
  TestClient mute = client();
  EXPECT_THAT(run(mute, "ask_name()"), HasSubstr("unsupported"));
}

TEST_F(Requests, AreToldOfByTheirVerbs) {
  TestClient follower = client();
  follower.request("events/subscribe", R"({"kinds":["pack"]})");
  TestClient one = client();
  run(one, R"([echo_say(text="reads"), ask_report(text="writes")])");
  EXPECT_THAT(follower.next().value_or(""),
              HasSubstr(R"("data":{"pack":"ask","tool":"ask_report"})"));
  run(one, R"(ask_report(text="again"))");  // nothing of the request itself comes in between
  EXPECT_THAT(follower.next().value_or(""), HasSubstr("ask_report"));
}

// ---- The time limit of a verb -------------------------------------------------------------------

// Waits until it is stopped.
class PatientPack final : public pack::Pack {
 public:
  std::string_view name() const override { return "patient"; }
  void declare(pack::Binder& binder) override {
    pack::ToolSpec spec;
    spec.verb = "wait";
    spec.input_schema = "{}";
    spec.time_limit = std::chrono::milliseconds(5);
    binder.add(std::move(spec), [this](std::string_view, pack::Call call) {
      has_deadline = call.deadline().has_value();
      call_.emplace(std::move(call));
      on_stop_.emplace(call_->stop(), [this] { call_->answer(fail(Errc::cancelled, "stopped")); });
    });
  }
  void start(pack::PackContext&) override {}
  void stop() override {}
  pack::PackStatus status() const override { return {}; }

  bool has_deadline = false;

 private:
  std::optional<pack::Call> call_;
  std::optional<std::stop_callback<std::function<void()>>> on_stop_;
};

class PromiseSink final : public pack::CallSink {
 public:
  explicit PromiseSink(std::promise<Result<pack::Reply>>& answer) : answer_(answer) {}
  void finish(Result<pack::Reply> outcome) override { answer_.set_value(std::move(outcome)); }
  void progress(double, std::optional<double>, std::string_view) override {}
  void log(pack::LogLevel, std::string_view) override {}

 private:
  std::promise<Result<pack::Reply>>& answer_;
};

TEST(VerbCalls, EndAVerbAtItsTimeLimit) {
  PatientPack pack;
  test::LoopThread thread;
  mcp::Catalog catalog;
  catalog.add(pack);
  std::promise<Result<pack::Reply>> answer;
  std::optional<VerbCalls> calls;
  thread.run([&] {
    calls.emplace(thread.loop(), catalog);
    pack::Call::Context context;
    context.caller = std::make_shared<pack::Caller>();
    context.tool = "patient_wait";
    calls->start(*calls->find("patient_wait"), "{}", std::move(context),
                 std::make_unique<PromiseSink>(answer));
  });
  const auto outcome = answer.get_future().get();
  ASSERT_FALSE(outcome.has_value());
  EXPECT_EQ(outcome.error().code, Errc::timed_out);
  EXPECT_EQ(outcome.error().message, "patient_wait took longer than 5 ms");
  EXPECT_TRUE(pack.has_deadline);
  const mcp::ToolEntry& tool = *catalog.find_tool("patient_wait");
  EXPECT_EQ(tool.in_flight, 0U);
  EXPECT_EQ(tool.errors, 1U);
  thread.run([&] { calls.reset(); });
}

}  // namespace
}  // namespace hearth::daemon
