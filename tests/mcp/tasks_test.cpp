// Calls that go on as tasks, in both eras: how they begin and end, what they ask, who is told, and
// who is not.
#include "mcp/tasks.hpp"

#include <gmock/gmock.h>

#include <vector>

#include "mcp/messages.hpp"
#include "support/mcp_session.hpp"
#include "support/task_pack.hpp"

namespace hearth::mcp {
namespace {

using ::testing::AllOf;
using ::testing::HasSubstr;
using ::testing::Not;

constexpr std::string_view follows_tasks =
    R"({"extensions":{"io.modelcontextprotocol/tasks":{}},"elicitation":{}})";

class TasksTest : public SessionTest {
 protected:
  TasksTest() { use({}); }
  ~TasksTest() override {
    thread_.run([&] {
      session_.reset();
      others_.clear();
      catalog_.use_tasks(nullptr);
    });
  }

  void use(TaskLimits limits) {
    thread_.run([&] {
      session_.reset();
      if (!is_added_) catalog_.add(pack_of_tasks_);
      if (!is_added_) pack_of_tasks_.start(context_);
      is_added_ = true;
      catalog_.use_tasks(std::make_shared<Tasks>(thread_.loop(), catalog_, clock_, limits));
      session_ = make_session({}, outbox_, {.session = "one"});
    });
  }
  // Another session, whose messages go to `outbox`.
  Session& other(Outbox& outbox) {
    thread_.run([&] { others_.push_back(make_session({}, outbox, {.session = "two"})); });
    return *others_.back();
  }

  static std::string call_params(const std::string& tool, const std::string& text) {
    return R"("name":")" + tool + R"(","arguments":{"text":")" + text + "\"}";
  }
  static std::string named(const std::string& id) { return R"("taskId":")" + id + '"'; }
  // A legacy call that is to be a task; the task's id.
  std::string begin(const std::string& tool, const std::string& text, std::string task = "{}") {
    return text_at(ask(legacy("7", "tools/call", call_params(tool, text) + R"(,"task":)" + task)),
                   {"result", "task", "taskId"});
  }
  json::Value call_modern(const std::string& tool, const std::string& text) {
    return ask(modern("8", "tools/call", call_params(tool, text), follows_tasks));
  }
  std::string begin_modern(const std::string& tool, const std::string& text) {
    return text_at(call_modern(tool, text), {"result", "taskId"});
  }
  json::Value get(const std::string& id) {
    return ask(modern("9", "tasks/get", named(id), follows_tasks)).at("result");
  }
  json::Value get_legacy(const std::string& id) {
    return ask(legacy("9", "tasks/get", named(id))).at("result");
  }
  // Once the loop has done what it was left to do.
  json::Value get_settled(const std::string& id) {
    settle();
    return get(id);
  }
  json::Value update(const std::string& id, const std::string& responses) {
    return ask(modern("10", "tasks/update", named(id) + R"(,"inputResponses":)" + responses,
                      follows_tasks));
  }
  void release(const std::string& text) {
    (void)ask(call_text("11", "task_release", R"({"text":")" + text + "\"}"));
  }
  static std::string text_at(const json::Value& value, const std::vector<std::string>& path) {
    const json::Value* at = &value;
    for (const std::string& name : path) {
      at = json::find(*at, name);
      if (at == nullptr) return "nothing in " + json::dump(value);
    }
    return at->is_string() ? std::string(at->as_string()) : json::dump(*at);
  }
  static std::string status(const json::Value& task) { return text_at(task, {"status"}); }

  const SystemClock clock_;
  test::TaskPack pack_of_tasks_;
  bool is_added_ = false;
  std::vector<std::shared_ptr<Session>> others_;
};

// ---- The legacy era -----------------------------------------------------------------------------

TEST_F(TasksTest, GivesALegacyClientATaskWhenItWantsOne) {
  const json::Value answer =
      ask(legacy("1", "tools/call", call_params("task_hold", "x") + R"(,"task":{"ttl":60000})"));
  const json::Value& task = answer.at("result").at("task");
  EXPECT_EQ(status(task), "working");
  EXPECT_EQ(json::int_or(task, "ttl", 0), 60000);
  EXPECT_EQ(json::int_or(task, "pollInterval", 0), 1000);
  const std::string id = text_at(task, {"taskId"});
  EXPECT_EQ(status(get_legacy(id)), "working");
  release("x");
  EXPECT_EQ(status(get_legacy(id)), "completed");
  const std::string result = json::dump(ask(legacy("2", "tasks/result", named(id))));
  EXPECT_THAT(result, HasSubstr(R"("structuredContent":{"text":"x"})"));
  EXPECT_THAT(result,
              HasSubstr(R"("io.modelcontextprotocol/related-task":{"taskId":")" + id + "\"}"));
}

TEST_F(TasksTest, TellsALegacyClientOfEveryChange) {
  const std::string id = begin("task_hold", "x");
  say(call_text("3", "task_release", R"({"text":"x"})"));
  EXPECT_THAT(outbox_.next(), AllOf(HasSubstr("notifications/tasks/status"), HasSubstr(id),
                                    HasSubstr("completed"), Not(HasSubstr("related-task"))));
}

TEST_F(TasksTest, KeepsARequestForTheOutcomeUntilThereIsOne) {
  const std::string id = begin("task_hold", "x");
  say(legacy("4", "tasks/result", named(id)));
  say(legacy("5", "tasks/result", named(id)));
  settle();
  EXPECT_TRUE(outbox_.is_empty());
  say(R"({"jsonrpc":"2.0","method":"notifications/cancelled","params":{"requestId":5}})");
  settle();
  EXPECT_EQ(session_->in_flight(), 1);
  say(call_text("11", "task_release", R"({"text":"x"})"));
  EXPECT_EQ(said(answer("4")), "x");
}

TEST_F(TasksTest, MakesATaskOfAQuickCallTooForALegacyClient) {
  const std::string id = begin("task_quick", "at once");
  EXPECT_EQ(said(ask(legacy("1", "tasks/result", named(id)))), "at once");
}

TEST_F(TasksTest, RefusesALegacyCallThatMustOrMustNotBeATask) {
  const json::Value must = ask(legacy("1", "tools/call", call_params("task_must", "x")));
  EXPECT_EQ(error_number(must), method_not_found);
  EXPECT_THAT(json::dump(must), HasSubstr("params.task"));
  const json::Value never =
      ask(legacy("1", "tools/call", call_params("task_never", "x") + R"(,"task":{})"));
  EXPECT_EQ(error_number(never), method_not_found);
  EXPECT_THAT(begin("task_must", "x"), Not(HasSubstr("nothing")));
}

TEST_F(TasksTest, CancelsALegacyTaskOnceAndForAll) {
  const std::string id = begin("task_hold", "x");
  const json::Value cancelled = ask(legacy("2", "tasks/cancel", named(id)));
  EXPECT_EQ(status(cancelled.at("result")), "cancelled");
  EXPECT_EQ(error_number(ask(legacy("3", "tasks/cancel", named(id)))), invalid_params);
  EXPECT_EQ(error_code(ask(legacy("4", "tasks/result", named(id)))), "cancelled");
  EXPECT_THAT(json::dump(ask(call_text("5", "task_release", R"({"text":"x"})"))),
              HasSubstr("nothing is held"));  // its stop token has fired
}

TEST_F(TasksTest, TellsFailuresOfToolsFromFailuresOfCalls) {
  const std::string failed = begin("task_fail", "no disk");
  const std::string dropped = begin("task_drop", "");
  settle();
  EXPECT_EQ(status(get_legacy(failed)), "failed");
  EXPECT_EQ(tool_code(ask(legacy("1", "tasks/result", named(failed)))), "io_error");
  EXPECT_EQ(status(get_legacy(dropped)), "failed");
  EXPECT_EQ(error_number(ask(legacy("2", "tasks/result", named(dropped)))), internal_error);
  EXPECT_EQ(status(get(failed)), "completed");
  EXPECT_EQ(text_at(get(failed), {"result", "isError"}), "true");
  EXPECT_EQ(status(get(dropped)), "failed");
  EXPECT_EQ(text_at(get(dropped), {"error", "code"}), "-32603");
}

TEST_F(TasksTest, AsksALegacyClientWithinItsRequestForTheOutcome) {
  shake_hands();
  const std::string id = begin("task_ask", "again");
  settle();
  EXPECT_EQ(status(get_legacy(id)), "input_required");
  say(legacy("4", "tasks/result", named(id)));
  for (int round = 0; round < 2; ++round) {
    Outbox::Sent question = outbox_.next_sent();
    while (json::scan_envelope(question.text)->is_notification()) question = outbox_.next_sent();
    EXPECT_EQ(question.about, "4");
    EXPECT_THAT(question.text, AllOf(HasSubstr("elicitation/create"), HasSubstr(id)));
    say(R"({"jsonrpc":"2.0","id":)" + std::string(json::scan_envelope(question.text)->id) +
        R"(,"result":{"n":)" + std::to_string(round) + "}}");
  }
  EXPECT_EQ(said(answer("4")), R"(second:user_name={"n":1};)");
}

TEST_F(TasksTest, EndsWhenALegacyClientCannotAnswer) {
  shake_hands();
  const std::string id = begin("task_ask", "");
  settle();
  say(legacy("4", "tasks/result", named(id)));
  std::string question = outbox_.next();
  while (json::scan_envelope(question)->is_notification()) question = outbox_.next();
  say(R"({"jsonrpc":"2.0","id":)" + std::string(json::scan_envelope(question)->id) +
      R"(,"error":{"code":-1,"message":"nobody there"}})");
  EXPECT_THAT(json::dump(answer("4")), HasSubstr("nobody there"));
  EXPECT_EQ(status(get_legacy(id)), "failed");
}

TEST_F(TasksTest, ReportsOfATaskSayWhoseTheyAre) {
  const std::string params =
      call_params("task_report", "quarter") + R"(,"task":{},"_meta":{"progressToken":"p"})";
  const std::string id =
      text_at(ask(legacy("1", "tools/call", params)), {"result", "task", "taskId"});
  EXPECT_THAT(outbox_.next(), AllOf(HasSubstr("notifications/progress"), HasSubstr(R"("p")"),
                                    HasSubstr("related-task"), HasSubstr(id)));
  EXPECT_THAT(outbox_.next(), AllOf(HasSubstr("notifications/message"), HasSubstr(id)));
  EXPECT_EQ(text_at(get_legacy(id), {"statusMessage"}), "1 of 4: quarter");
  release("quarter");
}

TEST_F(TasksTest, ListsTasksPageByPage) {
  for (int i = 0; i < 60; ++i) (void)begin("task_quick", "x");
  const json::Value first = ask(legacy("1", "tasks/list")).at("result");
  EXPECT_EQ(first.at("tasks").as_array().size(), 50);
  const std::string cursor = text_at(first, {"nextCursor"});
  const json::Value rest =
      ask(legacy("2", "tasks/list", R"("cursor":")" + cursor + '"')).at("result");
  EXPECT_EQ(rest.at("tasks").as_array().size(), 10);
  EXPECT_EQ(json::find(rest, "nextCursor"), nullptr);
  EXPECT_EQ(error_number(ask(legacy("3", "tasks/list", R"("cursor":"x")"))), invalid_params);
}

// ---- The modern era -----------------------------------------------------------------------------

TEST_F(TasksTest, MakesATaskOfACallThatTakesLonger) {
  const json::Value answer = call_modern("task_hold", "x");
  EXPECT_EQ(text_at(answer, {"result", "resultType"}), "task");
  EXPECT_EQ(text_at(answer, {"result", "ttlMs"}), "3600000");
  const std::string id = text_at(answer, {"result", "taskId"});
  EXPECT_EQ(status(get(id)), "working");
  release("x");
  const json::Value task = get(id);
  EXPECT_EQ(status(task), "completed");
  EXPECT_EQ(text_at(task, {"resultType"}), "complete");
  EXPECT_EQ(text_at(task, {"result", "structuredContent", "text"}), "x");
  EXPECT_THAT(json::dump(task), Not(HasSubstr("related-task")));
}

TEST_F(TasksTest, AnswersAtOnceWhatIsDoneAtOnce) {
  const json::Value answer = call_modern("task_quick", "quick");
  EXPECT_EQ(said(answer), "quick");
  EXPECT_EQ(text_at(answer, {"result", "resultType"}), "complete");
}

TEST_F(TasksTest, MakesNoTaskForAClientThatCannotFollowIt) {
  say(modern("1", "tools/call", call_params("task_hold", "x")));
  say(call_text("11", "task_release", R"({"text":"x"})"));
  EXPECT_EQ(said(answer("1")), "x");
  (void)answer("11");
  const json::Value must = ask(modern("2", "tools/call", call_params("task_must", "x")));
  EXPECT_EQ(error_number(must), missing_client_capability);
  EXPECT_THAT(json::dump(must), HasSubstr(R"("io.modelcontextprotocol/tasks":{})"));
  for (const auto* method : {"tasks/get", "tasks/update", "tasks/cancel"})
    EXPECT_EQ(error_number(ask(modern("3", method, named("x")))), missing_client_capability);
  EXPECT_EQ(error_number(
                ask(modern("4", "subscriptions/listen", R"("notifications":{"taskIds":["x"]})"))),
            missing_client_capability);
}

TEST_F(TasksTest, HasNoMethodsOfTheOtherEra) {
  const std::string id = begin_modern("task_hold", "x");
  for (const auto* method : {"tasks/result", "tasks/list"})
    EXPECT_EQ(error_number(ask(modern("1", method, named(id), follows_tasks))), method_not_found);
  EXPECT_EQ(error_number(ask(legacy("2", "tasks/update", named(id)))), invalid_params);
  release("x");
}

TEST_F(TasksTest, GoesOnWhenAllIsAnswered) {
  const std::string id = begin_modern("task_ask_both", "");
  json::Value task = get_settled(id);
  EXPECT_EQ(status(task), "input_required");
  EXPECT_EQ(text_at(task, {"inputRequests", "a", "method"}), "elicitation/create");
  EXPECT_EQ(json::dump(update(id, R"({"a":{"n":1},"unknown":{}})").at("result")),
            dressed("{}", Era::modern));
  task = get_settled(id);
  EXPECT_EQ(status(task), "input_required");
  EXPECT_EQ(json::find(task.at("inputRequests"), "a"), nullptr);
  (void)update(id, R"({"a":{"n":2},"b":{}})");
  task = get_settled(id);
  EXPECT_EQ(text_at(task, {"result", "structuredContent", "text"}), R"(a={"n":1};b={};)");
}

TEST_F(TasksTest, UsesEachKeyOfAQuestionOnce) {
  const std::string id = begin_modern("task_ask", "again");
  EXPECT_THAT(json::dump(get_settled(id).at("inputRequests")), HasSubstr(R"("user_name":)"));
  (void)update(id, R"({"user_name":1})");
  EXPECT_THAT(json::dump(get_settled(id).at("inputRequests")),
              AllOf(HasSubstr(R"("user_name-2":)"), Not(HasSubstr(R"("user_name":)"))));
  (void)update(id, R"({"user_name":1,"user_name-2":2})");
  EXPECT_EQ(text_at(get_settled(id), {"result", "structuredContent", "text"}),
            "second:user_name=2;");
}

TEST_F(TasksTest, AsksFirstAndBecomesATaskThen) {
  const json::Value first = call_modern("task_ask_first", "");
  EXPECT_EQ(text_at(first, {"result", "resultType"}), "input_required");
  const std::string state = json::dump(first.at("result").at("requestState"));
  const json::Value second =
      ask(modern("2", "tools/call",
                 call_params("task_ask_first", "") + R"(,"inputResponses":{"user_name":1},)" +
                     R"("requestState":)" + state,
                 follows_tasks));
  EXPECT_EQ(text_at(second, {"result", "resultType"}), "task");
  EXPECT_EQ(json::find(second.at("result"), "requestState"), nullptr);
  EXPECT_EQ(text_at(get_settled(text_at(second, {"result", "taskId"})),
                    {"result", "structuredContent", "text"}),
            "kept:user_name=1;");
}

TEST_F(TasksTest, FailsWhenItAsksAClientThatCannotAnswer) {
  constexpr std::string_view only_tasks = R"({"extensions":{"io.modelcontextprotocol/tasks":{}}})";
  const json::Value answer =
      ask(modern("1", "tools/call", call_params("task_ask", ""), only_tasks));
  const json::Value task = get_settled(text_at(answer, {"result", "taskId"}));
  EXPECT_EQ(status(task), "failed");
  EXPECT_THAT(json::dump(task), HasSubstr("elicitation"));
}

TEST_F(TasksTest, AcknowledgesEveryCancellation) {
  const std::string id = begin_modern("task_hold", "x");
  for (int i = 0; i < 2; ++i) {
    EXPECT_EQ(json::dump(ask(modern("1", "tasks/cancel", named(id), follows_tasks)).at("result")),
              dressed("{}", Era::modern));
    EXPECT_EQ(status(get(id)), "cancelled");
  }
}

TEST_F(TasksTest, TellsThoseWhoListen) {
  const std::string id = begin_modern("task_hold", "x");
  say(modern("20", "subscriptions/listen",
             R"("notifications":{"taskIds":[")" + id + R"(","none"]})", follows_tasks));
  EXPECT_THAT(outbox_.next(),
              AllOf(HasSubstr("acknowledged"), HasSubstr(id), Not(HasSubstr("none"))));
  outbox_.congested = true;
  release("x");
  outbox_.congested = false;
  thread_.run([&] { session_->catch_up(); });
  EXPECT_THAT(outbox_.next(), AllOf(HasSubstr(R"("method":"notifications/tasks")"),
                                    HasSubstr(R"("status":"completed")"), HasSubstr(R"("result":)"),
                                    HasSubstr(R"("io.modelcontextprotocol/subscriptionId":20)")));
}

// ---- Whose, how many, how long ------------------------------------------------------------------

TEST_F(TasksTest, BelongsToTheSessionThatBeganIt) {
  Outbox outbox;
  Session& stranger = other(outbox);
  const std::string id = begin("task_hold", "x");
  for (const auto* method : {"tasks/get", "tasks/cancel", "tasks/result"}) {
    say(stranger, legacy("1", method, named(id)));
    EXPECT_EQ(error_number(answer(outbox, "1")), invalid_params) << method;
  }
  for (const auto* method : {"tasks/get", "tasks/cancel", "tasks/update"}) {
    say(stranger, modern("1", method, named(id), follows_tasks));
    EXPECT_EQ(error_number(answer(outbox, "1")), invalid_params) << method;
  }
  say(stranger, legacy("2", "tasks/list"));
  EXPECT_TRUE(answer(outbox, "2").at("result").at("tasks").as_array().empty());
  say(stranger, modern("3", "subscriptions/listen",
                       R"("notifications":{"taskIds":[")" + id + R"("]})", follows_tasks));
  EXPECT_THAT(outbox.next(), Not(HasSubstr(id)));
  EXPECT_EQ(status(get_legacy(id)), "working");
  release("x");
  settle();
  EXPECT_TRUE(outbox.is_empty());
}

TEST_F(TasksTest, OutlivesItsSessionAndIsFoundBySuccessorsOfIt) {
  const std::string id = begin("task_hold", "x");
  Outbox later;
  std::shared_ptr<Session> resumed;
  thread_.run([&] {
    session_ = nullptr;
    session_ = make_session({}, outbox_, {.session = "one"});
  });
  EXPECT_EQ(status(get_legacy(id)), "working");
  release("x");
  EXPECT_EQ(status(get_legacy(id)), "completed");
}

TEST_F(TasksTest, MakesRoomByForgettingTheOldestThatHasEnded) {
  use({.tasks_each = 2});
  const std::string first = begin("task_quick", "x");
  const std::string second = begin("task_hold", "x");
  const std::string third = begin("task_hold", "y");
  EXPECT_EQ(error_number(ask(legacy("1", "tasks/get", named(first)))), invalid_params);
  const json::Value fourth =
      ask(legacy("2", "tools/call", call_params("task_hold", "z") + R"(,"task":{})"));
  EXPECT_EQ(error_code(fourth), "busy");
  Outbox outbox;
  say(other(outbox), legacy("3", "tools/call", call_params("task_quick", "z") + R"(,"task":{})"));
  EXPECT_EQ(error_number(answer(outbox, "3")), 0);
  release("x");
  release("y");
  EXPECT_EQ(status(get_legacy(second)), "completed");
  EXPECT_EQ(status(get_legacy(third)), "completed");
}

TEST_F(TasksTest, HoldsSoManyBytesAndNoMore) {
  use({.bytes = 5'000});
  const std::string text(1'500, 'x');
  const std::string first = begin("task_quick", text);  // its result has the text twice
  const std::string second = begin("task_quick", text);
  EXPECT_EQ(error_number(ask(legacy("1", "tasks/get", named(first)))), invalid_params);
  EXPECT_EQ(status(get_legacy(second)), "completed");
  const json::Value large = ask(legacy(
      "2", "tools/call", call_params("task_quick", std::string(6'000, 'x')) + R"(,"task":{})"));
  EXPECT_EQ(error_code(large), "busy");
}

TEST_F(TasksTest, EndsWhenItsTimeIsOver) {
  const std::string id = begin("task_hold", "x", R"({"ttl":1})");
  EXPECT_THAT(outbox_.next(), AllOf(HasSubstr(R"("status":"failed")"), HasSubstr("1 ms")));
  const json::Value gone = ask(legacy("1", "tasks/get", named(id)));
  EXPECT_EQ(error_number(gone), invalid_params);
  EXPECT_THAT(json::dump(gone), HasSubstr("forgotten"));
  EXPECT_THAT(json::dump(ask(call_text("2", "task_release", R"({"text":"x"})"))),
              HasSubstr("nothing is held"));
}

TEST_F(TasksTest, SaysThatATaskOfAnEarlierDaemonIsGone) {
  const std::string id = begin("task_quick", "x");
  use({});
  const json::Value gone = ask(legacy("1", "tasks/get", named(id)));
  EXPECT_EQ(error_number(gone), invalid_params);
  EXPECT_THAT(json::dump(gone), HasSubstr("ended with the daemon process that ran it"));
}

TEST_F(TasksTest, EndsWithAnErrorWhenTheDaemonLeaves) {
  const std::string id = begin("task_hold", "x");
  const std::string once = begin("task_once", "y");
  const std::string done = begin("task_quick", "z");
  say(legacy("4", "tasks/result", named(id)));
  thread_.run([&] { catalog_.tasks()->abandon(Error{Errc::draining, "leaving", {}}); });
  EXPECT_EQ(error_code(answer("4")), "draining");
  EXPECT_EQ(text_at(get(id), {"error", "data", "code"}), "draining");
  EXPECT_EQ(text_at(get(once), {"error", "data", "code"}), "outcome_unknown");
  EXPECT_EQ(status(get(done)), "completed");
  thread_.run([&] { EXPECT_FALSE(catalog_.tasks()->is_working()); });
}

TEST_F(TasksTest, CountsWithItsTool) {
  std::vector<std::string> ended;
  thread_.run([&] {
    catalog_.on_call_ended([&](const CallRecord& call) {
      ended.push_back(call.tool == nullptr ? call.subject : call.tool->name + " has ended");
    });
  });
  (void)begin("task_hold", "x");
  (void)call_modern("task_quick", "y");
  thread_.run([&] { EXPECT_EQ(catalog_.find_tool("task_hold")->in_flight, 1U); });
  EXPECT_THAT(ended, ::testing::ElementsAre("task_quick has ended"));
  release("x");
  EXPECT_THAT(ended, ::testing::Contains("task_hold has ended"));
  thread_.run([&] {
    EXPECT_EQ(catalog_.find_tool("task_hold")->in_flight, 0U);
    EXPECT_EQ(catalog_.find_tool("task_hold")->latency.count(), 1U);
    catalog_.on_call_ended(nullptr);
  });
}

TEST_F(TasksTest, IsOfferedInBothErasAndListedWithTheTools) {
  const std::string legacy_offer = json::dump(
      ask(legacy("1", "initialize", R"("protocolVersion":"2025-11-25","capabilities":{})")));
  EXPECT_THAT(legacy_offer, HasSubstr(R"("tasks":{"list":{},"cancel":{},)"));
  const std::string older = json::dump(
      ask(legacy("1", "initialize", R"("protocolVersion":"2025-06-18","capabilities":{})")));
  EXPECT_THAT(older, Not(HasSubstr("\"tasks\"")));
  const std::string offer = json::dump(ask(modern("2", "server/discover")));
  EXPECT_THAT(offer, HasSubstr(R"("extensions":{"io.modelcontextprotocol/tasks":{}})"));
  const std::string tools = json::dump(ask(legacy("3", "tools/list")));
  EXPECT_THAT(tools, HasSubstr(R"("execution":{"taskSupport":"required"})"));
  EXPECT_THAT(tools, HasSubstr(R"("execution":{"taskSupport":"optional"})"));
}

}  // namespace
}  // namespace hearth::mcp
