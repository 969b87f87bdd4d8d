#include "packs/sql/connections.hpp"

#include <algorithm>
#include <utility>

#include "base/ids.hpp"

namespace hearth::packs::sql {
namespace {

std::string session_key(const SessionRef& session) {
  return session.name_space + "/" + session.id + "/";
}

std::string connection_key(const Target& target) {
  std::string key = session_key(target.session) + target.database.alias +
                    (target.database.access == Access::read_only ? "?" : "!");
  // The alias may have been another database's, or may yet become one's.
  key.append(target.engine->kind()).append(":").append(target.database.location);
  // Another root, another confinement.
  for (const std::string& root : target.session.roots) key += "\n" + root;
  return key;
}

MonotonicTime now() {
  return std::chrono::steady_clock::now();
}

}  // namespace

Connections::Lease& Connections::Lease::operator=(Lease&& other) noexcept {
  std::swap(from_, other.from_);
  std::swap(place_, other.place_);
  std::swap(connection_, other.connection_);
  return *this;
}

void Connections::Lease::give_back() {
  if (connection_) from_->take_back(std::move(place_), std::move(connection_));
}

Result<Connections::Lease> Connections::lease(const Target& target, const Work& work) {
  Place place{.key = connection_key(target),
              .location = target.database.location,
              .generation = databases_.generation(target.session)};
  std::vector<Idle> outdated;  // closed without the lock
  {
    const auto state = state_.lock();
    auto& mine = state->idle[place.key];
    while (!mine.empty()) {
      Idle last = std::move(mine.back());
      mine.pop_back();
      if (last.place.generation == place.generation && last.connection->is_alive()) {
        ++state->leased;
        return Lease(*this, std::move(place), std::move(last.connection));
      }
      outdated.push_back(std::move(last));
    }
  }
  auto connection = target.engine->connect(target.database, target.session, work);
  if (!connection) return std::unexpected(std::move(connection.error()));
  ++state_.lock()->leased;
  return Lease(*this, std::move(place), std::move(*connection));
}

void Connections::take_back(Place place, std::unique_ptr<Connection> connection) {
  const bool is_good = connection->is_alive();
  const auto state = state_.lock();
  --state->leased;
  state->last_use = now();
  auto& mine = state->idle[place.key];
  if (is_good && mine.size() < most_idle) {
    mine.push_back({std::move(connection), std::move(place), now()});
  }
}

void Connections::drop(const SessionRef& session, const std::optional<std::string>& location) {
  std::vector<Idle> dropped;  // closed without the lock
  const auto state = state_.lock();
  auto& idle = state->idle;
  const std::string prefix = session_key(session);
  auto entry = idle.lower_bound(prefix);
  for (; entry != idle.end() && entry->first.starts_with(prefix); ++entry) {
    for (Idle& each : entry->second) {
      if (!location || each.place.location == *location) dropped.push_back(std::move(each));
    }
    std::erase_if(entry->second, [](const Idle& each) { return !each.connection; });
  }
  std::erase_if(idle, [](const auto& each) { return each.second.empty(); });
}

void Connections::close_location(const std::string& location) {
  std::vector<Idle> closed;  // without the lock
  const auto state = state_.lock();
  for (auto& [key, mine] : state->idle) {
    for (Idle& each : mine) {
      if (each.place.location == location) closed.push_back(std::move(each));
    }
    std::erase_if(mine, [](const Idle& each) { return !each.connection; });
  }
}

std::optional<MonotonicTime> Connections::quiet_since() {
  const auto state = state_.lock();
  if (state->leased > 0 || !state->idle.empty()) return std::nullopt;
  return state->last_use;
}

std::optional<MonotonicTime> Connections::close_idle(MonotonicTime before) {
  std::optional<MonotonicTime> oldest;
  std::vector<Idle> closed;
  const auto state = state_.lock();
  auto& idle = state->idle;
  for (auto entry = idle.begin(); entry != idle.end();) {
    auto& mine = entry->second;
    for (Idle& each : mine) {
      if (each.since <= before) closed.push_back(std::move(each));
    }
    std::erase_if(mine, [](const Idle& each) { return !each.connection; });
    for (const Idle& each : mine) oldest = std::min(oldest.value_or(each.since), each.since);
    entry = mine.empty() ? idle.erase(entry) : std::next(entry);
  }
  return oldest;
}

std::string Cursors::keep(const SessionRef& session, OpenQuery query) {
  std::string name = random_hex(8);
  std::vector<Open> dropped;  // closed without the lock
  const auto open = open_.lock();
  const std::string key = session_key(session);
  std::vector<std::map<std::string, Open>::iterator> mine;
  for (auto each = open->begin(); each != open->end(); ++each) {
    if (each->second.session == key) mine.push_back(each);
  }
  if (mine.size() >= most_of_session) {
    const auto oldest =
        *std::ranges::min_element(mine, {}, [](const auto& each) { return each->second.since; });
    dropped.push_back(std::move(oldest->second));
    open->erase(oldest);
  }
  open->emplace(name, Open{key, std::move(query), now()});
  return name;
}

Result<OpenQuery> Cursors::take(const SessionRef& session, const std::string& name) {
  const auto open = open_.lock();
  const auto found = open->find(name);
  if (found == open->end() || found->second.session != session_key(session)) {
    return fail(
        Errc::not_found, "the cursor is not open any more",
        {"a cursor lives two minutes after its last page, and a session keeps four of them; "
         "run the query again, with OFFSET or a larger limit"});
  }
  OpenQuery query = std::move(found->second.query);
  open->erase(found);
  return query;
}

void Cursors::drop(const SessionRef& session, const std::optional<std::string>& location) {
  std::vector<Open> dropped;
  const auto open = open_.lock();
  const std::string key = session_key(session);
  for (auto each = open->begin(); each != open->end();) {
    const bool is_its = each->second.session == key;
    if (!is_its || (location && each->second.query.connection.location() != *location)) {
      ++each;
      continue;
    }
    dropped.push_back(std::move(each->second));
    each = open->erase(each);
  }
}

std::optional<MonotonicTime> Cursors::close_idle(MonotonicTime before) {
  std::optional<MonotonicTime> oldest;
  std::vector<Open> closed;
  const auto open = open_.lock();
  for (auto each = open->begin(); each != open->end();) {
    if (each->second.since <= before) {
      closed.push_back(std::move(each->second));
      each = open->erase(each);
      continue;
    }
    oldest = std::min(oldest.value_or(each->second.since), each->second.since);
    ++each;
  }
  return oldest;
}

}  // namespace hearth::packs::sql
