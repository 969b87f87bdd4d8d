#include "daemon/event_feed.hpp"

#include <utility>

namespace hearth::daemon {

EventFeed::EventFeed(EventLog& log, EventFilter filter, std::uint64_t since, EventReader& reader)
    : log_(log),
      filter_(filter),
      reader_(reader),
      seen_(since),
      follower_(log.follow(std::move(filter), [this] { catch_up(); })) {}

void EventFeed::catch_up() {
  if (std::exchange(is_catching_up_, true)) return;  // what we hand over may make room for more
  while (!reader_.is_congested()) {
    if (const std::uint64_t lost = log_.lost_after(seen_); lost != 0) {
      seen_ += lost;
      reader_.missed(lost);
      continue;
    }
    const EventRecord* event = log_.next(seen_);
    if (event == nullptr) break;
    seen_ = event->seq;
    if (filter_.admits(*event)) reader_.take(*event);
  }
  is_catching_up_ = false;
}

}  // namespace hearth::daemon
