// Bounds what one session runs at once, so that its slow queries leave threads for all others. The
// rest of its jobs wait in order, without holding a thread.
#pragma once

#include <cstddef>
#include <deque>
#include <functional>
#include <map>
#include <string>

#include "base/guarded.hpp"
#include "base/result.hpp"

namespace hearth::packs::sql {

// Any thread.
class SessionShares final {
 public:
  // Called once: without an error where it runs, else with what keeps it from that.
  using Job = std::move_only_function<void(Result<void>)>;
  // Gives a job to those who run it (a pool, a lane of writers), or says why not.
  using HandOn = std::move_only_function<Result<void>(std::move_only_function<void()>)>;

  static constexpr std::size_t most_running = 4;  // of a share
  static constexpr std::size_t most_waiting = 512;

  // Hands `job` on when fewer than `most_running` of the share run, now or later. `busy` when too
  // many wait.
  void submit(const std::string& share, Job job, HandOn hand_on);

 private:
  struct Waiting {
    Job job;
    HandOn hand_on;
  };
  struct Share {
    std::size_t running = 0;  // or handed on
    std::deque<Waiting> waiting;
  };

  // Whether it was handed on; else it has been told why not.
  [[nodiscard]] bool start(const std::string& share, Waiting next);
  void go_on(const std::string& share);

  Guarded<std::map<std::string, Share>> shares_;
};

}  // namespace hearth::packs::sql
