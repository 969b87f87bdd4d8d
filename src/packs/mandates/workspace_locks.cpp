#include "packs/mandates/workspace_locks.hpp"

#include <algorithm>
#include <string_view>
#include <utility>

#include "base/confined_path.hpp"

namespace hearth::packs::mandates {
namespace {

bool overlap(std::string_view a, std::string_view b) {
  return is_within(a, b) || is_within(b, a);
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

void WorkspaceLocks::close(const std::string& name_space,
                           std::vector<std::string> workspaces,
                           std::string why) {
  const std::lock_guard lock(mutex_);
  closed_.insert_or_assign(name_space, Closed{std::move(workspaces), std::move(why)});
}

void WorkspaceLocks::open_again(const std::string& name_space) {
  const std::lock_guard lock(mutex_);
  closed_.erase(name_space);
}

// Why a namespace gets none there; the lock is held.
std::string WorkspaceLocks::refusal(const std::string& workspace,
                                    std::string_view name_space) const {
  for (const auto& [name, closed] : closed_) {
    if (name == name_space) continue;
    for (const std::string& each : closed.workspaces) {
      if (overlap(each, workspace))
        return "nothing is done in " + each + " until what mandates of the namespace " + name +
               " left there after a kill is looked at: " + closed.why;
    }
  }
  return {};
}

std::string WorkspaceLocks::problem() {
  const std::lock_guard lock(mutex_);
  return refusal("/", {});
}

Result<WorkspaceLocks::Held> WorkspaceLocks::hold(const std::string& workspace,
                                                  const std::stop_token& stop,
                                                  std::string_view name_space) {
  std::unique_lock lock(mutex_);
  const auto place = queue_.insert(queue_.end(), workspace);
  released_.wait(lock, stop, [&] {
    return std::none_of(queue_.begin(), place,
                        [&](const std::string& each) { return overlap(each, workspace); });
  });
  std::string why = refusal(workspace, name_space);
  const bool was_stopped = stop.stop_requested();
  if (!was_stopped && why.empty()) return Held(*this, place);
  queue_.erase(place);
  lock.unlock();
  released_.notify_all();
  if (was_stopped) return fail(Errc::cancelled, "stopped before it began");
  return fail(Errc::permission, std::move(why), {"hearth mandates doctor, in that namespace"});
}

}  // namespace hearth::packs::mandates
