// Who is no person; tests/blackbox/mandates_test.cpp has the person.
#include "daemon/terminal.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <unistd.h>

namespace hearth::daemon {
namespace {

TEST(PersonBefore, AnotherProgramIsNone) {
  const auto found = person_before(::getpid());
  ASSERT_FALSE(found);
  EXPECT_EQ(found.error().code, Errc::permission);
  EXPECT_THAT(found.error().message, testing::HasSubstr("does not come from"));
}

TEST(PersonBefore, AProcessThatIsGoneIsNone) {
  EXPECT_EQ(person_before(0).error().code, Errc::permission);
  EXPECT_EQ(person_before(-1).error().code, Errc::permission);
}

}  // namespace
}  // namespace hearth::daemon
