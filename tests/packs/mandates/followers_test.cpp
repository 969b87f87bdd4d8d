#include "packs/mandates/followers.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <future>
#include <thread>

#include "packs/mandates/bench_fixture.hpp"

namespace hearth::packs::mandates {
namespace {

using std::chrono::milliseconds;
using std::chrono::seconds;
using testing::ElementsAre;

// What one round of a call was answered, and told before.
struct Round {
  std::promise<Result<pack::Reply>> answered;
  std::vector<std::string> told;
};

class RoundSink final : public pack::CallSink {
 public:
  explicit RoundSink(std::shared_ptr<Round> round) : round_(std::move(round)) {}
  void finish(Result<pack::Reply> outcome) override {
    round_->answered.set_value(std::move(outcome));
  }
  void progress(double, std::optional<double>, std::string_view message) override {
    round_->told.emplace_back(message);
  }
  void log(pack::LogLevel, std::string_view) override {}

 private:
  std::shared_ptr<Round> round_;
};

class FollowersTest : public testing::Test {
 protected:
  std::shared_ptr<Round> follow(const std::string& run, bool lends, std::stop_token stop = {}) {
    auto round = std::make_shared<Round>();
    auto caller = std::make_shared<pack::Caller>();
    caller->session = "s1";
    pack::Call::Context context{.caller = std::move(caller), .tool = "mandates_run_follow"};
    context.stop = std::move(stop);
    followers_.add(run, pack::Call(std::move(context), std::make_unique<RoundSink>(round)), lends);
    return round;
  }
  std::future<Result<std::string>> ask(const std::string& run, milliseconds timeout = seconds(60)) {
    return std::async(std::launch::async, [this, run, timeout] {
      return followers_.ask(run, "{}", timeout, stop_.get_token(), was_asked_);
    });
  }
  static Result<pack::Reply> answer_of(Round& round) { return round.answered.get_future().get(); }

  BenchContext context_{{}};
  Followers followers_{context_};
  std::stop_source stop_;
  bool was_asked_ = false;
};

TEST_F(FollowersTest, AQuestionEndsTheRoundAndItsAnswerComesWithTheNextOne) {
  const auto round = follow("r", true);
  EXPECT_TRUE(followers_.lends_model("r"));
  auto answer = ask("r");
  const auto asked = answer_of(*round);
  ASSERT_TRUE(asked && asked->questions);
  EXPECT_EQ(asked->questions->ask.at(Followers::question_name).kind, pack::QuestionKind::sample);
  EXPECT_FALSE(followers_.lends_model("r")) << "it is asked already";
  followers_.answer("another question", "x");
  const auto next = follow("r", true);
  followers_.answer(asked->questions->state, "said");
  EXPECT_EQ(answer.get().value(), "said");
  EXPECT_TRUE(was_asked_);
  followers_.tell("r", "phase ended");
  followers_.end("r", pack::Reply{.structured = "{}"});
  EXPECT_THAT(next->told, ElementsAre("phase ended"));
  EXPECT_EQ(answer_of(*next)->structured, "{}");
}

TEST_F(FollowersTest, NobodyIsAskedWhoDoesNotLend) {
  const auto round = follow("r", false);
  const auto other = follow("other", true);
  EXPECT_FALSE(followers_.lends_model("r"));
  EXPECT_EQ(ask("r").get().error().code, Errc::unavailable);
  EXPECT_FALSE(was_asked_);
}

TEST_F(FollowersTest, WhoLeavesIsWaitedForNoLonger) {
  std::stop_source client;
  auto round = follow("r", true, client.get_token());
  auto answer = ask("r");
  (void)answer_of(*round);
  client.request_stop();
  EXPECT_EQ(answer.get().error().code, Errc::unavailable);
  round = follow("r", true);
  answer = ask("r");
  (void)answer_of(*round);
  followers_.left("s1");
  EXPECT_EQ(answer.get().error().code, Errc::unavailable);
  round = follow("r", true);
  EXPECT_EQ(ask("r", milliseconds(1)).get().error().code, Errc::unavailable);
  round = follow("r", true);
  answer = ask("r");
  (void)answer_of(*round);
  stop_.request_stop();
  EXPECT_EQ(answer.get().error().code, Errc::cancelled);
}

TEST_F(FollowersTest, ACancelledCallFollowsNoMore) {
  std::stop_source client;
  const auto round = follow("r", true, client.get_token());
  client.request_stop();
  EXPECT_EQ(answer_of(*round).error().code, Errc::cancelled);
  EXPECT_THAT(followers_.runs(), testing::IsEmpty());
}

TEST_F(FollowersTest, ClosingAnswersAllAndWhoComesLater) {
  const auto round = follow("r", true);
  const auto asked = follow("q", true);
  auto answer = ask("q");
  (void)answer_of(*asked);
  followers_.close();
  EXPECT_EQ(answer_of(*round).error().code, Errc::draining);
  EXPECT_EQ(answer.get().error().code, Errc::draining);
  EXPECT_EQ(answer_of(*follow("r", true)).error().code, Errc::draining);
}

}  // namespace
}  // namespace hearth::packs::mandates
