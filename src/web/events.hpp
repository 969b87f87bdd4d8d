// Server-Sent Events (WHATWG HTML §9.2): their text, and a bounded memory of those a client may ask
// for again.
#pragma once

#include <cstddef>
#include <cstdint>
#include <deque>
#include <optional>
#include <string>
#include <string_view>

#include "base/clock.hpp"

namespace hearth::web {

// Where an event stands: "4-17" is the 17th of the session's stream 4. The 0th is the one that says
// that the stream has begun.
struct EventId {
  std::uint64_t stream = 0;
  std::uint64_t number = 0;
  bool operator==(const EventId&) const = default;
};
[[nodiscard]] std::string to_string(const EventId& id);
[[nodiscard]] std::optional<EventId> parse_event_id(std::string_view text);

// One event with `data`, which may have several lines. With an empty id a client cannot come back.
[[nodiscard]] std::string make_event(std::string_view id, std::string_view data);
// Tells a client when to come back, and with its id, from where on.
[[nodiscard]] std::string make_opening_event(const EventId& id, std::chrono::milliseconds retry);
inline constexpr std::string_view keep_alive_comment = ": still here\n\n";

// The last events of one stream. The newest is always kept, whatever its size: it may be the
// answer.
class EventMemory final {
 public:
  struct Limits {
    std::size_t events = 256;
    std::size_t bytes = std::size_t{256} << 10;
  };
  struct Entry {
    std::uint64_t number;
    std::string data;
  };

  EventMemory() : EventMemory(Limits{}) {}
  explicit EventMemory(Limits limits) : limits_(limits) {}

  // The number of the event.
  std::uint64_t add(std::string_view data);
  [[nodiscard]] const std::deque<Entry>& entries() const { return entries_; }
  [[nodiscard]] std::uint64_t last() const { return last_; }
  [[nodiscard]] std::size_t bytes() const { return bytes_; }

 private:
  Limits limits_;
  std::deque<Entry> entries_;
  std::size_t bytes_ = 0;
  std::uint64_t last_ = 0;
};

}  // namespace hearth::web
