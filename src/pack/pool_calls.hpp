// Calls of a pack that run on the daemon's pool, counted, so that the pack can wait until none of
// them is left before it ends.
#pragma once

#include <cstdint>
#include <memory>
#include <utility>

#include "base/guarded.hpp"
#include "pack/call.hpp"
#include "pack/pack.hpp"

namespace hearth::pack {

enum class Length : std::uint8_t { brief, lengthy };  // lengthy: seconds and more

// Outlives what it counts. `start` before the first call; all others from any thread.
class PoolCalls final {
 public:
  // One that is not over yet, while it lives.
  class Running {
   public:
    explicit Running(Guarded<int>& count) : count_(&count) { ++*count_->lock(); }
    Running(Running&& other) noexcept : count_(std::exchange(other.count_, nullptr)) {}
    Running& operator=(Running&&) = delete;
    ~Running();

   private:
    Guarded<int>* count_;
  };

  PoolCalls() = default;
  ~PoolCalls() { wait(); }  // also for a call that came after the pack's end, to be refused
  PoolCalls(const PoolCalls&) = delete;
  PoolCalls& operator=(const PoolCalls&) = delete;
  void start(PackContext& context) { context_ = &context; }
  // For work that came to the pool, or to another thread, by another way.
  [[nodiscard]] Running running() { return Running(count_); }
  // Runs job(call) there, or answers `busy` when it is full.
  template <typename Job>
  void run(Length length, Call call, Job job);
  // Until none is left.
  void wait();

 private:
  PackContext* context_ = nullptr;
  Guarded<int> count_;
};

template <typename Job>
void PoolCalls::run(Length length, Call call, Job job) {
  // Shared with the refusal below, which must still be able to answer it.
  auto shared = std::make_shared<Call>(std::move(call));
  auto task = [running = running(), shared, job = std::move(job)]() mutable {
    job(std::move(*shared));
  };
  auto queued = length == Length::lengthy ? context_->submit_long(std::move(task))
                                          : context_->submit(std::move(task));
  if (!queued) shared->answer(std::unexpected(std::move(queued.error())));
}

}  // namespace hearth::pack
