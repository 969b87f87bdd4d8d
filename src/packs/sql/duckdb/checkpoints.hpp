// When a database that is open for writing puts its log into its file.
//
// DuckDB does so when the log has 16 MB. After a kill it applies the log again, one transaction
// after the other, at about a quarter of a millisecond each: 16 MB of single rows are 45,000
// transactions and ten seconds. So it is done after a number of commits, too.
#pragma once

#include <chrono>
#include <cstdint>
#include <functional>

#include "base/guarded.hpp"
#include "base/result.hpp"

namespace hearth::packs::sql::duckdb {

// Any thread.
class Checkpoints final {
 public:
  // A log that was found is as if it had been filled here: nobody knows how many commits it holds.
  explicit Checkpoints(bool has_log) : state_(State{.commits = has_log ? most_commits : 0}) {}

  void committed() { ++state_.lock()->commits; }
  // Calls `write`, which runs CHECKPOINT, if that is due and no other thread is at it. DuckDB
  // refuses it while somebody else writes: it stays due. It takes a tenth of the time at most.
  void run_if_due(const std::function<Result<void>()>& write);

  static constexpr std::uint64_t most_commits = 256;

 private:
  struct State {
    std::uint64_t commits = 0;                           // since the last one
    std::chrono::steady_clock::time_point not_before{};  // of the next one
    bool is_running = false;
  };
  Guarded<State> state_;
};

}  // namespace hearth::packs::sql::duckdb
