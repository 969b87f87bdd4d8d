#include "packs/sql/session_shares.hpp"

#include <memory>
#include <optional>
#include <utility>

namespace hearth::packs::sql {

void SessionShares::submit(const std::string& share, Job job, HandOn hand_on) {
  bool is_full = false;
  {
    const auto shares = shares_.lock();
    Share& mine = (*shares)[share];
    is_full = mine.running >= most_running && mine.waiting.size() >= most_waiting;
    if (mine.running >= most_running && !is_full) {
      mine.waiting.push_back({std::move(job), std::move(hand_on)});
      return;
    }
    if (!is_full) ++mine.running;
  }
  if (is_full) {
    return job(fail(Errc::busy, "too many calls of this session wait", {"try again in a moment"}));
  }
  if (!start(share, {std::move(job), std::move(hand_on)})) go_on(share);
}

bool SessionShares::start(const std::string& share, Waiting next) {
  const auto job = std::make_shared<Job>(std::move(next.job));
  auto handed = next.hand_on([this, share, job] {
    std::exchange(*job, nullptr)({});  // what it owns goes before the next one starts
    go_on(share);
  });
  if (!handed) std::exchange(*job, nullptr)(std::unexpected(std::move(handed.error())));
  return handed.has_value();
}

// One of them has ended: the next that can be handed on takes its place.
void SessionShares::go_on(const std::string& share) {
  for (;;) {
    std::optional<Waiting> next;
    {
      const auto shares = shares_.lock();
      const auto mine = shares->find(share);
      if (mine->second.waiting.empty()) {
        if (--mine->second.running == 0) shares->erase(mine);
        return;
      }
      next = std::move(mine->second.waiting.front());
      mine->second.waiting.pop_front();
    }
    if (start(share, std::move(*next))) return;
  }
}

}  // namespace hearth::packs::sql
