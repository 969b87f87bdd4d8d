#include "mcp/binder.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <memory>
#include <optional>
#include <stop_token>
#include <string>
#include <utility>

#include "support/fake_pack_context.hpp"
#include "support/tools_only.hpp"

namespace hearth::mcp {
namespace {

using ::testing::HasSubstr;

struct Request {
  std::string query;
  std::int64_t limit = 10;
  std::vector<std::string> tags;
};
BOOST_DESCRIBE_STRUCT(Request, (), (query, limit, tags))
json::Notes notes(const Request*) {
  return {{"query", "What to look for", json::range(1, 100)},
          {"limit", "Most hits", json::range(1, 50) | json::defaulted},
          {"tags", "Only these", json::defaulted | json::one_of({"red", "blue"})}};
}

struct Answer {
  std::int64_t hits = 0;
};
BOOST_DESCRIBE_STRUCT(Answer, (), (hits))
json::Notes notes(const Answer*) {
  return {{"hits", "Number of hits"}};
}

// Takes the one tool that a test binds.
class OneTool final : public test::ToolsOnly {
 public:
  using ToolsOnly::add;
  void add(pack::ToolSpec spec, pack::ToolHandler handler) override {
    spec_ = std::move(spec);
    handler_ = std::move(handler);
  }
  pack::ToolSpec spec_;
  pack::ToolHandler handler_;
};

class Outcome final : public pack::CallSink {
 public:
  explicit Outcome(std::optional<Result<pack::Reply>>& to) : to_(to) {}
  void finish(Result<pack::Reply> outcome) override {
    EXPECT_FALSE(to_.has_value()) << "answered twice";
    to_ = std::move(outcome);
  }
  void progress(double, std::optional<double>, std::string_view) override {}
  void log(pack::LogLevel, std::string_view) override {}

 private:
  std::optional<Result<pack::Reply>>& to_;
};

class BinderTest : public ::testing::Test {
 protected:
  static Tool<Request, Answer> tool() {
    return Tool<Request, Answer>({.verb = "search", .title = "Search", .description = "Searches"});
  }
  void call(std::string_view arguments) {
    outcome_.reset();
    pack::Call::Context context;
    context.caller = std::make_shared<pack::Caller>();
    context.tool = "test_search";
    context.stop = stop_.get_token();
    one_.handler_(arguments, pack::Call(std::move(context), std::make_unique<Outcome>(outcome_)));
  }
  std::string complaint(std::string_view arguments) {
    call(arguments);
    if (!outcome_ || *outcome_) return "none";
    EXPECT_EQ(outcome_->error().code, Errc::invalid_args);
    return outcome_->error().message;
  }
  void bind_on_loop() {
    tool().on_loop(one_, [this](const Request& request, const pack::Call&) -> Result<Answer> {
      seen_ = request;
      if (request.query == "none") return fail(Errc::not_found, "no hit", {"other words"});
      return Answer{request.limit};
    });
  }

  OneTool one_;
  test::FakePackContext lent_;
  pack::PackContext* context_ = nullptr;  // a pack gets it at start()
  std::stop_source stop_;
  std::optional<Result<pack::Reply>> outcome_;
  std::optional<Request> seen_;
};

TEST_F(BinderTest, DerivesTheSchemasFromTheRecords) {
  bind_on_loop();
  const auto input = json::parse(one_.spec_.input_schema);
  ASSERT_TRUE(input.has_value());
  EXPECT_EQ(json::dump(*json::find(*input, "required")), R"(["query"])");
  EXPECT_THAT(one_.spec_.input_schema, HasSubstr(R"("description":"What to look for")"));
  EXPECT_THAT(one_.spec_.input_schema, HasSubstr(R"("default":10)"));
  EXPECT_THAT(one_.spec_.output_schema, HasSubstr(R"("hits")"));
}

TEST_F(BinderTest, GivesTheHandlerAValidRequestWithDefaults) {
  bind_on_loop();
  call(R"({"query":"cats"})");
  ASSERT_TRUE(outcome_ && *outcome_);
  EXPECT_EQ((**outcome_).structured, R"({"hits":10})");
  EXPECT_EQ(seen_->query, "cats");
  EXPECT_TRUE(seen_->tags.empty());
}

TEST_F(BinderTest, NamesThePathOfWhatIsWrong) {
  bind_on_loop();
  EXPECT_THAT(complaint(""), HasSubstr("params.query: missing (What to look for)"));
  EXPECT_THAT(complaint("[]"), HasSubstr("params: expected object"));
  EXPECT_THAT(complaint(R"({"query":7})"), HasSubstr("params.query: expected string"));
  EXPECT_THAT(complaint(R"({"query":""})"), HasSubstr("params.query"));
  EXPECT_THAT(complaint(R"({"query":"a","limit":51})"), HasSubstr("params.limit"));
  EXPECT_THAT(complaint(R"({"query":"a","limit":"9"})"),
              HasSubstr("params.limit: expected integer"));
  EXPECT_THAT(complaint(R"({"query":"a","tags":["red","green"]})"), HasSubstr("params.tags[1]"));
  EXPECT_THAT(complaint(R"({"query":"a","limt":5})"), HasSubstr("limt"));
  EXPECT_THAT(complaint(R"({"query":)"), HasSubstr("JSON"));
  EXPECT_FALSE(seen_.has_value());
}

TEST_F(BinderTest, PassesOnTheHandlersError) {
  bind_on_loop();
  call(R"({"query":"none"})");
  ASSERT_TRUE(outcome_ && !*outcome_);
  EXPECT_EQ(outcome_->error().code, Errc::not_found);
  EXPECT_THAT(outcome_->error().suggestions, ::testing::ElementsAre("other words"));
}

class PoolBinderTest : public BinderTest {
 protected:
  PoolBinderTest() {
    tool().on_pool(one_, context_, [this](const Request& request, const pack::Call&) {
      seen_ = request;
      return Result<Answer>(Answer{1});
    });
    context_ = &lent_;  // after the binding, as in a daemon
  }
};

TEST_F(PoolBinderTest, AnswersFromThePool) {
  call(R"({"query":"cats"})");
  EXPECT_FALSE(outcome_.has_value());
  lent_.run_next();
  ASSERT_TRUE(outcome_ && *outcome_);
  EXPECT_EQ((**outcome_).structured, R"({"hits":1})");
}

TEST_F(PoolBinderTest, RefusesABadRequestBeforeThePool) {
  EXPECT_THAT(complaint("{}"), HasSubstr("params.query"));
  EXPECT_TRUE(lent_.jobs.empty());
}

TEST_F(PoolBinderTest, AnswersBusyWhenThePoolIsFull) {
  lent_.is_full = true;
  call(R"({"query":"cats"})");
  ASSERT_TRUE(outcome_ && !*outcome_);
  EXPECT_EQ(outcome_->error().code, Errc::busy);
}

TEST_F(PoolBinderTest, DoesNotBeginWhatWasCancelledBefore) {
  call(R"({"query":"cats"})");
  stop_.request_stop();
  lent_.run_next();
  ASSERT_TRUE(outcome_ && !*outcome_);
  EXPECT_EQ(outcome_->error().code, Errc::cancelled);
  EXPECT_FALSE(seen_.has_value());
}

TEST_F(PoolBinderTest, AnswersForAJobThatNeverRan) {
  call(R"({"query":"cats"})");
  lent_.jobs.clear();
  ASSERT_TRUE(outcome_ && !*outcome_);
  EXPECT_EQ(outcome_->error().code, Errc::internal);
}

TEST_F(BinderTest, LetsADeferredHandlerKeepTheCall) {
  std::optional<pack::Call> kept;
  tool().deferred(one_, [&](Request request, pack::Call call) {
    seen_ = std::move(request);
    kept.emplace(std::move(call));
  });
  call(R"({"query":"later"})");
  EXPECT_FALSE(outcome_.has_value());
  kept->answer(pack::Reply{.structured = "{}"});
  EXPECT_TRUE(outcome_ && *outcome_);
  EXPECT_EQ(seen_->query, "later");
}

}  // namespace
}  // namespace hearth::mcp
