// Writers of one database take turns, first come first served, without holding a thread while they
// wait.
#pragma once

#include <deque>
#include <functional>
#include <map>
#include <string>

#include "base/guarded.hpp"
#include "base/result.hpp"
#include "io/pool.hpp"

namespace hearth::packs::sql {

// Any thread.
class WriterLanes final {
 public:
  // `pool` outlives it and is closed first.
  explicit WriterLanes(io::Pool& pool) : pool_(pool) {}

  // Runs `job` on the pool when those before it on the same lane have run. `busy` when too many
  // wait.
  [[nodiscard]] Result<void> submit(const std::string& lane, std::move_only_function<void()> job);

 private:
  using Queue = std::deque<std::move_only_function<void()>>;  // the first one runs
  static constexpr std::size_t most_waiting = 256;

  void run(const std::string& lane);

  io::Pool& pool_;
  Guarded<std::map<std::string, Queue>> lanes_;
};

}  // namespace hearth::packs::sql
