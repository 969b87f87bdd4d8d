#include "packs/sql/imports.hpp"

#include <algorithm>

#include "base/ids.hpp"

namespace hearth::packs::sql {

std::string Imports::begin(const SessionRef& session,
                           const std::string& table,
                           const std::string& database,
                           WallTime now) {
  auto all = all_.lock();
  // What runs is never forgotten.
  for (auto each = all->begin(); all->size() >= most_kept && each != all->end();) {
    each = each->state == ImportState::running ? std::next(each) : all->erase(each);
  }
  all->push_back({.id = random_hex(4),
                  .name_space = session.name_space,
                  .session = session.id,
                  .table = table,
                  .database = database,
                  .started = now});
  return all->back().id;
}

void Imports::progress(const std::string& id, double done) {
  auto all = all_.lock();
  const auto found = std::ranges::find(*all, id, &Import::id);
  if (found != all->end()) found->done = done;
}

void Imports::finish(const std::string& id, const Result<std::string>& outcome, WallTime now) {
  auto all = all_.lock();
  const auto found = std::ranges::find(*all, id, &Import::id);
  if (found == all->end()) return;
  found->state = outcome ? ImportState::done : ImportState::failed;
  found->finished = now;
  found->done.reset();
  if (outcome) {
    found->result = *outcome;
  } else {
    found->error = outcome.error().message;
  }
  all_.notify_all();
}

Result<std::vector<Import>> Imports::list(const SessionRef& session,
                                          const std::optional<std::string>& id) const {
  std::vector<Import> found;
  const auto all = all_.lock();
  for (auto each = all->rbegin(); each != all->rend(); ++each) {
    if (each->name_space != session.name_space) continue;
    if (each->session != session.id && each->database != "persistent") continue;
    if (!id || each->id == *id) found.push_back(*each);
  }
  if (!found.empty() || !id) return found;
  return fail(Errc::not_found, "there is no import " + *id + " here",
              {"leave import out to see all that hearth has run since it started"});
}

bool Imports::is_running() const {
  const auto all = all_.lock();
  return std::ranges::any_of(*all,
                             [](const Import& each) { return each.state == ImportState::running; });
}

}  // namespace hearth::packs::sql
