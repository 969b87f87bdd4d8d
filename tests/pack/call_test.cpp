#include "pack/call.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <atomic>
#include <memory>
#include <string>
#include <thread>
#include <utility>
#include <vector>

#include "pack/pack.hpp"

namespace hearth::pack {
namespace {

using ::testing::HasSubstr;

// What a call has told its sink.
struct Heard {
  std::atomic<int> answers = 0;
  Result<Reply> outcome;
  std::vector<std::string> reports;
};

class RecordingSink final : public CallSink {
 public:
  explicit RecordingSink(std::shared_ptr<Heard> heard) : heard_(std::move(heard)) {}
  void finish(Result<Reply> outcome) override {
    heard_->outcome = std::move(outcome);
    ++heard_->answers;
  }
  void progress(double done, std::optional<double> total, std::string_view message) override {
    heard_->reports.push_back(std::to_string(static_cast<int>(done)) + "/" +
                              std::to_string(static_cast<int>(total.value_or(-1))) + " " +
                              std::string(message));
  }
  void log(LogLevel, std::string_view message) override { heard_->reports.emplace_back(message); }

 private:
  std::shared_ptr<Heard> heard_;
};

Call make_call(const std::shared_ptr<Heard>& heard) {
  Call::Context context;
  context.caller = std::make_shared<Caller>();
  context.tool = "echo_say";
  context.key = "k1";
  return Call(std::move(context), std::make_unique<RecordingSink>(heard));
}

TEST(Call, AnswersOnce) {
  const auto heard = std::make_shared<Heard>();
  {
    Call call = make_call(heard);
    call.answer(Reply{.structured = R"({"a":1})"});
  }
  EXPECT_EQ(heard->answers, 1);
  EXPECT_EQ(heard->outcome->structured, R"({"a":1})");
}

TEST(Call, AnswersInternalErrorWhenItIsDropped) {
  const auto heard = std::make_shared<Heard>();
  {
    const Call dropped = make_call(heard);
  }
  ASSERT_EQ(heard->answers, 1);
  ASSERT_FALSE(heard->outcome.has_value());
  EXPECT_EQ(heard->outcome.error().code, Errc::internal);
  EXPECT_THAT(heard->outcome.error().message, HasSubstr("echo_say ended without an answer"));
}

TEST(Call, TakesItsDutyAlongWhenItMoves) {
  const auto heard = std::make_shared<Heard>();
  {
    Call first = make_call(heard);
    {
      const Call second = std::move(first);
      EXPECT_EQ(heard->answers, 0);
    }
    EXPECT_EQ(heard->answers, 1);
  }
  EXPECT_EQ(heard->answers, 1);
}

TEST(Call, IsAnsweredOnAnotherThread) {
  const auto heard = std::make_shared<Heard>();
  std::thread([call = make_call(heard)]() mutable {
    call.answer(Reply{.structured = "{}"});
  }).join();
  EXPECT_EQ(heard->answers, 1);
  EXPECT_TRUE(heard->outcome.has_value());
}

TEST(Call, ReportsUntilItIsAnswered) {
  const auto heard = std::make_shared<Heard>();
  Call call = make_call(heard);
  call.progress(1, 4, "first");
  call.log(LogLevel::info, "note");
  call.progress(2, std::nullopt, "");
  call.answer(Reply{});
  call.progress(3, 4, "late");
  call.log(LogLevel::error, "late");
  EXPECT_THAT(heard->reports, ::testing::ElementsAre("1/4 first", "note", "2/-1 "));
}

TEST(Call, TellsItsContext) {
  const auto heard = std::make_shared<Heard>();
  const Call call = make_call(heard);
  EXPECT_EQ(call.tool(), "echo_say");
  EXPECT_EQ(call.key(), "k1");
  EXPECT_FALSE(call.is_resend());
  EXPECT_FALSE(call.stop().stop_requested());
  EXPECT_FALSE(call.deadline().has_value());
  EXPECT_EQ(call.caller().name_space, "default");
}

TEST(Warmth, HasANameForEachDegree) {
  EXPECT_EQ(warmth_name(Warmth::cold), "cold");
  EXPECT_EQ(warmth_name(Warmth::warming), "warming");
  EXPECT_EQ(warmth_name(Warmth::warm), "warm");
  EXPECT_EQ(warmth_name(Warmth::degraded), "degraded");
}

}  // namespace
}  // namespace hearth::pack
