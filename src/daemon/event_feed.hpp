// The events of a log for one reader, at its own pace: what comes while it is behind waits in the
// log, and what the log has to let go meanwhile is counted.
#pragma once

#include <cstdint>
#include <memory>

#include "daemon/event_log.hpp"

namespace hearth::daemon {

class EventReader {
 public:
  virtual ~EventReader() = default;
  // Too much waits for it already.
  [[nodiscard]] virtual bool is_congested() const = 0;
  virtual void take(const EventRecord& event) = 0;
  // So many events came too fast for it, and are kept no longer.
  virtual void missed(std::uint64_t count) = 0;
};

// Loop thread.
class EventFeed final {
 public:
  // From the event after number `since` on. Log and reader outlive the feed, which its reader must
  // not destroy from within take() or missed().
  EventFeed(EventLog& log, EventFilter filter, std::uint64_t since, EventReader& reader);
  EventFeed(const EventFeed&) = delete;
  EventFeed& operator=(const EventFeed&) = delete;

  // Hands over what is new, as far as the reader takes it. New events do so by themselves; it is to
  // be called when the reader is congested no more.
  void catch_up();

 private:
  const EventLog& log_;
  const EventFilter filter_;
  EventReader& reader_;
  std::uint64_t seen_;
  bool is_catching_up_ = false;
  const std::shared_ptr<EventLog::Follower> follower_;
};

}  // namespace hearth::daemon
