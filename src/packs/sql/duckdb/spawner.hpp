// Starts threads from one that is confined to nothing.
//
// A thread inherits the confinement of the one that starts it, and can only narrow it: a session's
// thread could start none that may read another database.
#pragma once

#include <functional>
#include <thread>
#include <utility>

#include "base/guarded.hpp"

namespace hearth::packs::sql::duckdb {

// Made by an unconfined thread. Any thread may start others.
class Spawner final {
 public:
  Spawner();
  ~Spawner();
  Spawner(const Spawner&) = delete;
  Spawner& operator=(const Spawner&) = delete;

  // Blocks until it runs.
  [[nodiscard]] std::thread start(std::move_only_function<void()> job);
  // Runs `job` on a thread of its own, to its end.
  void run(std::move_only_function<void()> job) { start(std::move(job)).join(); }

 private:
  struct State {
    std::move_only_function<void()> wanted;
    std::thread made;
    bool has_made = false;
    bool is_taken = false;  // somebody is being served
    bool is_closed = false;
  };
  void serve();

  Guarded<State> state_;
  std::thread thread_;
};

}  // namespace hearth::packs::sql::duckdb
