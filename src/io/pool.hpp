// A bounded pool of threads for plain functions that block or compute.
#pragma once

#include <cstddef>
#include <deque>
#include <functional>
#include <string>
#include <thread>
#include <vector>

#include "base/guarded.hpp"
#include "base/result.hpp"

namespace hearth::io {

// Threads start with the first jobs, so that an idle daemon has none. Members are for any thread.
class Pool final {
 public:
  // At most `threads` jobs run and `queue` wait.
  Pool(std::string name, std::size_t threads, std::size_t queue);
  ~Pool();  // close()
  Pool(const Pool&) = delete;
  Pool& operator=(const Pool&) = delete;

  // `busy` when the queue is full, `draining` after close(). A job that throws ends the program:
  // jobs catch.
  [[nodiscard]] Result<void> submit(std::move_only_function<void()> job);
  // Runs what is queued, then joins. Idempotent. Not to be called from a job.
  void close();
  // Jobs running and waiting.
  [[nodiscard]] std::size_t load();

 private:
  struct State {
    std::deque<std::move_only_function<void()>> waiting;
    std::vector<std::thread> threads;
    std::size_t running = 0;
    std::size_t idle = 0;  // threads that wait for a job
    bool is_closed = false;
  };
  void work();

  const std::string name_;
  const std::size_t most_threads_;
  const std::size_t most_waiting_;
  Guarded<State> state_;
};

}  // namespace hearth::io
