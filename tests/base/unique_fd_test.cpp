#include "base/unique_fd.hpp"

#include <fcntl.h>
#include <gtest/gtest.h>

#include <utility>

namespace hearth {
namespace {

int open_null() {
  return ::open("/dev/null", O_RDONLY | O_CLOEXEC);
}

bool is_open(int fd) {
  return ::fcntl(fd, F_GETFD) != -1;
}

TEST(UniqueFd, ClosesWhenItGoes) {
  const int raw = open_null();
  {
    const UniqueFd fd(raw);
  }
  EXPECT_FALSE(is_open(raw));
}

TEST(UniqueFd, MovesOwnership) {
  UniqueFd from(open_null());
  const int raw = from.get();
  UniqueFd to(std::move(from));
  EXPECT_EQ(to.get(), raw);
  EXPECT_TRUE(is_open(raw));
}

TEST(UniqueFd, ClosesItsOwnWhenAnotherIsMovedIn) {
  UniqueFd kept(open_null());
  UniqueFd moved(open_null());
  const int closed = kept.get();
  const int raw = moved.get();
  kept = std::move(moved);
  EXPECT_FALSE(is_open(closed));
  EXPECT_EQ(kept.get(), raw);
}

TEST(UniqueFd, GivesUpOwnershipOnRelease) {
  UniqueFd fd(open_null());
  const int raw = fd.release();
  EXPECT_FALSE(fd.valid());
  EXPECT_TRUE(is_open(raw));
  ::close(raw);
}

TEST(UniqueFd, IsInvalidUntilGivenOne) {
  UniqueFd fd;
  EXPECT_FALSE(fd.valid());
  fd.reset(open_null());
  EXPECT_TRUE(fd.valid());
  fd.reset();
  EXPECT_FALSE(fd.valid());
}

}  // namespace
}  // namespace hearth
