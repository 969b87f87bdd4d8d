// When a database that is open for writing puts its log into its file.
//
// DuckDB would do so when the log has 16 MB, within a COMMIT. After a kill it applies the log
// again, one transaction after the other, at about a quarter of a millisecond each: 16 MB of single
// rows are 45,000 transactions and ten seconds. So it is done after a number of commits, too.
//
// A checkpoint takes each table for itself, and waits for that, spinning and deaf to interrupts,
// while whoever writes waits for the checkpoint. A result that is being read holds its tables, for
// minutes if its reader takes its time. So DuckDB does none by itself (instances.cpp), and one of
// ours is done while nobody uses the tables; those who come meanwhile wait for it.
#pragma once

#include <chrono>
#include <cstdint>
#include <functional>
#include <utility>

#include "base/guarded.hpp"
#include "base/result.hpp"

namespace hearth::packs::sql::duckdb {

// Any thread.
class Checkpoints final {
 public:
  // That somebody reads or writes tables; until it goes there is no checkpoint. Checkpoints outlive
  // it.
  class Use {
   public:
    Use() = default;
    Use(Use&& other) noexcept : of_(std::exchange(other.of_, nullptr)) {}
    Use& operator=(Use&& other) noexcept {
      std::swap(of_, other.of_);
      return *this;
    }
    Use(const Use&) = delete;
    Use& operator=(const Use&) = delete;
    ~Use() {
      if (of_ != nullptr) of_->end_use();
    }

   private:
    friend class Checkpoints;
    explicit Use(Checkpoints& of) : of_(&of) {}
    Checkpoints* of_ = nullptr;
  };

  // A log that was found is as if it had been filled here: nobody knows how many commits it holds.
  explicit Checkpoints(bool has_log) : state_(State{.commits = has_log ? most_commits : 0}) {}

  // Waits for the end of a checkpoint.
  [[nodiscard]] Use use();
  // `log_bytes`: how long the log is now.
  void committed(std::uint64_t log_bytes);
  // Calls `write`, which runs CHECKPOINT, if that is due, no other thread is at it, and all uses
  // end within `patience`. Else, or when DuckDB refuses it, it stays due. It takes a tenth of the
  // time at most.
  void run_if_due(const std::function<Result<void>()>& write);

  static constexpr std::uint64_t most_commits = 256;
  static constexpr std::uint64_t most_log_bytes = std::uint64_t{16} << 20;
  // Queries of a few milliseconds, one upon the other, must not keep it off for ever.
  static constexpr std::chrono::milliseconds patience{20};

 private:
  struct State {
    std::uint64_t commits = 0;                           // since the last one
    std::uint64_t log_bytes = 0;                         // at the last commit
    std::uint64_t uses = 0;                              // now
    std::chrono::steady_clock::time_point not_before{};  // of the next one
    bool is_running = false;
  };
  void end_use();
  Guarded<State> state_;
};

}  // namespace hearth::packs::sql::duckdb
