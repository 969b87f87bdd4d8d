#include "packs/sql/duckdb/checkpoints.hpp"

#include <gtest/gtest.h>

#include <future>
#include <utility>

namespace hearth::packs::sql::duckdb {
namespace {

int runs_of(Checkpoints& checkpoints, bool succeeds = true) {
  int runs = 0;
  checkpoints.run_if_due([&]() -> Result<void> {
    ++runs;
    if (succeeds) return {};
    return fail(Errc::busy, "others write");
  });
  return runs;
}

TEST(Checkpoints, AreDueAfterManyCommits) {
  Checkpoints checkpoints(false);
  for (std::uint64_t i = 0; i < Checkpoints::most_commits; ++i) {
    EXPECT_EQ(runs_of(checkpoints), 0);
    checkpoints.committed(1);
  }
  EXPECT_EQ(runs_of(checkpoints), 1);
  EXPECT_EQ(runs_of(checkpoints), 0);
}

TEST(Checkpoints, AreDueWhenTheLogIsLong) {
  Checkpoints checkpoints(false);
  checkpoints.committed(Checkpoints::most_log_bytes - 1);
  EXPECT_EQ(runs_of(checkpoints), 0);
  checkpoints.committed(Checkpoints::most_log_bytes);
  EXPECT_EQ(runs_of(checkpoints), 1);
  EXPECT_EQ(runs_of(checkpoints), 0);
}

TEST(Checkpoints, AreDoneWhenNobodyUsesTheTables) {
  Checkpoints checkpoints(true);
  {
    Checkpoints::Use one = checkpoints.use();
    const Checkpoints::Use other = std::move(one);
    EXPECT_EQ(runs_of(checkpoints), 0);
  }
  while (runs_of(checkpoints) == 0) {
  }
}

TEST(Checkpoints, AreWaitedFor) {
  Checkpoints checkpoints(true);
  std::future<void> used;
  checkpoints.run_if_due([&]() -> Result<void> {
    used = std::async(std::launch::async, [&] { const auto use = checkpoints.use(); });
    EXPECT_EQ(used.wait_for(std::chrono::milliseconds(20)), std::future_status::timeout);
    return {};
  });
  used.get();
}

TEST(Checkpoints, AreDueWhereALogWasFound) {
  Checkpoints checkpoints(true);
  EXPECT_EQ(runs_of(checkpoints), 1);
  EXPECT_EQ(runs_of(checkpoints), 0);
}

TEST(Checkpoints, StayDueWhereTheyWereRefused) {
  Checkpoints checkpoints(true);
  EXPECT_EQ(runs_of(checkpoints, false), 1);
  while (runs_of(checkpoints) == 0) {
  }  // for ten times as long as it took, it waits
}

TEST(Checkpoints, CountWhatIsCommittedMeanwhile) {
  Checkpoints checkpoints(true);
  checkpoints.run_if_due([&]() -> Result<void> {
    for (std::uint64_t i = 0; i < Checkpoints::most_commits; ++i) checkpoints.committed(1);
    return {};
  });
  while (runs_of(checkpoints) == 0) {
  }
  EXPECT_EQ(runs_of(checkpoints), 0);
}

}  // namespace
}  // namespace hearth::packs::sql::duckdb
