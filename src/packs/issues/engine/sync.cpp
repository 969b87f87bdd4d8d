#include "packs/issues/engine/sync.hpp"

#include <algorithm>
#include <chrono>
#include <map>
#include <thread>
#include <vector>

#include "packs/issues/engine/crypto.hpp"
#include "packs/issues/engine/locks.hpp"
#include "packs/issues/engine/log_head.hpp"
#include "packs/issues/engine/snapshots.hpp"

namespace hearth::packs::issues {
namespace {

constexpr int most_rounds = 60;
constexpr int fair_rounds = 4;  // after which the remote is reserved
constexpr int first_pause_ms = 2;
constexpr int longest_pause_ms = 500;

constexpr std::uint64_t long_over_ms = 7ULL * 24 * 3600 * 1000;

constexpr std::string_view lock_prefix = "refs/grite/locks/";

using References = std::map<std::string, ObjectId>;

References by_name(const std::vector<Reference>& list) {
  References all;
  for (const Reference& each : list) {
    all[each.name] = each.target;
  }
  return all;
}

std::optional<ObjectId> find(const References& all, const std::string& name) {
  const auto found = all.find(name);
  return found == all.end() ? std::nullopt : std::optional(found->second);
}

class Sync {
 public:
  Sync(Repository& repository, Transport& remote, const SyncPlan& plan)
      : repository_(repository), remote_(remote), plan_(plan) {}

  Result<SyncReport> run() {
    for (int round = 0; round < most_rounds; ++round) {
      if (plan_.stop.stop_requested()) return fail(Errc::cancelled, "the sync was cancelled");
      ++report_.tries;
      if (round == fair_rounds) {
        if (auto kept = remote_.reserve(); !kept) return std::unexpected(std::move(kept.error()));
      }
      const auto agreed = exchange();
      if (!agreed) return std::unexpected(agreed.error());
      if (*agreed) return finish();
      pause(round);
    }
    return fail(Errc::busy, "others pushed faster every time; what is here is kept",
                {"sync again"});
  }

 private:
  Result<SyncReport> finish() {
    const auto head = repository_.read_reference(wal_reference);
    if (!head) return std::unexpected(head.error());
    report_.head = *head;
    return report_;
  }

  // Longer and longer, and never for the same time as others do.
  static void pause(int round) {
    const int most = std::min(longest_pause_ms, first_pause_ms << std::min(round, 8));
    const auto random = static_cast<unsigned char>(random_bytes(1).front());
    std::this_thread::sleep_for(std::chrono::milliseconds(1 + random * most / 256));
  }

  // True when both have the same, or nothing more is to be done.
  Result<bool> exchange() {
    const auto list = remote_.list();
    if (!list) return std::unexpected(list.error());
    const References theirs = by_name(*list);
    report_.problems.clear();
    if (auto fetched = fetch(theirs); !fetched) return std::unexpected(fetched.error());
    std::vector<RefChange> pushes;
    // Keys before what they have signed, on both sides.
    if (auto others = exchange_others(theirs, pushes); !others) {
      return std::unexpected(std::move(others.error()));
    }
    auto log = exchange_log(find(theirs, wal_reference), pushes);
    if (!log) return std::unexpected(std::move(log.error()));
    if (pushes.empty()) return true;
    const auto made = remote_.push(pushes);
    if (!made) return std::unexpected(made.error());
    return take(pushes, *made);
  }

  // Whether nothing has to be tried again.
  Result<bool> take(std::span<const RefChange> pushes, std::span<const Pushed> outcomes) {
    bool is_agreed = true;
    for (std::size_t i = 0; i < pushes.size(); ++i) {
      const std::string& name = pushes[i].name;
      const Pushed& pushed = outcomes[i];
      if (!pushed.refusal.empty()) {
        std::string why = "the remote refuses " + name + ": " + pushed.refusal;
        if (name == wal_reference) return fail(Errc::permission, std::move(why));
        report_.problems.push_back(std::move(why));
      } else if (!pushed.is_made) {
        is_agreed = false;
      } else if (name == wal_reference) {
        report_.has_pushed = true;
      } else {
        ++report_.others_pushed;
      }
    }
    return is_agreed;
  }

  Result<void> fetch(const References& theirs) {
    std::vector<Reference> wanted;
    for (const auto& [name, target] : theirs) {
      if (!repository_.has(target)) wanted.push_back({name, target});
    }
    if (wanted.empty()) return {};
    return remote_.fetch(wanted);
  }

  // Moves our log, and says what is to be pushed. Somebody else here may append meanwhile: then the
  // next round goes on from there.
  Result<void> exchange_log(const std::optional<CommitId>& theirs, std::vector<RefChange>& pushes) {
    auto held = repository_.lock();
    if (!held) return std::unexpected(std::move(held.error()));
    const auto ours = read_log_head(repository_);
    if (!ours) return std::unexpected(ours.error());
    if (*ours == theirs) return {};
    if (theirs && !repository_.read_commit(*theirs)) {
      return fail(Errc::damaged,
                  "the remote has something else than a log under " + std::string(wal_reference) +
                      "; nothing of it was taken over, and nothing was pushed",
                  {"remove it there: git push REMOTE :" + std::string(wal_reference)});
    }
    if (!theirs) {
      if (plan_.push) pushes.push_back({wal_reference, std::nullopt, *ours});
      return {};
    }
    const auto is_ahead = *ours ? repository_.is_descendant(**ours, *theirs) : Result<bool>(false);
    if (!is_ahead) return std::unexpected(is_ahead.error());
    if (*is_ahead) {
      if (plan_.push) pushes.push_back({wal_reference, theirs, *ours});
      return {};
    }
    if (!plan_.pull) {
      return fail(Errc::conflict, "the remote has events that are not here; nothing was pushed",
                  {"sync without push, or in both directions"});
    }
    const auto joined = join(*ours, *theirs);
    if (!joined) return std::unexpected(joined.error());
    const auto moved = repository_.update_reference(*held, wal_reference, *ours, *joined);
    if (!moved) return std::unexpected(moved.error());
    if (!*moved)
      return fail(Errc::busy, "another program changed the log meanwhile", {"sync again"});
    report_.has_pulled = true;
    if (plan_.push && *joined != *theirs) pushes.push_back({wal_reference, theirs, *joined});
    return {};
  }

  // Their head, or a commit on top of it with what only we have.
  Result<CommitId> join(const std::optional<CommitId>& ours, const CommitId& theirs) {
    if (!ours) return theirs;
    const auto is_behind = repository_.is_descendant(theirs, *ours);
    if (!is_behind) return std::unexpected(is_behind.error());
    if (*is_behind) return theirs;
    const auto merge =
        merge_append(repository_, theirs, *ours, plan_.actor, local_time(plan_.now_ms()));
    if (!merge) return std::unexpected(merge.error());
    if (*merge) ++report_.merges;
    return merge->value_or(theirs);
  }

  // Snapshots, keys and attachments never change: each side takes what it lacks. Of locks the
  // remote's is right, since it is the remote that tells who was first; ours goes there if it
  // continues it.
  Result<void> exchange_others(const References& theirs, std::vector<RefChange>& pushes) {
    References ours;
    for (const char* prefix : {"refs/grite/", "refs/hearth/"}) {
      const auto list = repository_.references(prefix);
      if (!list) return std::unexpected(list.error());
      ours.merge(by_name(*list));
    }
    ours.erase(wal_reference);
    std::optional<WriteLock::Held> held;
    for (const auto& [name, target] : theirs) {
      const auto mine = find(ours, name);
      if (name == wal_reference) continue;
      if (is_long_over(name, target) && !(mine && goes_on(name, *mine, target))) {
        if (plan_.push) pushes.push_back({name, target, std::nullopt});
        ours.erase(name);  // what it grew from is over, too, and git pushes one name once
        continue;
      }
      if (mine == target || !plan_.pull) continue;
      if (mine && keeps_ours(name, *mine, target)) continue;
      if (!held) {
        auto taken = repository_.lock();
        if (!taken) return std::unexpected(std::move(taken.error()));
        held.emplace(std::move(*taken));
      }
      const auto set = repository_.update_reference(*held, name, mine, target);
      if (!set && set.error().code == Errc::busy) return std::unexpected(set.error());
      if (!set) {
        report_.problems.push_back(name + " cannot be taken over: " + set.error().message);
        continue;
      }
      ours[name] = target;
      ++report_.others_pulled;
    }
    if (!plan_.push) return {};
    for (const auto& [name, target] : ours) {
      const auto there = find(theirs, name);
      if (there != target && goes_there(name, there.has_value(), theirs)) {
        pushes.push_back({name, there, target});
      }
    }
    return {};
  }

  // A lock that ran out, or was given back, so long ago that no clock believes otherwise and every
  // clone has heard of it: it goes at the remote, and here with the next compaction.
  bool is_long_over(const std::string& name, const ObjectId& target) {
    if (!name.starts_with(lock_prefix)) return false;
    const auto lock = read_lock(repository_, {name, target});
    const auto commit = repository_.read_commit(target);
    if (!lock || !commit) return false;
    const std::uint64_t now = plan_.now_ms();
    const std::uint64_t long_ago = now - std::min(now, long_over_ms);
    const auto said_ms = static_cast<std::uint64_t>(std::max<std::int64_t>(commit->time, 0)) * 1000;
    return std::max(lock->lock.expires_ms, said_ms) < long_ago;
  }

  // Ours was taken or renewed on top of theirs since.
  bool goes_on(const std::string& name, const ObjectId& ours, const ObjectId& theirs) {
    return ours != theirs && keeps_ours(name, ours, theirs) && !is_long_over(name, ours);
  }

  // What was removed there, to save room, does not come back: old snapshots, and locks, which are
  // taken there or not at all.
  static bool goes_there(const std::string& name, bool is_there, const References& theirs) {
    if (name.starts_with(lock_prefix)) return is_there;
    if (is_there || !name.starts_with(snapshot_prefix)) return !is_there;
    const auto behind = theirs.upper_bound(name);
    return behind == theirs.end() || !behind->first.starts_with(snapshot_prefix);
  }

  bool keeps_ours(const std::string& name, const ObjectId& ours, const ObjectId& theirs) {
    return !name.starts_with(lock_prefix) || continues_lock(repository_, ours, theirs);
  }

  Repository& repository_;
  Transport& remote_;
  const SyncPlan& plan_;
  SyncReport report_;
};

}  // namespace

Result<SyncReport> sync_with(Repository& repository, Transport& remote, const SyncPlan& plan) {
  return Sync(repository, remote, plan).run();
}

}  // namespace hearth::packs::issues
