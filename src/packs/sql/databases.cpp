#include "packs/sql/databases.hpp"

#include <algorithm>
#include <cctype>
#include <utility>

#include "base/closest.hpp"
#include "packs/sql/engine/sql_scanner.hpp"

namespace hearth::packs::sql {
namespace {

constexpr std::size_t most_attached = 32;  // of a session

bool is_plain_name(std::string_view name) {
  const auto is_word = [](unsigned char c) { return std::isalnum(c) != 0 || c == '_'; };
  return !name.empty() && name.size() <= 63 &&
         std::isdigit(static_cast<unsigned char>(name[0])) == 0 &&
         std::ranges::all_of(name, is_word);
}

bool is_same(const Attachment& a, const Attachment& b) {
  return a.engine == b.engine && a.database.location == b.database.location;
}

bool is_taken(std::string_view alias) {
  static constexpr std::string_view taken[] = {"scratch", "persistent", "main",           "temp",
                                               "system",  "memory",     "hearth_internal"};
  return std::ranges::find(taken, alias) != std::end(taken);
}

}  // namespace

Engine* Databases::engine(std::string_view kind) const {
  const auto found =
      std::ranges::find_if(engines_, [&](const auto& each) { return each->kind() == kind; });
  return found == engines_.end() ? nullptr : found->get();
}

std::vector<Attachment> Databases::list(const SessionRef& session) const {
  const std::string own(engines_.front()->kind());
  std::vector<Attachment> all{{own, {.alias = "scratch", .location = {}}},
                              {own, {.alias = "persistent", .location = {}}}};
  const auto seen = seen_.lock();
  if (const auto found = seen->find(key_of(session)); found != seen->end()) {
    for (const auto& [alias, attachment] : found->second.attached) all.push_back(attachment);
  }
  return all;
}

Result<Target> Databases::resolve(const std::string& alias,
                                  SessionRef session,
                                  Access access) const {
  const std::vector<Attachment> all = list(session);
  const auto found = std::ranges::find_if(all, [name = lower_case(alias)](const Attachment& each) {
    return each.database.alias == name;
  });
  if (found == all.end()) {
    std::vector<std::string> names;
    for (const Attachment& each : all) names.push_back(each.database.alias);
    std::vector<std::string> advice = closest_names(alias, names);
    if (advice.empty()) advice = std::move(names);
    return fail(Errc::not_found, "there is no database " + alias, std::move(advice));
  }
  Target target{
      .engine = engine(found->engine), .database = found->database, .session = std::move(session)};
  target.database.is_written = is_written(*found);
  if (access == Access::read_only) target.database.access = Access::read_only;
  for (const Attachment& each : all) {
    if (each.engine != found->engine) continue;
    target.session.visible.push_back(each.database);
    target.session.visible.back().is_written = is_written(each);
  }
  return target;
}

Result<void> Databases::check_alias(const SessionRef& session, const std::string& alias) const {
  const auto seen = seen_.lock();
  const auto mine = seen->find(key_of(session));
  return check_alias(mine == seen->end() ? Seen() : mine->second, lower_case(alias));
}

Result<void> Databases::check_alias(const Seen& mine, const std::string& alias) {
  if (!is_plain_name(alias) || is_taken(alias)) {
    return fail(
        Errc::invalid_args, "params.alias: " + alias + " cannot be the name of a database",
        {"use letters, digits and _; scratch, persistent, main, temp, system and memory are "
         "taken"});
  }
  if (mine.attached.contains(alias)) {
    return fail(Errc::conflict, "there is a database " + alias + " already",
                {"sql_detach it first, or take another alias"});
  }
  if (mine.attached.size() >= most_attached) {
    return fail(Errc::busy, "a session attaches at most 32 databases", {"sql_detach some"});
  }
  return {};
}

Result<void> Databases::attach(const SessionRef& session, Attachment attachment) {
  // As in SQL, where names without quotes are the same in any case.
  attachment.database.alias = lower_case(attachment.database.alias);
  const std::string alias = attachment.database.alias;
  auto seen = seen_.lock();
  Seen& mine = (*seen)[key_of(session)];
  if (auto free = check_alias(mine, alias); !free) return free;
  attachment.database.must_exist = true;  // from now on
  mine.attached.emplace(alias, std::move(attachment));
  ++mine.generation;
  return {};
}

Result<Attachment> Databases::detach(const SessionRef& session, const std::string& alias) {
  auto seen = seen_.lock();
  Seen& mine = (*seen)[key_of(session)];
  auto gone = mine.attached.extract(lower_case(alias));
  if (!gone) {
    std::vector<std::string> names;
    for (const auto& [name, attachment] : mine.attached) names.push_back(name);
    return fail(Errc::not_found, "nothing is attached as " + alias, closest_names(alias, names));
  }
  ++mine.generation;
  return std::move(gone.mapped());
}

template <typename Predicate>
bool Databases::any_attached(Predicate is_it) const {
  const auto seen = seen_.lock();
  return std::ranges::any_of(*seen, [&](const auto& session) {
    return std::ranges::any_of(session.second.attached,
                               [&](const auto& entry) { return is_it(entry.second); });
  });
}

bool Databases::is_attached(const Attachment& attachment) const {
  return any_attached([&](const Attachment& each) { return is_same(each, attachment); });
}

bool Databases::is_written(const Attachment& attachment) const {
  return !attachment.database.location.empty() && any_attached([&](const Attachment& each) {
    return is_same(each, attachment) && each.database.access == Access::read_write;
  });
}

std::vector<Attachment> Databases::forget(const SessionRef& session) {
  std::vector<Attachment> gone;
  const auto mine = seen_.lock()->extract(key_of(session));
  if (mine) {
    for (const auto& [alias, attachment] : mine.mapped().attached) gone.push_back(attachment);
  }
  return gone;
}

std::uint64_t Databases::generation(const SessionRef& session) const {
  const auto seen = seen_.lock();
  const auto found = seen->find(key_of(session));
  return found == seen->end() ? 0 : found->second.generation;
}

}  // namespace hearth::packs::sql
