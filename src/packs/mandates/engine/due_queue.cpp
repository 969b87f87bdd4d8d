#include "packs/mandates/engine/due_queue.hpp"

#include <algorithm>

namespace hearth::packs::mandates {

bool DueQueue::is_current(const Item& item) const {
  const auto found = times_.find(item.id);
  return found != times_.end() && found->second == item.time;
}

void DueQueue::put(std::int64_t id, WallTime time) {
  const auto [place, is_new] = times_.try_emplace(id, time);
  if (!is_new && place->second == time) return;
  place->second = time;
  if (heap_.size() > 2 * times_.size() + 64) {
    heap_.clear();
    for (const auto& [each, at] : times_) heap_.push_back({at, each});
    std::ranges::make_heap(heap_, later);
    return;
  }
  heap_.push_back({time, id});
  std::ranges::push_heap(heap_, later);
}

void DueQueue::erase(std::int64_t id) {
  times_.erase(id);
}

void DueQueue::drop_outdated() {
  while (!heap_.empty() && !is_current(heap_.front())) {
    std::ranges::pop_heap(heap_, later);
    heap_.pop_back();
  }
}

std::optional<WallTime> DueQueue::next() {
  drop_outdated();
  if (heap_.empty()) return std::nullopt;
  return heap_.front().time;
}

std::vector<std::int64_t> DueQueue::take(WallTime now, std::size_t most) {
  std::vector<std::int64_t> due;
  while (due.size() < most) {
    drop_outdated();
    if (heap_.empty() || heap_.front().time > now) break;
    due.push_back(heap_.front().id);
    times_.erase(heap_.front().id);
  }
  return due;
}

}  // namespace hearth::packs::mandates
