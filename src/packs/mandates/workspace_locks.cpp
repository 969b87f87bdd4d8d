#include "packs/mandates/workspace_locks.hpp"

#include <algorithm>
#include <string_view>
#include <utility>

#include "packs/mandates/sandbox/bubblewrap.hpp"

namespace hearth::packs::mandates {
namespace {

bool overlap(std::string_view a, std::string_view b) {
  return sandbox::is_within(a, b) || sandbox::is_within(b, a);
}

}  // namespace

WorkspaceLocks::Held::Held(Held&& other) noexcept
    : locks_(std::exchange(other.locks_, nullptr)), place_(other.place_) {}

WorkspaceLocks::Held& WorkspaceLocks::Held::operator=(Held&& other) noexcept {
  if (this == &other) return *this;
  release();
  locks_ = std::exchange(other.locks_, nullptr);
  place_ = other.place_;
  return *this;
}

void WorkspaceLocks::Held::release() {
  if (locks_ == nullptr) return;
  {
    const std::lock_guard lock(locks_->mutex_);
    locks_->queue_.erase(place_);
  }
  std::exchange(locks_, nullptr)->released_.notify_all();
}

Result<WorkspaceLocks::Held> WorkspaceLocks::hold(const std::string& workspace,
                                                  const std::stop_token& stop) {
  std::unique_lock lock(mutex_);
  const auto place = queue_.insert(queue_.end(), workspace);
  released_.wait(lock, stop, [&] {
    return std::none_of(queue_.begin(), place,
                        [&](const std::string& each) { return overlap(each, workspace); });
  });
  if (!stop.stop_requested()) return Held(*this, place);
  queue_.erase(place);
  lock.unlock();
  released_.notify_all();
  return fail(Errc::cancelled, "stopped before it began");
}

}  // namespace hearth::packs::mandates
