#include "web/events.hpp"

#include <algorithm>
#include <charconv>

namespace hearth::web {

std::string to_string(const EventId& id) {
  return std::to_string(id.stream) + "-" + std::to_string(id.number);
}

std::optional<EventId> parse_event_id(std::string_view text) {
  EventId id;
  const char* const end = text.end();
  const char* const begin = text.begin();
  const auto stream = std::from_chars(begin, end, id.stream);
  if (stream.ec != std::errc{} || stream.ptr == end || *stream.ptr != '-') return std::nullopt;
  const auto number = std::from_chars(stream.ptr + 1, end, id.number);
  if (number.ec != std::errc{} || number.ptr != end) return std::nullopt;
  return id;
}

std::string make_event(std::string_view id, std::string_view data) {
  std::string text;
  text.reserve(data.size() + 48);
  if (!id.empty()) text.append("id: ").append(id).append("\n");
  while (true) {
    const auto end = std::min(data.find_first_of("\r\n"), data.size());
    text.append("data: ").append(data.substr(0, end)).append("\n");
    if (end == data.size()) break;
    const bool is_pair = data.substr(end, 2) == "\r\n";
    data.remove_prefix(end + (is_pair ? 2 : 1));
  }
  text.append("\n");
  return text;
}

std::string make_opening_event(const EventId& id, std::chrono::milliseconds retry) {
  return "id: " + to_string(id) + "\nretry: " + std::to_string(retry.count()) + "\ndata: \n\n";
}

std::uint64_t EventMemory::add(std::string_view data) {
  entries_.push_back({++last_, std::string(data)});
  bytes_ += data.size();
  while (entries_.size() > 1 && (entries_.size() > limits_.events || bytes_ > limits_.bytes)) {
    bytes_ -= entries_.front().data.size();
    entries_.pop_front();
  }
  return last_;
}

}  // namespace hearth::web
