#include "packs/mandates/engine/firing.hpp"

#include <algorithm>
#include <deque>

#include "base/ids.hpp"

namespace hearth::packs::mandates {
namespace {

using std::chrono::milliseconds;

constexpr std::int64_t most_counted = 100'000;

WallTime fire_time(const Rhythm& rhythm, std::string_view seed, WallTime scheduled) {
  if (rhythm.jitter <= milliseconds(0)) return scheduled;
  milliseconds room = rhythm.jitter;
  if (const auto next = rhythm.timing.next_after(scheduled)) {
    room = std::min(room, *next - scheduled);
  }
  const std::string name =
      std::string(seed) + '@' + std::to_string(scheduled.time_since_epoch().count());
  const auto pick = fingerprint64(name) % static_cast<std::uint64_t>(room.count());
  return scheduled + milliseconds(static_cast<std::int64_t>(pick));
}

void count(std::optional<Missed>& missed, WallTime scheduled) {
  if (!missed) missed = Missed{.first = scheduled, .last = scheduled};
  missed->last = scheduled;
  ++missed->count;
}

// How many of those that are late may still run.
std::size_t most_late(const CatchUpRule& rule) {
  switch (rule.kind) {
    case CatchUp::skip:
      return 0;
    case CatchUp::once:
      return 1;
    case CatchUp::bounded:
      return static_cast<std::size_t>(std::max(rule.most, 0));
  }
  return 0;
}

}  // namespace

Firing plan_firing(const Rhythm& rhythm, std::string_view seed, WallTime cursor, WallTime now) {
  Firing firing{.due = {}, .missed = {}, .cursor = cursor};
  const CatchUpRule& rule = rhythm.catch_up;
  const std::size_t most = most_late(rule);
  std::deque<WallTime> late;
  std::vector<Due> in_time;
  std::int64_t seen = 0;
  for (auto next = rhythm.timing.next_after(cursor); next;
       next = rhythm.timing.next_after(firing.cursor)) {
    const WallTime fires = fire_time(rhythm, seed, *next);
    if (fires > now) break;
    firing.cursor = *next;
    if (now - fires <= rhythm.late_after) {
      in_time.push_back({.scheduled = *next, .not_before = fires});
      continue;
    }
    late.push_back(*next);
    if (late.size() > most) {
      count(firing.missed, late.front());
      late.pop_front();
    }
    if (++seen == most_counted) {
      // Years of absence, or a clock that went astray. What is left is missed, too, but for what is
      // close enough to now to run.
      const auto keep = std::max(rhythm.late_after, rule.window) + rhythm.jitter;
      if (now - keep > firing.cursor) {
        firing.cursor = now - keep;
        if (firing.missed) firing.missed->is_complete = false;
      }
    }
  }
  const bool has_window = rule.kind == CatchUp::bounded;
  while (!late.empty() && has_window && now - late.front() > rule.window) {
    count(firing.missed, late.front());
    late.pop_front();
  }
  milliseconds delay{0};
  for (const WallTime scheduled : late) {
    firing.due.push_back({.scheduled = scheduled, .not_before = now + delay, .is_catch_up = true});
    delay += rule.stagger;
  }
  firing.due.insert(firing.due.end(), in_time.begin(), in_time.end());
  return firing;
}

std::optional<WallTime> next_fire(const Rhythm& rhythm, std::string_view seed, WallTime cursor) {
  const auto next = rhythm.timing.next_after(cursor);
  if (!next) return std::nullopt;
  return fire_time(rhythm, seed, *next);
}

std::optional<milliseconds> retry_delay(const RetryRule& rule, int attempt) {
  if (attempt > rule.most) return std::nullopt;
  milliseconds delay = rule.first;
  for (int i = 1; i < attempt && delay < rule.longest; ++i) delay *= 2;
  return std::min(delay, rule.longest);
}

}  // namespace hearth::packs::mandates
