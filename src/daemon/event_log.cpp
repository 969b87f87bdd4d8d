#include "daemon/event_log.hpp"

#include <algorithm>
#include <utility>

#include "base/ids.hpp"
#include "json/json.hpp"

namespace hearth::daemon {

class EventLog::Follower final {
 public:
  Follower(EventFilter filter, std::function<void()> on_new)
      : filter(std::move(filter)), on_new(std::move(on_new)) {}
  const EventFilter filter;
  const std::function<void()> on_new;
};

bool EventFilter::admits(const EventRecord& event) const {
  const bool is_ours = event.name_space.empty() || event.name_space == name_space;
  return is_ours && (kinds.empty() || kinds.contains(event.kind));
}

Result<void> EventFilter::add_kind(std::string kind) {
  if (std::ranges::find(event_kinds, kind) == event_kinds.end()) {
    std::string known;
    for (const auto each : event_kinds) known.append(known.empty() ? "" : ", ").append(each);
    return fail(Errc::invalid_args, "there are no events of kind \"" + kind + "\"",
                {"choose among " + known});
  }
  kinds.insert(std::move(kind));
  return {};
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
    if (follower && follower->filter.admits(event)) follower->on_new();
  }
}

std::shared_ptr<EventLog::Follower> EventLog::follow(EventFilter filter,
                                                     std::function<void()> on_new) {
  auto follower = std::make_shared<Follower>(std::move(filter), std::move(on_new));
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

const EventRecord* EventLog::next(std::uint64_t since) const {
  const std::uint64_t before_kept = last_ - kept_.size();
  const std::uint64_t place = std::max(since, before_kept) - before_kept;
  return place < kept_.size() ? &kept_[place] : nullptr;
}

std::uint64_t EventLog::lost_after(std::uint64_t since) const {
  const std::uint64_t before_kept = last_ - kept_.size();
  return before_kept > since ? before_kept - since : 0;
}

}  // namespace hearth::daemon
