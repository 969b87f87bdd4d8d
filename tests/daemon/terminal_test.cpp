// Who is no person; tests/blackbox/mandates_test.cpp has the person, and mandates_person_test.cpp
// who passes on a connection.
#include "daemon/terminal.hpp"

#include <fcntl.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <sys/wait.h>
#include <unistd.h>

#include <csignal>

namespace hearth::daemon {
namespace {

TEST(PersonBefore, AnotherProgramIsNone) {
  const auto found = person_before(RunningProgram::of(::getpid()));
  ASSERT_FALSE(found);
  EXPECT_EQ(found.error().code, Errc::permission);
  EXPECT_THAT(found.error().message, testing::HasSubstr("does not come from"));
}

TEST(PersonBefore, AProcessThatIsGoneIsNone) {
  EXPECT_EQ(person_before(RunningProgram::of(0)).error().code, Errc::permission);
  EXPECT_EQ(person_before(RunningProgram::of(-1)).error().code, Errc::permission);
}

TEST(PersonBefore, AProcessIsSeenAsTheKernelHasIt) {
  const RunningProgram seen = RunningProgram::of(::getpid());
  EXPECT_THAT(seen.path(), testing::HasSubstr("daemon"));
  EXPECT_TRUE(seen.is_running());
}

// The number stays, and so does the path of a program that executes itself.
TEST(PersonBefore, AProcessThatExecutesAProgramIsAnother) {
  int go[2];
  int executed[2];  // ends with the child's copy, which does not outlive it
  ASSERT_EQ(::pipe2(go, O_CLOEXEC), 0);
  ASSERT_EQ(::pipe2(executed, O_CLOEXEC), 0);
  const pid_t child = ::fork();
  if (child == 0) {
    char byte = 0;
    if (::read(go[0], &byte, 1) != 1) ::_exit(1);
    ::execl("/usr/bin/sleep", "sleep", "60", nullptr);
    ::_exit(1);
  }
  const RunningProgram before = RunningProgram::of(child);
  EXPECT_TRUE(before.is_running());
  EXPECT_EQ(::write(go[1], "x", 1), 1);
  ::close(executed[1]);
  char byte = 0;
  EXPECT_EQ(::read(executed[0], &byte, 1), 0);
  EXPECT_FALSE(before.is_running());
  const RunningProgram after = RunningProgram::of(child);
  EXPECT_TRUE(after.is_running());
  ::kill(child, SIGKILL);
  ::waitpid(child, nullptr, 0);
  EXPECT_FALSE(after.is_running());
  for (const int end : {go[0], go[1], executed[0]}) ::close(end);
}

}  // namespace
}  // namespace hearth::daemon
