#include "io/captured_output.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <thread>

namespace hearth::io {
namespace {

using std::chrono::milliseconds;
using std::chrono::seconds;
using ::testing::HasSubstr;

Result<std::string> run(std::string script,
                        milliseconds timeout = seconds(20),
                        const std::stop_token& stop = {}) {
  return captured_output({.words = {"sh", "-c", std::move(script)}, .environment = {}}, 100'000,
                         timeout, stop);
}

TEST(CapturedOutput, IsWhatTheProgramPrints) {
  EXPECT_EQ(run("echo a; echo b >&2; echo c").value(), "a\nc\n");
  EXPECT_EQ(run("head -c 100000 /dev/zero").value().size(), 100'000U);
  EXPECT_EQ(run("true").value(), "");
}

TEST(CapturedOutput, SaysHowAProgramFailed) {
  const auto failed = run("echo a; echo no such key >&2; exit 4");
  ASSERT_FALSE(failed);
  EXPECT_EQ(failed.error().code, Errc::unavailable);
  EXPECT_EQ(failed.error().message, "sh exited with status 4: no such key");
  EXPECT_EQ(
      captured_output({.words = {"hearth-nosuch"}, .environment = {}}, 1, seconds(1)).error().code,
      Errc::not_found);
}

TEST(CapturedOutput, OfAProgramThatFailedIsHeldAllTheSame) {
  const auto all = captured(
      {.words = {"sh", "-c", "echo a; echo b >&2; exit 4"}, .environment = {}}, 100, seconds(20));
  ASSERT_TRUE(all);
  EXPECT_EQ(all->output, "a\n");
  EXPECT_EQ(all->errors, "b\n");
  EXPECT_EQ(all->end.exit_code, 4);
}

TEST(CapturedOutput, IsBoundedInSizeAndTime) {
  const auto large = run("head -c 1000000 /dev/zero");
  ASSERT_FALSE(large);
  EXPECT_THAT(large.error().message, HasSubstr("more than 100000 bytes"));
  EXPECT_EQ(run("head -c 1000000 /dev/zero >&2; echo ok").value(), "ok\n");
  EXPECT_EQ(run("sleep 1000", milliseconds(50)).error().code, Errc::timed_out);
  EXPECT_EQ(run("exec >&- 2>&-; sleep 1000", milliseconds(100)).error().code, Errc::timed_out);
}

TEST(CapturedOutput, EndsWhenStopped) {
  std::stop_source source;
  std::jthread stopper([&] {
    std::this_thread::sleep_for(milliseconds(20));
    source.request_stop();
  });
  EXPECT_EQ(run("sleep 1000", seconds(20), source.get_token()).error().code, Errc::cancelled);
  // Also one that has closed its output.
  EXPECT_EQ(run("exec >&- 2>&-; sleep 1000", seconds(20), source.get_token()).error().code,
            Errc::cancelled);
}

}  // namespace
}  // namespace hearth::io
