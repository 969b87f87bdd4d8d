#include "daemon/event_log.hpp"

#include <algorithm>
#include <utility>

#include "base/ids.hpp"
#include "json/json.hpp"

namespace hearth::daemon {

class EventLog::Follower final {
 public:
  Follower(EventFilter filter, std::function<void(const EventRecord&)> take)
      : filter(std::move(filter)), take(std::move(take)) {}
  const EventFilter filter;
  const std::function<void(const EventRecord&)> take;
};

bool EventFilter::admits(const EventRecord& event) const {
  const bool is_ours = event.name_space.empty() || event.name_space == name_space;
  return is_ours && (kinds.empty() || kinds.contains(event.kind));
}

std::string EventLog::make_epoch() {
  return random_hex(4);
}

void EventLog::add(std::string_view kind,
                   std::string_view what,
                   std::string_view name_space,
                   std::string_view session,
                   std::string_view data) {
  EventRecord event{++last_, std::string(kind), std::string(name_space), {}};
  std::string& text = event.text;
  text = R"({"seq":)" + std::to_string(event.seq) + R"(,"at":")" + format_rfc3339(clock_.wall()) +
         R"(","kind":)" + json::quoted(kind) + R"(,"what":)" + json::quoted(what);
  if (!name_space.empty()) text.append(R"(,"namespace":)").append(json::quoted(name_space));
  if (!session.empty()) text.append(R"(,"session":)").append(json::quoted(session));
  if (!data.empty()) text.append(R"(,"data":)").append(data);
  text.push_back('}');
  if (kept_.size() == capacity) kept_.pop_front();
  kept_.push_back(event);
  std::erase_if(followers_, [](const auto& follower) { return follower.expired(); });
  // Whoever is told may end its session, and with it leave.
  for (const auto& weak : std::vector(followers_)) {
    const auto follower = weak.lock();
    if (follower && follower->filter.admits(event)) follower->take(event);
  }
}

std::shared_ptr<EventLog::Follower> EventLog::follow(EventFilter filter,
                                                     std::function<void(const EventRecord&)> take) {
  auto follower = std::make_shared<Follower>(std::move(filter), std::move(take));
  followers_.push_back(follower);
  return follower;
}

bool EventLog::is_followed(const std::string& kind) const {
  return std::ranges::any_of(followers_, [&](const auto& weak) {
    const auto follower = weak.lock();
    return follower && (follower->filter.kinds.empty() || follower->filter.kinds.contains(kind));
  });
}

std::vector<const EventRecord*> EventLog::after(std::uint64_t since,
                                                const EventFilter& filter) const {
  std::vector<const EventRecord*> found;
  for (const EventRecord& event : kept_) {
    if (event.seq > since && filter.admits(event)) found.push_back(&event);
  }
  return found;
}

std::uint64_t EventLog::lost_after(std::uint64_t since) const {
  const std::uint64_t before_kept = last_ - kept_.size();
  return before_kept > since ? before_kept - since : 0;
}

}  // namespace hearth::daemon
