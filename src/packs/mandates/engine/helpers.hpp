// Threads that help the ones which drive runs, so that steps go on side by side: a run gets as many
// as are free, and none of its own, so that a daemon has no more of them however many runs it
// drives. Without one a run still goes on, step by step.
#pragma once

#include <cstddef>
#include <functional>
#include <future>
#include <utility>
#include <vector>

#include "base/guarded.hpp"

namespace hearth::packs::mandates {

// Begins a thread, or throws std::system_error when the machine has none left.
using Spawn = std::function<std::future<void>(const std::function<void()>&)>;
[[nodiscard]] std::future<void> spawn_thread(const std::function<void()>& task);

// Of a daemon. Members are for any thread.
class Helpers final {
 public:
  explicit Helpers(std::size_t most, Spawn spawn = spawn_thread)
      : spawn_(std::move(spawn)), free_(most) {}

  // The right to some threads, given back at its end.
  class Lent final {
   public:
    ~Lent() { *owner_->free_.lock() += count_; }
    Lent(Lent&& other) noexcept : owner_(other.owner_), count_(std::exchange(other.count_, 0)) {}
    Lent& operator=(Lent&&) = delete;
    [[nodiscard]] std::size_t count() const { return count_; }

   private:
    friend class Helpers;
    Lent(Helpers& owner, std::size_t count) : owner_(&owner), count_(count) {}
    Helpers* owner_;
    std::size_t count_;
  };
  // At once: at most `wanted`, perhaps none.
  [[nodiscard]] Lent lend(std::size_t wanted);
  // How those that were lent begin.
  [[nodiscard]] const Spawn& spawn() const { return spawn_; }

 private:
  const Spawn spawn_;
  Guarded<std::size_t> free_;
};

// Runs each task on a thread of its own, the first on this one; returns when all have ended. What
// one throws is thrown here then. Where threads run out the last ones are not begun: `left_out` is
// called for each, by its place, before the first runs, which may wait for them.
void run_side_by_side(const std::vector<std::function<void()>>& tasks,
                      const std::function<void(std::size_t)>& left_out,
                      const Spawn& spawn);

}  // namespace hearth::packs::mandates
