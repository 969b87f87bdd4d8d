#include "request/runner.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <stop_token>
#include <string>

#include "request/fake_verbs.hpp"

namespace hearth::request {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;

constexpr pack::Annotations reading{.read_only = true, .idempotent = true};
constexpr pack::Annotations writing{};

class Runner : public ::testing::Test {
 protected:
  Runner() {
    verbs_.add("notes_read", reading, [](const std::string& arguments) -> Result<std::string> {
      return R"({"items":[{"id":"n1"},{"id":"n2"}],"asked":)" + arguments + "}";
    });
    verbs_.add("notes_write", writing, [](const std::string& arguments) -> Result<std::string> {
      return R"({"written":)" + arguments + "}";
    });
    verbs_.add("notes_fail", reading, [](const std::string&) -> Result<std::string> {
      return fail(Errc::not_found, "no such note", {"look at notes_read"});
    });
    verbs_.add("notes_wait", reading);
    verbs_.add("notes_waiting_write", writing);
    verbs_.add("other_write", writing,
               [](const std::string&) -> Result<std::string> { return "{}"; });
  }

  void start(std::string_view ops,
             Presentation presentation = Presentation::agent,
             const test::CallFacts& facts = {}) {
    auto program = parse(ops);
    ASSERT_TRUE(program.has_value()) << program.error().message;
    run(verbs_, std::move(*program), presentation, test::make_call(outcome_, facts));
  }
  std::string answer(std::string_view ops) {
    start(ops);
    return outcome_.text();
  }
  Errc code() { return outcome_.answer->error().code; }

  test::FakeVerbs verbs_;
  test::Outcome outcome_;
};

TEST_F(Runner, AnswersOneOperation) {
  EXPECT_EQ(answer("notes_write(text=\"x\")"),
            R"({"results":[{"ok":true,"result":{"written":{"text":"x"}}}],)"
            R"("summary":{"total":1,"succeeded":1,"failed":0,"aborted":0}})");
}

TEST_F(Runner, AnswersABatchInItsOrderWhateverEndsFirst) {
  start("[notes_wait(n=1), notes_wait(n=2), notes_wait(n=3)]");
  ASSERT_EQ(verbs_.started.size(), 3U);  // all at once
  verbs_.started[2].answer(R"({"n":3})");
  verbs_.started[0].answer(R"({"n":1})");
  EXPECT_FALSE(outcome_.answer.has_value());
  verbs_.started[1].answer(R"({"n":2})");
  EXPECT_THAT(
      outcome_.text(),
      HasSubstr(
          R"([{"ok":true,"result":{"n":1}},{"ok":true,"result":{"n":2}},{"ok":true,"result":{"n":3}}])"));
}

TEST_F(Runner, PutsAFailureInItsPlace) {
  EXPECT_EQ(
      answer("[notes_fail(), notes_write(), notes_raed()]"),
      R"({"results":[{"ok":false,"error":{"code":"not_found","message":"no such note",)"
      R"("suggestions":["look at notes_read"]}},{"ok":true,"result":{}},)"
      R"({"ok":false,"error":{"code":"invalid_args","message":"there is no verb \"notes_raed\"",)"
      R"("suggestions":["notes_read","notes_fail","notes_wait"]}}],"summary":{"total":3,"succeeded":1,"failed":2,"aborted":0}})");
}

TEST_F(Runner, KeepsRoomForOthers) {
  std::string ops = "[notes_wait()";
  for (int i = 1; i < 100; ++i) ops += ",notes_wait()";
  start(ops + "]");
  EXPECT_EQ(verbs_.started.size(), 16U);
  for (std::size_t i = 0; i < 100; ++i) {
    ASSERT_LT(i, verbs_.started.size());
    verbs_.started[i].answer("{}");
    EXPECT_EQ(verbs_.started.size(), std::min<std::size_t>(100, 17 + i));
  }
  EXPECT_THAT(outcome_.text(), HasSubstr(R"("total":100,"succeeded":100,)"));
}

TEST_F(Runner, HandsAnswersDownAChain) {
  EXPECT_EQ(answer("notes_read() | notes_write(id=$prev.items[1].id, all=[$prev.items]) | "
                   "notes_read(x=$prev.written.id)"),
            R"({"results":[{"ok":true,"result":{"items":[{"id":"n1"},{"id":"n2"}]}},)"
            R"({"ok":true,"result":{"written":{"id":"n2","all":[[{"id":"n1"},{"id":"n2"}]]}}},)"
            R"({"ok":true,"result":{"items":[{"id":"n1"},{"id":"n2"}],"asked":{"x":"n2"}}}],)"
            R"("summary":{"total":3,"succeeded":3,"failed":0,"aborted":0}})");
}

TEST_F(Runner, RunsAChainOneAfterTheOther) {
  start("notes_wait() | notes_wait(x=$prev.x)");
  ASSERT_EQ(verbs_.started.size(), 1U);
  verbs_.started[0].answer(R"({"x":5})");
  ASSERT_EQ(verbs_.started.size(), 2U);
  EXPECT_EQ(verbs_.started[1].arguments, R"({"x":5})");
  verbs_.started[1].answer("{}");
  EXPECT_THAT(outcome_.text(), HasSubstr(R"("succeeded":2)"));
}

TEST_F(Runner, EndsAChainAtTheFirstFailure) {
  EXPECT_EQ(
      answer("notes_read() | notes_fail() | notes_write() | notes_write()"),
      R"({"results":[{"ok":true,"result":{"items":[{"id":"n1"},{"id":"n2"}]}},)"
      R"({"ok":false,"error":{"code":"not_found","message":"no such note",)"
      R"("suggestions":["look at notes_read"]}},{"ok":false,"aborted":true},)"
      R"({"ok":false,"aborted":true}],"summary":{"total":4,"succeeded":1,"failed":1,"aborted":2}})");
  EXPECT_EQ(verbs_.contexts.size(), 2U);
}

TEST_F(Runner, SaysWhereAReferenceLeadsNowhere) {
  EXPECT_THAT(answer("notes_read() | notes_write(id=$prev.itmes[0])"),
              HasSubstr(R"("message":"$prev has no member \"itmes\"","suggestions":["items"])"));
  EXPECT_THAT(
      answer("notes_read() | notes_write(id=$prev.items[2].id)"),
      HasSubstr(R"("code":"not_found","message":"$prev.items has 2 items; there is no [2]")"));
  EXPECT_THAT(answer("notes_read() | notes_write(id=$prev.items.id)"),
              HasSubstr(R"("message":"$prev.items: expected an object, got array")"));
  EXPECT_THAT(answer("notes_read() | notes_write(id=$prev[0])"),
              HasSubstr(R"("message":"$prev: expected an array, got object")"));
}

TEST_F(Runner, RefusesABatchThatWritesOneThingTwice) {
  EXPECT_THAT(answer("[notes_read(), notes_write(key=\"k\"), notes_write(key=\"k\")]"),
              HasSubstr("operations 2 and 3 of the batch both write key \"k\"; nothing was done"));
  EXPECT_EQ(code(), Errc::conflict);
  EXPECT_THAT(answer("[notes_write(id=\"abcd\"), notes_waiting_write(id=\"abcdef\")]"),
              HasSubstr("both write id \"abcdef\""));
  EXPECT_THAT(answer("[notes_write(id=7), notes_write(id=7)]"), HasSubstr("both write id 7"));
  EXPECT_TRUE(verbs_.contexts.empty());
}

TEST_F(Runner, LetsABatchWriteDifferentThings) {
  for (const std::string_view ops : {"[notes_write(id=\"abcd\"), notes_write(id=\"abce\")]",
                                     "[notes_write(id=\"abcd\"), other_write(id=\"abcd\")]",
                                     "[notes_write(id=\"abcd\"), notes_read(id=\"abcd\")]",
                                     "[notes_write(key=\"a\"), notes_write(key=\"ab\")]",
                                     "notes_write(id=\"abcd\") | notes_write(id=\"abcd\")"}) {
    EXPECT_THAT(answer(ops), HasSubstr(R"("succeeded":2)")) << ops;
  }
}

TEST_F(Runner, GivesEachOperationAKeyOfItsOwn) {
  const std::stop_source stop;
  start("[notes_write(), notes_write()]", Presentation::agent,
        {.key = "b1-7", .is_resend = true, .stop = stop.get_token()});
  ASSERT_EQ(verbs_.contexts.size(), 2U);
  EXPECT_EQ(verbs_.contexts[0].key, "b1-7#0");
  EXPECT_EQ(verbs_.contexts[1].key, "b1-7#1");
  EXPECT_TRUE(verbs_.contexts[1].is_resend);
  EXPECT_EQ(verbs_.contexts[1].tool, "notes_write");
  EXPECT_EQ(verbs_.contexts[1].caller->session, "s1");
  EXPECT_EQ(verbs_.contexts[1].stop, stop.get_token());
  start("notes_write()");
  EXPECT_EQ(verbs_.contexts[2].key, "");
}

TEST_F(Runner, TellsHowFarAllHaveCome) {
  start("[notes_wait(), notes_wait()]");
  verbs_.started[0].call->progress(5, 10, "half");
  verbs_.started[0].call->progress(4, 10, "back");  // never goes back
  verbs_.started[1].call->progress(3, std::nullopt, "who knows");
  verbs_.started[1].call->log(pack::LogLevel::warning, "careful");
  verbs_.started[1].answer("{}");
  verbs_.started[0].answer("{}");
  EXPECT_THAT(outcome_.progress,
              ElementsAre("0.5/2 notes_wait: half", "1.5/2 notes_wait", "2/2 notes_wait"));
  EXPECT_THAT(outcome_.logs, ElementsAre("careful"));
}

TEST_F(Runner, PassesTheProgressOfOneOperationOnAsItIs) {
  start("notes_wait()");
  verbs_.started[0].call->progress(5, 10, "half");
  verbs_.started[0].answer("{}");
  EXPECT_THAT(outcome_.progress, ElementsAre("5/10 half"));
}

TEST_F(Runner, StopsWithTheRequest) {
  std::stop_source stop;
  start("notes_wait() | notes_write()", Presentation::agent, {.stop = stop.get_token()});
  stop.request_stop();
  verbs_.started[0].answer("{}");  // took effect before
  EXPECT_THAT(outcome_.text(),
              HasSubstr(R"([{"ok":true,"result":{}},{"ok":false,"error":{"code":"cancelled")"));
  start("[notes_write(), notes_write()]", Presentation::agent, {.stop = stop.get_token()});
  EXPECT_EQ(code(), Errc::cancelled);
  EXPECT_EQ(verbs_.contexts.size(), 1U);
}

TEST_F(Runner, CountsACallThatIsDroppedAsFailed) {
  start("[notes_wait(), notes_write()]");
  verbs_.started.clear();
  EXPECT_THAT(outcome_.text(), HasSubstr(R"({"ok":false,"error":{"code":"internal_error")"));
}

TEST_F(Runner, SaysWhatDoesNotFit) {
  start("[notes_wait(), notes_wait(), notes_wait()]");
  const std::string large = R"({"text":")" + std::string(most_result_bytes - 100, 'x') + R"("})";
  verbs_.started[0].answer(large);
  verbs_.started[1].answer(large);
  verbs_.started[2].answer(R"({"n":1})");
  EXPECT_THAT(outcome_.text(), HasSubstr(R"({"ok":true,"omitted":"2097073 bytes, too much)"));
  EXPECT_THAT(outcome_.text(), HasSubstr(R"({"ok":true,"result":{"n":1}}],)"));
  EXPECT_LT(outcome_.text().size(), most_result_bytes + 1000);
}

TEST_F(Runner, ShowsEachAsAsked) {
  start("[notes_wait(), notes_wait()@agent, notes_wait()@human]", Presentation::verbose);
  for (auto& call : verbs_.started) call.answer(R"({"empty":[], "title":"T"})");
  EXPECT_EQ(outcome_.text(),
            R"({"results":[{"ok":true,"verb":"notes_wait","result":{"empty":[], "title":"T"}},)"
            R"({"ok":true,"result":{"title":"T"}},)"
            R"({"ok":true,"verb":"notes_wait","text":"- **title**: T\n"}],)"
            R"("summary":{"total":3,"succeeded":3,"failed":0,"aborted":0}})");
}

// A chain of calls that answer at once does not grow the stack with its length.
TEST_F(Runner, RunsLongChains) {
  std::string ops = "notes_read()";
  for (int i = 1; i < 100; ++i) ops += " | notes_write(x=$prev)@agent";
  EXPECT_THAT(answer(ops), HasSubstr(R"("total":100,)"));
}

// ---- Questions ----------------------------------------------------------------------------------

TEST_F(Runner, PutsQuestionsToItsCallerAndRunsNothingTwice) {
  const std::string ops = "[notes_write(n=1), notes_wait(), notes_wait(), notes_write(n=2)]";
  start(ops, Presentation::agent, {.can_answer = true});
  verbs_.started[0].ask("user_name", "inner");
  EXPECT_FALSE(outcome_.answer.has_value());  // the other one is still under way
  verbs_.started[1].ask("user_name", "");
  ASSERT_TRUE(outcome_.answer && *outcome_.answer && (*outcome_.answer)->questions);
  const pack::Questions asked = *(*outcome_.answer)->questions;
  ASSERT_EQ(asked.ask.size(), 2U);
  EXPECT_TRUE(asked.ask.contains("2.user_name"));
  EXPECT_TRUE(asked.ask.contains("3.user_name"));

  start(ops, Presentation::agent,
        {.can_answer = true,
         .answers = {{"2.user_name", "\"ann\""}, {"3.user_name", "\"bob\""}, {"x", "1"}},
         .state = asked.state});
  ASSERT_EQ(verbs_.contexts.size(), 6U);  // four, and two again
  EXPECT_THAT(verbs_.contexts[4].answers, ElementsAre(std::pair("user_name", "\"ann\"")));
  EXPECT_EQ(verbs_.contexts[4].state, "inner");
  EXPECT_THAT(verbs_.contexts[5].answers, ElementsAre(std::pair("user_name", "\"bob\"")));
  verbs_.started[2].answer(R"({"for":"ann"})");
  verbs_.started[3].answer(R"({"for":"bob"})");
  EXPECT_EQ(outcome_.text(),
            R"({"results":[{"ok":true,"result":{"written":{"n":1}}},)"
            R"({"ok":true,"result":{"for":"ann"}},{"ok":true,"result":{"for":"bob"}},)"
            R"({"ok":true,"result":{"written":{"n":2}}}],)"
            R"("summary":{"total":4,"succeeded":4,"failed":0,"aborted":0}})");
}

TEST_F(Runner, GoesOnWithAChainWhereItAsked) {
  const std::string ops =
      "notes_read() | notes_wait(id=$prev.items[1].id) | notes_write(id=$prev.id)";
  start(ops, Presentation::agent, {.can_answer = true});
  verbs_.started[0].ask("a", "");
  std::string state = (*outcome_.answer)->questions->state;
  start(ops, Presentation::agent, {.can_answer = true, .answers = {{"2.a", "1"}}, .state = state});
  EXPECT_EQ(verbs_.started[1].arguments, R"({"id":"n2"})");
  verbs_.started[1].ask("b", "");  // once more
  state = (*outcome_.answer)->questions->state;
  start(ops, Presentation::agent, {.can_answer = true, .answers = {{"2.b", "2"}}, .state = state});
  verbs_.started[2].answer(R"({"id":"n9"})");
  EXPECT_THAT(outcome_.text(), HasSubstr(R"({"written":{"id":"n9"}})"));
  EXPECT_THAT(outcome_.text(), HasSubstr(R"("succeeded":3)"));
}

TEST_F(Runner, AsksNobodyWhoCannotAnswer) {
  start("[notes_wait(), notes_write(n=1)]");
  verbs_.started[0].ask("user_name", "");
  EXPECT_THAT(outcome_.text(), HasSubstr(R"("code":"unsupported")"));
  EXPECT_THAT(outcome_.text(), HasSubstr(R"({"ok":true,"result":{"written":{"n":1}}})"));
}

TEST_F(Runner, TakesAStateBackForTheSameOperationsOnly) {
  start("notes_wait(n=1)", Presentation::agent, {.can_answer = true});
  verbs_.started[0].ask("a", "");
  const std::string state = (*outcome_.answer)->questions->state;
  for (const auto& [ops, given] : {std::pair<std::string, std::string>{"notes_wait(n=2)", state},
                                   {"notes_wait(n=1)", "{}"},
                                   {"notes_wait(n=1)", "x"}}) {
    start(ops, Presentation::agent, {.can_answer = true, .state = given});
    EXPECT_EQ(code(), Errc::invalid_args) << ops << ' ' << given;
  }
}

}  // namespace
}  // namespace hearth::request
