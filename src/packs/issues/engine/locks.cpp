#include "packs/issues/engine/locks.hpp"

#include <algorithm>
#include <filesystem>

#include "base/clock.hpp"
#include "packs/issues/engine/crypto.hpp"
#include "packs/issues/engine/wal.hpp"

namespace hearth::packs::issues {
namespace {

constexpr const char* author = "grite <grit@localhost>";
constexpr std::uint64_t kept_ms = 24ULL * 3600 * 1000;
constexpr std::size_t most_lock_bytes = std::size_t{64} << 10;  // of its commit, tree and lock.json

std::string_view space_of(std::string_view resource) {
  return resource.substr(0, resource.find(':'));
}

std::string_view name_in_space(std::string_view resource) {
  return resource.substr(std::min(resource.find(':') + 1, resource.size()));
}

// From the project's root; empty: the root.
std::string path_of(std::string_view resource) {
  const std::filesystem::path whole("/" + std::string(name_in_space(resource)));
  std::string path = whole.lexically_normal().relative_path().string();
  while (path.ends_with('/')) path.pop_back();
  return path;
}

bool is_in(std::string_view path, std::string_view folder) {
  return path == folder || folder.empty() ||
         (path.starts_with(folder) && path[folder.size()] == '/');
}

std::string until(std::uint64_t ms) {
  constexpr std::uint64_t end_of_year_9999_ms = 253'402'300'799'999;
  if (ms > end_of_year_9999_ms) return "for ever";
  return "until " + format_rfc3339(WallTime(std::chrono::milliseconds(ms)));
}

}  // namespace

std::string normalized_resource(std::string_view resource) {
  return space_of(resource) == "path" ? "path:" + path_of(resource) : std::string(resource);
}

std::string lock_reference(std::string_view resource) {
  return lock_reference_prefix + hex_of(sha256(resource)).substr(0, 16);
}

bool do_conflict(std::string_view a, std::string_view b) {
  if (space_of(a) == "repo" || space_of(b) == "repo") return true;
  if (space_of(a) != space_of(b)) return false;
  if (space_of(a) == "path") return is_in(path_of(a), path_of(b)) || is_in(path_of(b), path_of(a));
  return a == b;
}

std::string make_nonce(const std::optional<std::string>& call) {
  std::string bytes = call ? std::string(IssueId{blake2b_128(*call)}.view()) : random_bytes(16);
  bytes[6] = static_cast<char>((bytes[6] & 0x0f) | 0x40);
  bytes[8] = static_cast<char>((bytes[8] & 0x3f) | 0x80);
  std::string text = hex_of(bytes);
  for (const std::size_t at : {8U, 13U, 18U, 23U}) text.insert(at, "-");
  return text;
}

Result<HeldLock> read_lock(const Repository& repository, const Reference& reference) {
  const auto commit = repository.read_commit(reference.target, most_lock_bytes);
  if (!commit) return std::unexpected(commit.error());
  const auto entries = repository.read_tree(commit->tree, most_lock_bytes);
  if (!entries) return std::unexpected(entries.error());
  const auto file = std::ranges::find(*entries, "lock.json", &TreeEntry::name);
  if (file == entries->end()) return fail(Errc::damaged, reference.name + " has no lock.json");
  const auto text = repository.read_blob(file->id, most_lock_bytes);
  if (!text) return std::unexpected(text.error());
  auto lock = decode_lock(*text);
  if (!lock) return std::unexpected(std::move(lock.error()));
  // Whoever takes that resource looks elsewhere.
  if (reference.name != lock_reference(lock->resource)) {
    return fail(Errc::damaged, "this is not where a lock of " + lock->resource + " is kept");
  }
  return HeldLock{reference.name, reference.target, std::move(*lock)};
}

Result<std::vector<HeldLock>> list_locks(const Repository& repository) {
  const auto references = repository.references(lock_reference_prefix);
  if (!references) return std::unexpected(references.error());
  std::vector<HeldLock> locks;
  for (const Reference& each : *references) {
    if (auto lock = read_lock(repository, each)) locks.push_back(std::move(*lock));
  }
  return locks;
}

Result<std::vector<std::string>> unreadable_locks(const Repository& repository) {
  const auto references = repository.references(lock_reference_prefix);
  if (!references) return std::unexpected(references.error());
  std::vector<std::string> problems;
  for (const Reference& each : *references) {
    const auto lock = read_lock(repository, each);
    if (!lock) problems.push_back(each.name + ": " + lock.error().message);
  }
  return problems;
}

bool continues_lock(const Repository& repository, const ObjectId& ours, const ObjectId& theirs) {
  if (!repository.read_commit(ours)) return false;
  return repository.is_descendant(ours, theirs).value_or(true);
}

Result<std::size_t> remove_old_locks(Repository& repository, std::uint64_t now_ms) {
  const auto locks = list_locks(repository);
  if (!locks) return std::unexpected(locks.error());
  auto held = repository.lock();
  if (!held) return std::unexpected(std::move(held.error()));
  std::size_t removed = 0;
  for (const HeldLock& each : *locks) {
    if (each.lock.expires_ms > now_ms - std::min(now_ms, kept_ms)) continue;
    const auto gone = repository.update_reference(*held, each.reference, each.commit, std::nullopt);
    if (!gone) return std::unexpected(gone.error());
    removed += *gone ? 1U : 0U;
  }
  return removed;
}

Result<ObjectId> write_lock_commit(Repository& repository,
                                   const Lock& lock,
                                   const std::optional<ObjectId>& previous,
                                   std::int64_t seconds,
                                   int zone_minutes) {
  const auto blob = repository.write_blob(encode_lock(lock));
  if (!blob) return std::unexpected(blob.error());
  const auto tree = repository.write_tree({{.name = "lock.json", .id = *blob}});
  if (!tree) return std::unexpected(tree.error());
  std::vector<ObjectId> parents;
  if (previous) parents.push_back(*previous);
  return repository.write_commit({.tree = *tree,
                                  .parents = std::move(parents),
                                  .author = author,
                                  .time = seconds,
                                  .zone_minutes = zone_minutes,
                                  .message = "Lock: " + lock.resource});
}

namespace {

// Also of another agent that writes under the same actor: nobody can tell them apart.
std::unexpected<Error> yours(const Lock& lock) {
  constexpr std::string_view issue_space = "issue:";
  const std::string named = lock.resource.starts_with(issue_space)
                                ? lock.resource.substr(issue_space.size())
                                : "--resource " + lock.resource;
  return fail(Errc::conflict,
              lock.resource + " is held by your own actor " + hex_of(lock.owner) + " " +
                  until(lock.expires_ms),
              {"keep it for longer: hearth issues renew " + named,
               "where another agent is the same actor, take something else: hearth issues ready, "
               "and name yourself: --actor NAME"});
}

}  // namespace

std::unexpected<Error> Locks::taken(const Lock& lock) const {
  const std::string label = label_of_ ? label_of_(lock.owner) : std::string();
  const std::string owner =
      (label.empty() ? std::string() : "\"" + label + "\" ") + hex_of(lock.owner);
  return fail(Errc::conflict,
              lock.resource + " is held by the actor " + owner + " " + until(lock.expires_ms),
              {"take something else: hearth issues ready", "hearth issues locks"});
}

// Takes over what the remote says of all locks, so that those that exclude this one are known; what
// was done here since stays. Of one that the remote does not have ours counts while it is live, and
// the remote hears of it.
Result<void> Locks::fetch(const LockRequest& request) {
  if (remote_ == nullptr) return {};
  const std::string reference = lock_reference(request.resource);
  const auto list = remote_->list();
  if (!list) return std::unexpected(list.error());
  std::vector<Reference> wanted;
  bool is_there = false;
  for (const Reference& each : *list) {
    if (!each.name.starts_with(lock_reference_prefix)) continue;
    is_there = is_there || each.name == reference;
    wanted.push_back(each);
  }
  auto fetched = wanted.empty() ? Result<void>() : remote_->fetch(wanted);
  if (!fetched) return fetched;
  if (!is_there) {
    const auto ours = find(reference);
    if (!ours) return std::unexpected(ours.error());
    if (ours->lock && ours->lock->is_live(request.now_ms)) {
      const RefChange change{reference, std::nullopt, ours->target};
      const auto pushed = remote_->push(std::span(&change, 1));
      if (!pushed) return std::unexpected(pushed.error());
    } else {
      wanted.push_back({reference, {}});
    }
  }
  return take_over(wanted, reference);
}

// Without a target: it is not there. The remote hears of what was done here to the lock that is
// asked for, on top of which it is to change; of others with the next sync.
Result<void> Locks::take_over(std::span<const Reference> theirs, const std::string& reference) {
  std::optional<RefChange> ahead;
  {
    auto held = repository_.lock();
    if (!held) return std::unexpected(std::move(held.error()));
    for (const Reference& each : theirs) {
      const auto now = repository_.read_reference(each.name);
      if (!now) return std::unexpected(now.error());
      const auto target = each.target == ObjectId{} ? std::nullopt : std::optional(each.target);
      if (*now == target) continue;
      if (*now && target && continues_lock(repository_, **now, *target)) {
        if (each.name == reference) ahead = RefChange{reference, target, *now};
        continue;
      }
      const auto set = repository_.update_reference(*held, each.name, *now, target);
      // One that cannot be here, beside others of ours, is no reason to refuse this lock.
      if (!set && each.name == reference) return std::unexpected(set.error());
    }
  }
  if (!ahead) return {};
  const auto pushed = remote_->push(std::span(&*ahead, 1));
  if (!pushed) return std::unexpected(pushed.error());
  return {};
}

// Where no remote decides, nobody else comes in between what is read here and what is written.
Result<std::optional<WriteLock::Held>> Locks::hold() {
  std::optional<WriteLock::Held> held;
  if (remote_ != nullptr) return held;
  auto taken = repository_.lock();
  if (!taken) return std::unexpected(std::move(taken.error()));
  held.emplace(std::move(*taken));
  return held;
}

// What cannot be read holds nothing, and is replaced by whoever comes next.
Result<Locks::Place> Locks::find(const std::string& reference) {
  const auto target = repository_.read_reference(reference);
  if (!target) return std::unexpected(target.error());
  Place place{.target = *target, .lock = std::nullopt};
  if (!place.target) return place;
  if (auto lock = read_lock(repository_, {reference, *place.target})) place.lock = std::move(*lock);
  return place;
}

Result<void> Locks::check_free(const LockRequest& request, Besides besides) {
  const auto all = list_locks(repository_);
  if (!all) return std::unexpected(all.error());
  for (const HeldLock& each : *all) {
    const bool is_same = each.lock.resource == request.resource;
    const bool is_own = is_same ? besides == Besides::itself : each.lock.owner == request.owner;
    if (each.is_live(request.now_ms) && !is_own &&
        do_conflict(each.lock.resource, request.resource)) {
      return taken(each.lock);
    }
  }
  return {};
}

// Adds a commit to the lock, where it counts: at the remote if there is one.
Result<Lock> Locks::put(const Place& place,
                        const Lock& lock,
                        std::uint64_t now_ms,
                        std::optional<WriteLock::Held> held) {
  const CommitTime time = local_time(now_ms);
  const auto previous = place.lock ? place.target : std::nullopt;
  const auto commit =
      write_lock_commit(repository_, lock, previous, time.seconds, time.zone_minutes);
  if (!commit) return std::unexpected(commit.error());
  const RefChange change{lock_reference(lock.resource), place.target, *commit};
  if (remote_ != nullptr) {
    const auto made = remote_->push(std::span(&change, 1));
    if (!made) return std::unexpected(made.error());
    const Pushed& pushed = made->front();
    if (!pushed.refusal.empty()) {
      return fail(Errc::permission, "the remote refuses the lock: " + pushed.refusal);
    }
    if (!pushed.is_made) {
      return fail(Errc::conflict, "somebody else was faster to take " + lock.resource,
                  {"take something else: hearth issues ready"});
    }
  }
  if (!held) {
    auto now = repository_.lock();
    if (!now) return std::unexpected(std::move(now.error()));
    held.emplace(std::move(*now));
  }
  const auto set = repository_.update_reference(*held, change.name, place.target, *commit);
  if (!set) return std::unexpected(set.error());
  // With a remote it counts there, and the next exchange brings it here.
  if (!*set && remote_ == nullptr) {
    return fail(Errc::conflict, "somebody else was faster to take " + lock.resource);
  }
  return lock;
}

// A remote compares one reference at a time. So of two who push different locks that exclude each
// other at least the later one sees the other's when it looks again, and gives its own back; both
// do where both are seen, for neither can tell whether the other one has looked before.
Result<Lock> Locks::settle(const LockRequest& request, Lock lock) {
  if (remote_ == nullptr) return lock;
  if (auto fetched = fetch(request); !fetched) return std::unexpected(fetched.error());
  auto free = check_free(request, Besides::itself);
  if (free) return lock;
  const auto place = find(lock_reference(request.resource));
  if (!place) return std::unexpected(place.error());
  if (place->lock && place->lock->lock.nonce == lock.nonce) {
    lock.expires_ms = 0;
    const auto given_back = put(*place, lock, request.now_ms, std::nullopt);
    if (!given_back) return given_back;
  }
  return std::unexpected(std::move(free.error()));
}

Result<Lock> Locks::acquire(const LockRequest& request) {
  const std::string reference = lock_reference(request.resource);
  if (auto fetched = fetch(request); !fetched) return std::unexpected(fetched.error());
  auto held = hold();
  if (!held) return std::unexpected(std::move(held.error()));
  const auto place = find(reference);
  if (!place) return std::unexpected(place.error());
  const auto& before = place->lock;
  const bool is_repetition = before && before->is_live(request.now_ms) &&
                             before->lock.owner == request.owner &&
                             before->lock.nonce == request.nonce;
  if (is_repetition) return before->lock;
  if (before && before->is_live(request.now_ms) && before->lock.owner == request.owner)
    return yours(before->lock);
  if (auto free = check_free(request, Besides::nothing); !free)
    return std::unexpected(free.error());
  auto lock = put(*place,
                  {.owner = request.owner,
                   .nonce = request.nonce.value_or(make_nonce()),
                   .expires_ms = request.now_ms + request.ttl_ms,
                   .resource = request.resource},
                  request.now_ms, std::move(*held));
  if (!lock) return lock;
  return settle(request, std::move(*lock));
}

Result<HeldLock> Locks::find_own(const LockRequest& request) {
  auto place = find(lock_reference(request.resource));
  if (!place) return std::unexpected(std::move(place.error()));
  if (!place->lock || place->lock->lock.expires_ms == 0) {
    return fail(Errc::not_found, "nobody holds " + request.resource, {"hearth issues locks"});
  }
  HeldLock& found = *place->lock;
  const bool is_own =
      found.lock.owner == request.owner && (!request.nonce || *request.nonce == found.lock.nonce);
  if (!is_own) return taken(found.lock);
  return std::move(found);
}

// Also one that has run out, if nobody has taken it since, nor anything that excludes it.
Result<Lock> Locks::renew(const LockRequest& request) {
  if (auto fetched = fetch(request); !fetched) return std::unexpected(fetched.error());
  auto held = hold();
  if (!held) return std::unexpected(std::move(held.error()));
  auto own = find_own(request);
  if (!own) return std::unexpected(std::move(own.error()));
  const bool was_over = !own->is_live(request.now_ms);
  if (was_over) {
    if (auto free = check_free(request, Besides::itself); !free)
      return std::unexpected(free.error());
  }
  own->lock.expires_ms = request.now_ms + request.ttl_ms;
  auto lock =
      put({.target = own->commit, .lock = *own}, own->lock, request.now_ms, std::move(*held));
  return lock && was_over ? settle(request, std::move(*lock)) : lock;
}

Result<Lock> Locks::release(const LockRequest& request) {
  if (auto fetched = fetch(request); !fetched) return std::unexpected(fetched.error());
  auto held = hold();
  if (!held) return std::unexpected(std::move(held.error()));
  auto own = find_own(request);
  if (!own) return std::unexpected(std::move(own.error()));
  own->lock.expires_ms = 0;
  return put({.target = own->commit, .lock = *own}, own->lock, request.now_ms, std::move(*held));
}

}  // namespace hearth::packs::issues
