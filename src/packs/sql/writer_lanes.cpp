#include "packs/sql/writer_lanes.hpp"

#include <utility>

namespace hearth::packs::sql {

Result<void> WriterLanes::submit(const std::string& lane, std::move_only_function<void()> job) {
  auto lanes = lanes_.lock();
  Queue& queue = (*lanes)[lane];
  if (queue.size() >= most_waiting) {
    return fail(Errc::busy, "too many writers wait for this database", {"try again"});
  }
  if (queue.empty()) {
    if (auto queued = pool_.submit([this, lane] { run(lane); }); !queued) {
      lanes->erase(lane);
      return queued;
    }
  }
  queue.push_back(std::move(job));
  return {};
}

// Goes on with the next itself: that one has waited longer than what waits for the pool.
void WriterLanes::run(const std::string& lane) {
  for (;;) {
    std::move_only_function<void()> job;
    {
      const auto lanes = lanes_.lock();
      job = std::move(lanes->find(lane)->second.front());
    }
    job();
    const auto lanes = lanes_.lock();
    const auto mine = lanes->find(lane);
    mine->second.pop_front();
    if (!mine->second.empty()) continue;
    lanes->erase(mine);
    return;
  }
}

}  // namespace hearth::packs::sql
