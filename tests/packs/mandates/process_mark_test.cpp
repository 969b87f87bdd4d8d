#include "packs/mandates/sandbox/process_mark.hpp"

#include <gtest/gtest.h>
#include <unistd.h>

#include "support/process.hpp"

namespace hearth::packs::mandates::sandbox {
namespace {

using std::chrono::milliseconds;
using std::chrono::seconds;

TEST(ProcessMark, WaitsForWhatEndsAndEndsWhatDoesNot) {
  test::Process slow({.words = {"/bin/sleep", "300"}});
  const auto mark = mark_of(slow.pid());
  ASSERT_TRUE(mark) << mark.error().message;
  EXPECT_TRUE(mark->is_of_this_boot());
  EXPECT_TRUE(wait_for_end(*mark, milliseconds(500)));
  EXPECT_EQ(slow.wait(seconds(30)).signal, SIGKILL);
  EXPECT_TRUE(wait_for_end(*mark, milliseconds(0))) << "it is gone";
  EXPECT_FALSE(mark_of(slow.pid()));

  test::Process quick({.words = {"/bin/cat"}, .has_input = true});
  const auto other = mark_of(quick.pid());
  ASSERT_TRUE(other);
  quick.close_input();
  EXPECT_TRUE(wait_for_end(*other, seconds(30)));
  EXPECT_EQ(quick.wait(seconds(30)).exit_code, 0) << "it was left to end";
}

// Numbers are used again.
TEST(ProcessMark, LeavesOthersOfTheSameNumberAlone) {
  auto mark = mark_of(::getpid());
  ASSERT_TRUE(mark);
  ProcessMark other = *mark;
  ++other.started;
  EXPECT_TRUE(wait_for_end(other, milliseconds(0)));
  other = *mark;
  other.boot = "another";
  EXPECT_FALSE(other.is_of_this_boot());
  EXPECT_TRUE(wait_for_end(other, milliseconds(0)));
  EXPECT_TRUE(wait_for_end({}, milliseconds(0))) << "none at all";
}

}  // namespace
}  // namespace hearth::packs::mandates::sandbox
