// Locks that are taken here and at a remote, and those that others push.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <memory>
#include <string>

#include "packs/issues/engine/locks.hpp"
#include "repositories.hpp"
#include "sample_events.hpp"

namespace hearth::packs::issues {
namespace {

using test::counting_id;
using test::Repositories;
using test::vector_time;

// Two agents in one repository, and a third one in another clone.
class LocksWithRemote : public testing::Test {
 protected:
  static std::unique_ptr<Repository> open(const std::string& directory) {
    return Repository::open(directory, {.is_power_safe = false}).value();
  }
  [[nodiscard]] std::unique_ptr<Transport> remote_of(Repository& repository) const {
    return local_transport(repository, repositories_.remote(), {.is_power_safe = false}).value();
  }
  static LockRequest request(const std::string& resource, std::uint8_t owner, std::uint64_t at_ms) {
    return {.resource = resource, .owner = counting_id<ActorId>(owner), .now_ms = at_ms};
  }

  const Repositories repositories_;
  const std::unique_ptr<Repository> here_ = open(repositories_.work());
  const std::unique_ptr<Repository> there_ = open(repositories_.clone("there"));
  const std::unique_ptr<Transport> remote_ = remote_of(*here_);
  const std::unique_ptr<Transport> remote_of_there_ = remote_of(*there_);
  Locks local_{*here_, nullptr};
  Locks locks_{*here_, remote_.get()};
  Locks locks_there_{*there_, remote_of_there_.get()};
  static constexpr std::uint64_t later = vector_time + 400'000;  // what was taken has run out
};

TEST_F(LocksWithRemote, OneThatWasRenewedHereStaysWhateverElseIsTaken) {
  ASSERT_TRUE(locks_.acquire(request("issue:1", 1, vector_time)));
  ASSERT_TRUE(local_.renew(request("issue:1", 1, later - 200'000)));
  ASSERT_TRUE(locks_.acquire(request("issue:2", 50, later)));
  EXPECT_EQ(local_.acquire(request("issue:1", 50, later)).error().code, Errc::conflict);
  EXPECT_EQ(locks_.acquire(request("issue:1", 50, later)).error().code, Errc::conflict);
  // By then the remote has heard of it.
  EXPECT_EQ(locks_there_.acquire(request("issue:1", 90, later)).error().code, Errc::conflict);
  EXPECT_TRUE(locks_.renew(request("issue:1", 1, later)));
  EXPECT_TRUE(locks_.release(request("issue:1", 1, later)));
  EXPECT_TRUE(locks_there_.acquire(request("issue:1", 90, later)));
}

TEST_F(LocksWithRemote, OneThatWasGivenBackHereStaysSo) {
  ASSERT_TRUE(locks_.acquire(request("issue:1", 1, vector_time)));
  ASSERT_TRUE(local_.release(request("issue:1", 1, vector_time)));
  ASSERT_TRUE(locks_.acquire(request("issue:2", 50, vector_time)));
  EXPECT_EQ(local_.renew(request("issue:1", 1, vector_time)).error().code, Errc::not_found);
  EXPECT_TRUE(locks_.acquire(request("issue:1", 50, vector_time)));
  EXPECT_EQ(locks_there_.acquire(request("issue:1", 90, vector_time)).error().code, Errc::conflict);
}

TEST_F(LocksWithRemote, WhereTheRemoteHasGoneOnItIsRight) {
  ASSERT_TRUE(locks_.acquire(request("issue:1", 1, vector_time)));
  ASSERT_TRUE(locks_there_.acquire(request("issue:1", 90, later)));
  ASSERT_TRUE(local_.renew(request("issue:1", 1, later)));
  ASSERT_TRUE(locks_.acquire(request("issue:2", 50, later)));
  EXPECT_EQ(locks_.renew(request("issue:1", 1, later)).error().code, Errc::conflict);
  EXPECT_TRUE(locks_there_.renew(request("issue:1", 90, later)));
}

}  // namespace
}  // namespace hearth::packs::issues
