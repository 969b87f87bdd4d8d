// Who is no person; tests/blackbox/mandates_test.cpp has the person, and mandates_person_test.cpp
// who passes on a connection.
#include "daemon/terminal.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <unistd.h>

namespace hearth::daemon {
namespace {

TEST(PersonBefore, AnotherProgramIsNone) {
  const auto found = person_before(look_at(::getpid()));
  ASSERT_FALSE(found);
  EXPECT_EQ(found.error().code, Errc::permission);
  EXPECT_THAT(found.error().message, testing::HasSubstr("does not come from"));
}

TEST(PersonBefore, AProcessThatIsGoneIsNone) {
  EXPECT_EQ(person_before(look_at(0)).error().code, Errc::permission);
  EXPECT_EQ(person_before(look_at(-1)).error().code, Errc::permission);
}

TEST(PersonBefore, AProcessIsSeenAsTheKernelHasIt) {
  const ProcessSight sight = look_at(::getpid());
  EXPECT_THAT(sight.program, testing::HasSubstr("daemon"));
  EXPECT_GT(sight.begun, 0U);
  EXPECT_EQ(sight, look_at(::getpid()));
  EXPECT_NE(sight, look_at(::getppid()));
}

}  // namespace
}  // namespace hearth::daemon
