#include "secrets/secret.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cstdlib>

#include "support/process.hpp"
#include "support/scratch_directory.hpp"

namespace hearth::secrets {
namespace {

using ::testing::HasSubstr;
using ::testing::Not;

TEST(Secret, ComesFromAVariableAFileOrACommand) {
  EXPECT_EQ(read_secret({}, {}).value(), "");
  ::setenv("HEARTH_TEST_KEY", "k1", 1);
  EXPECT_EQ(read_secret({.environment = "HEARTH_TEST_KEY", .file = {}, .command = {}}, {}).value(),
            "k1");
  ::unsetenv("HEARTH_TEST_KEY");
  const test::ScratchDirectory scratch("secret");
  test::write_file(scratch / "key", "k2\n");
  EXPECT_EQ(read_secret({.environment = {}, .file = scratch / "key", .command = {}}, {}).value(),
            "k2");
  EXPECT_EQ(
      read_secret({.environment = {}, .file = {}, .command = {"sh", "-c", "echo k3"}}, {}).value(),
      "k3");
}

TEST(Secret, ErrorsNameTheSourceAndNotTheSecret) {
  const auto missing = read_secret({.environment = "HEARTH_NO_KEY", .file = {}, .command = {}}, {});
  EXPECT_THAT(missing.error().message, HasSubstr("no variable HEARTH_NO_KEY"));
  EXPECT_FALSE(missing.error().suggestions.empty());
  const test::ScratchDirectory scratch("secret");
  test::write_file(scratch / "two", "one\ntwo\n");
  const auto two = read_secret({.environment = {}, .file = scratch / "two", .command = {}}, {});
  EXPECT_THAT(two.error().message, HasSubstr(scratch / "two"));
  EXPECT_THAT(two.error().message, Not(HasSubstr("one\n")));
  test::write_file(scratch / "none", "\n");
  EXPECT_THAT(
      read_secret({.environment = {}, .file = scratch / "none", .command = {}}, {}).error().message,
      HasSubstr("holds no key"));
  EXPECT_FALSE(read_secret({.environment = {}, .file = scratch / "nosuch", .command = {}}, {}));
  EXPECT_THAT(
      read_secret({.environment = {}, .file = {}, .command = {"false"}}, {}).error().message,
      HasSubstr("false exited with status 1"));
}

}  // namespace
}  // namespace hearth::secrets
