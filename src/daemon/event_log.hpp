// What has happened in the daemon, for whoever wants to follow it: `hearth events`,
// events/subscribe on the socket, Server-Sent Events over HTTP.
#pragma once

#include <array>
#include <cstdint>
#include <deque>
#include <functional>
#include <memory>
#include <set>
#include <string>
#include <string_view>
#include <vector>

#include "base/clock.hpp"
#include "base/result.hpp"

namespace hearth::daemon {

inline constexpr std::array<std::string_view, 6> event_kinds{"daemon", "session", "request",
                                                             "warm",   "store",   "pack"};

struct EventRecord {
  std::uint64_t seq = 0;   // from 1, without gaps, of this daemon process
  std::string kind;        // one of event_kinds
  std::string name_space;  // empty: it concerns everybody
  std::string text;        // the whole as JSON: {seq, at, kind, what, namespace?, session?, data?}
};

// Which events somebody may and wants to see.
struct EventFilter {
  std::string name_space;       // its own; events of others are not shown
  std::set<std::string> kinds;  // empty: all
  [[nodiscard]] bool admits(const EventRecord& event) const;
  // `invalid_args` if there is no such kind.
  [[nodiscard]] Result<void> add_kind(std::string kind);
};

// Keeps the last `capacity` events. Requests are recorded only while somebody follows them: there
// are many. Loop thread.
class EventLog final {
 public:
  static constexpr std::size_t capacity = 1000;

  explicit EventLog(const Clock& clock) : clock_(clock) {}
  EventLog(const EventLog&) = delete;
  EventLog& operator=(const EventLog&) = delete;

  // `data` is the JSON text of an object, or empty.
  void add(std::string_view kind,
           std::string_view what,
           std::string_view name_space = "",
           std::string_view session = "",
           std::string_view data = "");

  // Calls `on_new` after each new event that `filter` admits, as long as the handle is kept.
  class Follower;
  [[nodiscard]] std::shared_ptr<Follower> follow(EventFilter filter, std::function<void()> on_new);
  // Whether anybody follows events of this kind.
  [[nodiscard]] bool is_followed(const std::string& kind) const;

  // Those kept with a number above `since`, oldest first.
  [[nodiscard]] std::vector<const EventRecord*> after(std::uint64_t since,
                                                      const EventFilter& filter) const;
  [[nodiscard]] std::uint64_t last() const { return last_; }
  // The first that is kept above `since`; null when there is none.
  [[nodiscard]] const EventRecord* next(std::uint64_t since) const;
  // How many events above `since` are kept no longer.
  [[nodiscard]] std::uint64_t lost_after(std::uint64_t since) const;
  // The same for all events of one daemon process: numbers of another one mean nothing here.
  [[nodiscard]] const std::string& epoch() const { return epoch_; }

 private:
  const Clock& clock_;
  const std::string epoch_ = make_epoch();
  std::uint64_t last_ = 0;
  std::deque<EventRecord> kept_;
  std::vector<std::weak_ptr<Follower>> followers_;

  [[nodiscard]] static std::string make_epoch();
};

}  // namespace hearth::daemon
