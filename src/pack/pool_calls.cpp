#include "pack/pool_calls.hpp"

namespace hearth::pack {

PoolCalls::Running::~Running() {
  if (count_ == nullptr) return;
  // Told under the lock: whoever waits may destroy the count as soon as it is free.
  auto count = count_->lock();
  --*count;
  count_->notify_all();
}

void PoolCalls::wait() {
  auto count = count_.lock();
  count.wait([](int running) { return running == 0; });
}

}  // namespace hearth::pack
