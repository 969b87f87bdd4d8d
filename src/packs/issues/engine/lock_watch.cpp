#include "packs/issues/engine/lock_watch.hpp"

#include <algorithm>
#include <chrono>
#include <iterator>
#include <limits>
#include <utility>

namespace hearth::packs::issues {
namespace {

std::uint64_t ms_of(const Clock& clock) {
  return static_cast<std::uint64_t>(to_ms(clock.wall()));
}

}  // namespace

Result<std::vector<HeldLock>> LockWatch::locks() {
  auto known = known_.lock();
  const RefProbe::Look look = probe_.look();
  if (known->look == look) return known->locks;
  if (!known->repository) {
    auto repository = open_();
    if (!repository) return std::unexpected(std::move(repository.error()));
    known->repository = std::move(*repository);
  }
  auto locks = list_locks(*known->repository);
  if (!locks) return locks;
  known->locks = std::move(*locks);
  const std::int64_t now_ns =
      std::chrono::system_clock::now().time_since_epoch() / std::chrono::nanoseconds(1);
  known->look = look.is_settled(now_ns) ? std::optional(look) : std::nullopt;
  return known->locks;
}

Result<std::optional<Lock>> LockWatch::claim_of(const IssueId& issue) {
  const auto all = locks();
  if (!all) return std::unexpected(all.error());
  const std::string resource = "issue:" + hex_of(issue);
  for (const HeldLock& each : *all) {
    if (each.lock.resource == resource && each.is_live(ms_of(clock_))) return each.lock;
  }
  return std::nullopt;
}

std::vector<std::string> LockWatch::take_changes() {
  const RefProbe::Look look = probe_.look();
  const std::uint64_t now = ms_of(clock_);
  if (look == seen_ && now < next_expiry_ms_) return {};
  seen_ = look;
  // Others read times as signed numbers.
  next_expiry_ms_ = std::numeric_limits<std::int64_t>::max();
  std::set<std::string> held;
  const auto all = locks();
  for (const HeldLock& each : all ? *all : std::vector<HeldLock>()) {
    if (!each.is_live(now)) continue;
    held.insert(each.lock.resource);
    next_expiry_ms_ = std::min(next_expiry_ms_, each.lock.expires_ms);
  }
  std::vector<std::string> changes;
  std::ranges::set_symmetric_difference(held_, held, std::back_inserter(changes));
  held_ = std::move(held);
  return changes;
}

}  // namespace hearth::packs::issues
