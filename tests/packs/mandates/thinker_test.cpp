// Thinking with a model, the settings it has, and what followers hear.
#include "packs/mandates/thinker.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "json/json.hpp"
#include "packs/mandates/bench_fixture.hpp"
#include "packs/mandates/decision.hpp"
#include "packs/mandates/events_wire.hpp"
#include "packs/mandates/mandate_spec_wire.hpp"
#include "support/http_server.hpp"

namespace hearth::packs::mandates {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;
using testing::Not;

class ThinkerTest : public BenchTest {
 protected:
  // Of a model that answers as `script` says, at `way` of the test server.
  void open(const std::string& script, const std::string& way = "") {
    test::write_file(scratch_ / "script.json", script);
    server_.emplace(std::vector<std::string>{"--script", scratch_ / "script.json"});
    settings_.model.url = server_->url(way + "/v1");
    settings_.model.name = "test";
    bench_.emplace(context_, settings_);
    thinker_.emplace(*bench_, followers_);
  }
  [[nodiscard]] RunContext context() const {
    RunContext context{.run = "r", .mandate = "m", .spec = spec_text(spec_), .cycle = 2};
    context.last_reflection = "one word was missed";
    context.outputs = {"seen", "understood", R"({"steps":[]})", ""};
    context.steps = {{.step = "a", .state = StepState::failed, .output = "no such word"}};
    return context;
  }

  MandateSpec spec_{.goal = "Correct the greeting", .workspace = "/w"};
  Settings settings_;
  std::optional<test::HttpServer> server_;
  std::optional<Workbench> bench_;
  Followers followers_{context_};
  std::optional<ModelThinker> thinker_;
  // What was reserved for the last request.
  Amounts worst_;
  const Thinker::Reserve admitted_ = [this](const Amounts& worst) -> Result<void> {
    worst_ = worst;
    return {};
  };
};

constexpr const char* all_words = R"({
  "orient": ["It is wrong."],
  "decide": [{"reasoning": "r", "steps": [{"id": "a", "kind": "command", "words": ["true"]},
                                          {"id": "b", "kind": "command", "words": ["true"], "needs": ["a"]}]}],
  "reflect": [{"goal_reached": false, "summary": "s"}]})";

TEST_F(ThinkerTest, TellsTheModelWhatItNeedsToKnow) {
  spec_.commands = {{.rule = "make test"}};
  spec_.tools = {{.tool = "issues_create"}};
  const auto text = [&](Phase phase) { return question_of(phase, context()).messages.back().text; };
  EXPECT_THAT(text(Phase::orient), HasSubstr("Correct the greeting"));
  EXPECT_THAT(text(Phase::orient), HasSubstr("seen"));
  EXPECT_THAT(text(Phase::orient), HasSubstr("one word was missed"));
  EXPECT_THAT(text(Phase::decide), HasSubstr("understood"));
  EXPECT_THAT(text(Phase::decide), HasSubstr("make test"));
  EXPECT_THAT(text(Phase::decide), HasSubstr("neither takes an option"));
  EXPECT_THAT(text(Phase::decide), HasSubstr("issues_create"));
  EXPECT_THAT(text(Phase::decide), Not(HasSubstr("no such word")));
  EXPECT_THAT(text(Phase::reflect), HasSubstr("a: failed\nno such word"));
  EXPECT_FALSE(question_of(Phase::orient, context()).shape);
}

// The least budget that can do anything is that of one request.
TEST_F(ThinkerTest, AsksBeforeEachRequestAndReservesOne) {
  open(R"({"decide": ["no plan", "no plan"]})");
  int left = 1;
  const auto reserve = [&](const Amounts& worst) -> Result<void> {
    EXPECT_EQ(worst.calls, 1);
    if (left-- > 0) return {};
    return fail(Errc::permission, "budget: run: calls");
  };
  const Thought thought = thinker_->think(Phase::decide, context(), {}, reserve);
  ASSERT_FALSE(thought.text);
  EXPECT_EQ(thought.text.error().code, Errc::permission) << "the repair was not admitted";
  EXPECT_EQ(thought.used->calls, 1);
}

// What finds loops compares plans: why one was decided may be told in other words each time.
TEST_F(ThinkerTest, TwoReasonsForTheSameStepsAreOnePlan) {
  open(all_words);
  const auto plan = [&](const std::string& reason, const std::string& word) {
    return thinker_
        ->plan(R"({"reasoning":")" + reason +
               R"(","steps":[{"id":"a","kind":"command","words":[")" + word + R"("]}]})")
        .value();
  };
  EXPECT_EQ(plan("because", "true"), plan("as I said", "true"));
  EXPECT_NE(plan("because", "true"), plan("because", "false"));
}

TEST_F(ThinkerTest, ThinksAndTellsWhatItCost) {
  settings_.model.input_price = 1'000'000;  // one a token
  settings_.model.output_price = 2'000'000;
  open(all_words);
  const Thought oriented = thinker_->think(Phase::orient, context(), {}, admitted_);
  ASSERT_TRUE(oriented.text) << oriented.text.error().message;
  EXPECT_EQ(*oriented.text, "It is wrong.");
  ASSERT_TRUE(oriented.used);
  EXPECT_EQ(oriented.used->calls, 1);
  EXPECT_EQ(oriented.used->tokens, 15);
  EXPECT_EQ(oriented.used->money, 20);
  EXPECT_LE(oriented.used->tokens, worst_.tokens);
  const Thought decided = thinker_->think(Phase::decide, context(), {}, admitted_);
  const auto plan = thinker_->plan(*decided.text);
  ASSERT_TRUE(plan) << plan.error().message;
  ASSERT_EQ(plan->steps.size(), 2U);
  EXPECT_THAT(plan->steps[1].needs, ElementsAre("a"));
  const Thought reflected = thinker_->think(Phase::reflect, context(), {}, admitted_);
  EXPECT_FALSE(thinker_->is_goal_reached(*reflected.text).value());
}

TEST_F(ThinkerTest, ChargesAtItsWorstWhoTellsNoUsage) {
  open(all_words, "/no-usage");
  const Thought thought = thinker_->think(Phase::orient, context(), {}, admitted_);
  ASSERT_TRUE(thought.text) << thought.text.error().message;
  EXPECT_GT(thought.used->tokens, 10'000);
  EXPECT_LE(thought.used->tokens, worst_.tokens);
}

TEST_F(ThinkerTest, AServerThatIsNotThereEatsNoBudget) {
  settings_.model.socket = scratch_ / "nothing";
  settings_.model.url = "http://127.0.0.1/v1";
  bench_.emplace(context_, settings_);
  thinker_.emplace(*bench_, followers_);
  const Thought thought = thinker_->think(Phase::orient, context(), {}, admitted_);
  ASSERT_FALSE(thought.text);
  EXPECT_EQ(thought.text.error().code, Errc::unavailable);
  ASSERT_TRUE(thought.used);
  EXPECT_EQ(thought.used->calls, 0);
  EXPECT_EQ(thought.used->tokens, 0);
  EXPECT_EQ(thought.used->money, 0);
}

// Asked three times, each within what was reserved for the first.
TEST_F(ThinkerTest, AServerThatIsNotThereNeedsOneReservation) {
  settings_.model.socket = scratch_ / "nothing";
  settings_.model.url = "http://127.0.0.1/v1";
  bench_.emplace(context_, settings_);
  thinker_.emplace(*bench_, followers_);
  int reserved = 0;
  const Thinker::Reserve once = [&](const Amounts&) -> Result<void> {
    if (++reserved > 1) return fail(Errc::busy, "budget: run: calls");
    return {};
  };
  const Thought thought = thinker_->think(Phase::orient, context(), {}, once);
  ASSERT_FALSE(thought.text);
  EXPECT_EQ(thought.text.error().code, Errc::unavailable);
  EXPECT_EQ(reserved, 1);
}

TEST_F(ThinkerTest, WithoutAModelThereIsNothingToReserve) {
  bench_.emplace(context_, settings_);
  spec_.model = "server";
  thinker_.emplace(*bench_, followers_);
  const Thought thought = thinker_->think(Phase::decide, context(), {}, admitted_);
  EXPECT_EQ(worst_.calls, 0);
  EXPECT_EQ(thought.text.error().code, Errc::unavailable);
}

// Waiting a minute and asking again, for ever, is for a server that is not there.
TEST_F(ThinkerTest, AttackAnswersThatAreNone) {
  for (const char* const way : {"/no-json", "/huge", "/two-calls", "/other-tool", "/cut",
                                "/refusal", "/no-choices", "/error"}) {
    open(all_words, way);
    const Thought thought = thinker_->think(Phase::decide, context(), {}, admitted_);
    ASSERT_FALSE(thought.text) << way;
    EXPECT_NE(thought.text.error().code, Errc::unavailable) << way << " is there";
    ASSERT_TRUE(thought.used) << way;
    EXPECT_LE(thought.used->calls, worst_.calls * 2) << way;
  }
}

TEST_F(ThinkerTest, AttackPlansThatCannotBeCarriedOut) {
  for (const char* const steps :
       {R"([{"id": "a", "kind": "shell", "words": ["rm"]}])",
        R"([{"id": "a", "kind": "command"}, {"id": "a", "kind": "command"}])",
        R"([{"id": "a", "kind": "command", "needs": ["b"]}])", R"("none")",
        R"([{"id": "", "kind": "command"}])",
        R"([{"id": "a", "kind": "command", "scope": "auto"}])"}) {
    open(std::string(R"({"decide": [{"reasoning": "r", "steps": )") + steps + "}]}");
    const Thought thought = thinker_->think(Phase::decide, context(), {}, admitted_);
    ASSERT_FALSE(thought.text) << steps;
    EXPECT_EQ(thought.text.error().code, Errc::invalid_args) << thought.text.error().message;
    EXPECT_EQ(thought.used->calls, 2) << "an answer, and its repair";
  }
}

// ---- Settings -------------------------------------------------------------------------------

TEST(Settings, HaveDefaultsThatAskAPerson) {
  const Settings settings = read_settings([](std::string_view) { return std::nullopt; });
  EXPECT_EQ(settings.agents_may, workspace::Scope::ask);
  EXPECT_EQ(settings.workers, 4);
  EXPECT_EQ(settings.model.url, "");
  EXPECT_EQ(settings.day.calls, 1'000);
  EXPECT_EQ(settings.day.tokens, 20'000'000);
  EXPECT_FALSE(settings.day.money);
}

// ---- Budgets --------------------------------------------------------------------------------

TEST(Budgets, AreOfEachScopeInEachUnit) {
  MandateSpec spec{.goal = "g", .workspace = "/w"};
  spec.run_money = 2.5;
  spec.run_seconds = 90;
  spec.mandate_tokens = 7;
  const Budget budget = budget_of(*parse_spec(spec_text(spec)), {.calls = 3});
  EXPECT_FALSE(budget.run.calls);
  EXPECT_EQ(budget.run.money, 2'500'000);
  EXPECT_EQ(budget.run.wall_ms, 90'000);
  EXPECT_EQ(budget.mandate.tokens, 7);
  EXPECT_EQ(budget.day.calls, 3);
  spec.mandate_money = -1;
  EXPECT_EQ(check(spec).error().code, Errc::invalid_args);
}

// All that a cycle reserves before it comes to an action; what was used before counts, too.
TEST(Budgets, OfSecondsHaveRoomForACallAndTheCommands) {
  const auto least = [](MandateSpec spec) {
    std::int64_t seconds = 1;
    for (;; ++seconds) {
      spec.run_seconds = seconds;
      if (check_seconds(spec, std::chrono::milliseconds(119'500))) break;
    }
    spec.run_seconds.reset();
    spec.mandate_seconds = seconds - 1;
    EXPECT_EQ(check_seconds(spec, std::chrono::milliseconds(119'500)).error().code,
              Errc::invalid_args);
    return seconds;
  };
  const MandateSpec spec{.goal = "g", .workspace = "/w"};
  EXPECT_EQ(least(spec), 120);
  MandateSpec ruled = spec;
  ruled.commands = {{.rule = "make", .scope = "deny"}};
  EXPECT_EQ(least(ruled), 120);
  ruled.commands.push_back({.rule = "make test"});
  EXPECT_EQ(least(ruled), 720);
  ruled.observe.commands = {"git status", "make -n"};
  EXPECT_EQ(least(ruled), 1'920);
}

TEST(Updates, LookAtNoMoreThanBefore) {
  const MandateSpec before{.goal = "g",
                           .workspace = "/w",
                           .observe = {.files = {"docs/*", "a"},
                                       .commands = {"git status"},
                                       .tools = {{.tool = "issues_list", .arguments = "{}"}}}};
  const auto why = [&](Observed observe) {
    MandateSpec after = before;
    after.observe = std::move(observe);
    return loosening_of(before, after);
  };
  EXPECT_EQ(why(before.observe), "");
  EXPECT_EQ(why({}), "");
  EXPECT_EQ(why({.files = {"a"}}), "");
  EXPECT_EQ(why({.files = {"**"}}), "more to look at");
  EXPECT_EQ(why({.commands = {"git status", "env"}}), "more to look at");
  EXPECT_EQ(why({.tools = {{.tool = "issues_list", .arguments = R"({"all":true})"}}}),
            "more to look at");
}

TEST(Budgets, AreSetByNameAndAreNothingElse) {
  const MandateSpec spec{.goal = "g", .workspace = "/w", .run_calls = 5, .run_tokens = 6};
  const auto with = [&](const std::string& limits) {
    return with_limits(spec_text(spec), json::parse(limits)->as_object());
  };
  const auto set = with(R"({"run_calls": 50, "run_tokens": null, "mandate_money": 0.5})");
  ASSERT_TRUE(set) << set.error().message;
  const MandateSpec after = *parse_spec(*set);
  EXPECT_EQ(after.run_calls, 50);
  EXPECT_FALSE(after.run_tokens);
  EXPECT_EQ(after.mandate_money, 0.5);
  EXPECT_EQ(after.goal, "g");
  for (const char* const bad :
       {R"({"commits": "auto"})", R"({"run_calls": 0})", R"({"run_calls": "many"})",
        R"({"run_money": -1})", R"({"run_money": 1e-7})", R"({"workspace": null})",
        R"({"run_seconds": 1.5})"})
    EXPECT_EQ(with(bad).error().code, Errc::invalid_args) << bad;
}

// What a tool asks for is never more, in whichever unit, and without a limit is the most.
TEST(Budgets, NoneIsRaisedByAnUpdate) {
  MandateSpec before{.goal = "g", .workspace = "/w"};
  for (const std::string_view name : limit_names) {
    const auto limited = [&](int most) {
      return *parse_spec(*with_limits(spec_text(before), json::Object{{name, most}}));
    };
    EXPECT_EQ(loosening_of(limited(5), limited(6)), "a larger budget") << name;
    EXPECT_EQ(loosening_of(limited(5), before), "a larger budget") << name;
    EXPECT_EQ(loosening_of(limited(5), limited(4)), "") << name;
    EXPECT_EQ(loosening_of(before, limited(5)), "") << name;
  }
}

TEST(Settings, AreReadAsTheyStand) {
  const std::map<std::string, std::string, std::less<>> file{
      {"workers", "2"},
      {"agents_may", "auto"},
      {"day_money", "2.50"},
      {"day_time", "2h"},
      {"model.mode", "prompt"},
      {"model.timeout", "90s"},
      {"model.key_command", "pass\nshow\nkey"},
      {"tool_chains", "/opt/a\n/opt/b"},
      {"model.input_price", "0.15"}};
  const Settings settings = read_settings([&](std::string_view name) {
    const auto found = file.find(name);
    return found == file.end() ? std::nullopt : std::optional(found->second);
  });
  EXPECT_EQ(settings.workers, 2);
  EXPECT_EQ(settings.agents_may, workspace::Scope::automatic);
  EXPECT_EQ(settings.day.money, 2'500'000);
  EXPECT_EQ(settings.day.wall_ms, 7'200'000);
  EXPECT_EQ(settings.model.mode, model::ShapeMode::prompt);
  EXPECT_EQ(settings.model.timeout, std::chrono::seconds(90));
  EXPECT_THAT(settings.model.key.command, ElementsAre("pass", "show", "key"));
  EXPECT_THAT(settings.tool_chains, ElementsAre("/opt/a", "/opt/b"));
  EXPECT_EQ(settings.model.input_price, 150'000);
}

TEST(Settings, RefuseWhatDoesNotFit) {
  const auto fits = [](std::string_view name, std::string_view value) {
    for (const pack::Setting& each : known_settings()) {
      if (each.name == name) return each.fits == nullptr || each.fits(value);
    }
    ADD_FAILURE() << "no setting " << name;
    return false;
  };
  for (const auto& [name, good, bad] :
       std::vector<std::array<const char*, 3>>{{"workers", "64", "0"},
                                               {"workers", "1", "65"},
                                               {"agents_may", "ask", "deny"},
                                               {"day_calls", "0", "-1"},
                                               {"day_tokens", "5", "5x"},
                                               {"day_money", "2.50", "nan"},
                                               {"day_money", "0", "-1"},
                                               {"day_time", "90m", "long"},
                                               {"model.timeout", "2m", "soon"},
                                               {"model.mode", "tool", "chat"},
                                               {"model.timeout", "1ms", "0"},
                                               {"model.url", "http://x/v1", "x/v1"},
                                               {"model.url", "https://x", "https://"},
                                               {"model.url", "", "ftp://x"},
                                               {"tool_chains", "/opt/a\n/opt/b", "/opt/a\nb"},
                                               {"model.socket", "/s", "s"},
                                               {"model.key_file", "/k", ""},
                                               {"model.input_price", "1", "inf"}}) {
    EXPECT_TRUE(fits(name, good)) << name << " " << good;
    EXPECT_FALSE(fits(name, bad)) << name << " " << bad;
  }
}

TEST(Settings, RefuseWhatDoesNotFitTogether) {
  using Section = std::map<std::string, std::string>;
  struct Case {
    Section section;
    const char* where;
    const char* why;
  };
  const std::vector<Case> wrong{
      {{{"secrets.a.env", "A"}, {"secrets.b.tools", "t"}}, "secrets.b.tools", "b has no source"},
      {{{"secrets.a.file", ""}}, "secrets.a.file", "a has no source"},
      {{{"secrets.a.file", "/a"}, {"secrets.a.env", "A"}}, "secrets.a.file", "a has two sources"},
      {{{"secrets.a b.env", "A"}}, "secrets.a b.env", "is no name of a secret"},
      {{{"model.key_env", "A"}, {"model.key_secret", "a"}, {"secrets.a.env", "A"}},
       "model.key_secret",
       "two keys"},
      {{{"model.key_secret", "b"}, {"secrets.a.env", "A"}}, "model.key_secret", "secrets.b]"}};
  for (const Case& each : wrong) {
    const auto misfit = check_settings(each.section);
    ASSERT_TRUE(misfit) << each.why;
    EXPECT_EQ(misfit->name, each.where);
    EXPECT_THAT(misfit->why, HasSubstr(each.why));
  }
  EXPECT_FALSE(check_settings({}));
  EXPECT_FALSE(check_settings({{"secrets.a.env", "A"},
                               {"secrets.a.tools", "t"},
                               {"secrets.b.command", "pass\nb"},
                               {"model.url", "http://x"},
                               {"model.key_secret", "b"}}));
}

// ---- Events ---------------------------------------------------------------------------------

TEST(RecordEvents, GiveBackTheFieldsOfARecord) {
  const std::string text = fields_text({{"run", "r1"},
                                        {"mandate", "m1"},
                                        {"proposal", "prop_1"},
                                        {"reason", "he said \"no\"\\\nand left"},
                                        {"nothing", ""},
                                        {"target", "a=b c"}});
  JournalEntry entry;
  entry.kind = "run_ended";
  entry.text = text;
  const RecordEvent event = event_of(entry);
  const auto data = json::parse(event.data);
  ASSERT_TRUE(data) << event.data;
  EXPECT_EQ(json::string_or(*data, "run", ""), "r1");
  EXPECT_EQ(json::string_or(*data, "reason", ""), "he said \"no\"\\\nand left");
  EXPECT_EQ(json::string_or(*data, "nothing", "?"), "");
  EXPECT_EQ(json::string_or(*data, "target", ""), "a=b c");
  // Those that can be read, and no others (declare_resources).
  EXPECT_THAT(event.resources,
              ElementsAre("hearth://mandates/status", "hearth://mandates/runs/r1"));
}

// A part of a secret would not be known as one, nor one with a quotation mark that was escaped.
TEST(RecordEvents, HoldNoPartOfASecret) {
  secrets::Redactor redactor;
  redactor.add("token", "tok-7f3a\"9c51");
  for (std::size_t before = 1'980; before <= 2'010; ++before) {
    const std::string value = std::string(before, 'x') + "tok-7f3a\"9c51";
    const std::string text =
        fields_text({{"why", value}}, [&](std::string_view each) { return redactor.redact(each); });
    for (const char* const part : {"tok-", "7f3a", "9c51"})
      EXPECT_THAT(text, testing::Not(HasSubstr(part))) << before;
  }
}

TEST(RecordEvents, TextThatIsNoRecordEndsAllTheSame) {
  for (const char* const text : {"", " ", "=", "a", "a=\"", "a=\"b\\", "\"\"\"", "a=b  c=d "}) {
    JournalEntry entry;
    entry.text = text;
    EXPECT_TRUE(json::parse(event_of(entry).data)) << text;
  }
}

}  // namespace
}  // namespace hearth::packs::mandates
