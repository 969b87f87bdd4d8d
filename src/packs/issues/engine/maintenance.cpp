#include "packs/issues/engine/maintenance.hpp"

#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cstring>
#include <ctime>
#include <filesystem>
#include <functional>
#include <unordered_set>

#include "packs/issues/engine/attachments.hpp"
#include "packs/issues/engine/locks.hpp"
#include "packs/issues/engine/log_head.hpp"
#include "packs/issues/engine/snapshots.hpp"

namespace hearth::packs::issues {
namespace {

// A lock file of git that is older than this has no writer any more.
constexpr std::time_t oldest_lock_file_s = 60;
// So many loose objects are worth a compaction.
constexpr std::size_t many_loose_objects = 2000;

Result<std::vector<ObjectId>> all_roots(const Repository& repository) {
  std::vector<ObjectId> roots;
  for (const char* prefix : {"refs/grite/", "refs/hearth/"}) {
    const auto references = repository.references(prefix);
    if (!references) return std::unexpected(references.error());
    for (const Reference& each : *references) roots.push_back(each.target);
  }
  return roots;
}

struct LockFile {
  std::string path;
  std::time_t age_s = 0;
  [[nodiscard]] bool was_left() const { return age_s > oldest_lock_file_s; }
};

// Below refs/grite and refs/hearth, the oldest first.
std::vector<LockFile> lock_files(const std::string& common_directory) {
  std::vector<LockFile> files;
  std::error_code ignored;
  for (const char* folder : {"/refs/grite", "/refs/hearth"}) {
    for (const auto& entry :
         std::filesystem::recursive_directory_iterator(common_directory + folder, ignored)) {
      struct stat found{};
      const std::string path = entry.path().string();
      if (!path.ends_with(".lock") || ::stat(path.c_str(), &found) != 0) continue;
      const std::time_t age_s = std::time(nullptr) - found.st_mtime;
      files.push_back({path, std::max<std::time_t>(age_s, 0)});
    }
  }
  std::ranges::sort(files, std::greater(), &LockFile::age_s);
  return files;
}

std::size_t count_loose_objects(const std::string& common_directory) {
  // git's own guess: objects spread evenly over 256 folders.
  std::size_t count = 0;
  std::error_code ignored;
  for (const auto& entry :
       std::filesystem::directory_iterator(common_directory + "/objects/17", ignored)) {
    count += entry.is_regular_file(ignored) ? 1U : 0U;
  }
  return 256 * count;
}

// Whether there is a log to go on from. Without, nothing else of it can be looked at.
Result<Check> check_head(IssueStore& store, bool fix) {
  Check check{.id = "wal_ref", .health = Health::ok, .message = {}, .plan = {}};
  auto done = store.run([&](Repository& repository, Projector& projector) -> Result<void> {
    const auto head = read_log_head(repository);
    if (head) return {};
    check.health = Health::error;
    check.message = head.error().message;
    check.plan = {"let it lead to all that is known here: hearth issues doctor --fix"};
    if (!fix) return {};
    auto held = repository.lock();
    if (!held) return std::unexpected(std::move(held.error()));
    if (auto own = projector.drop_foreign(); !own) return std::unexpected(std::move(own.error()));
    const auto actor = store.actors().writer("", store.now_ms());
    if (!actor) return std::unexpected(actor.error());
    const auto repaired = repair_log_head(repository, *held, projector.cache(), actor->id,
                                          local_time(store.now_ms()));
    if (!repaired) return std::unexpected(repaired.error());
    check.message += "; it was " + repaired->done;
    check.is_mended = true;
    return {};
  });
  if (done && check.is_mended) done = store.catch_up();
  if (!done) return std::unexpected(std::move(done.error()));
  return check;
}

Check check_log(IssueStore& store) {
  const LogProblems problems = store.problems();
  Check check{
      .id = "wal_ref", .health = Health::ok, .message = "the log can be read whole", .plan = {}};
  if (!store.head()) check.message = "there is no log yet";
  if (problems.total > 0) {
    check.health = Health::error;
    check.message = std::to_string(problems.total) +
                    " problems in the log, the first: " + problems.texts.front();
    check.plan = {
        problems.incomplete > 0
            ? "fetch what is missing from a clone that has the log whole: git fetch "
              "--refetch REMOTE '+refs/grite/*:refs/grite-again/*' (of a shallow clone: git fetch "
              "--unshallow REMOTE …), then hearth issues rebuild"
            : "find out who wrote this; what else is in the log counts all the same"};
  }
  return check;
}

// Somebody may still be writing; it is what a write waits for, all the same.
Check check_young_lock_files(const std::vector<LockFile>& files) {
  const std::string limit = std::to_string(oldest_lock_file_s) + " s";
  const std::string age = std::to_string(files.front().age_s) + " s old";
  const std::string what = files.size() == 1
                               ? "1 lock file, " + age
                               : std::to_string(files.size()) + " lock files, the oldest " + age;
  Check check{.id = "lock_files",
              .health = Health::warning,
              .message = what + "; removed when older than " + limit,
              .plan = {}};
  for (const LockFile& file : files) {
    check.plan.push_back("wait for the program that writes, or, when it has been there for " +
                         limit + ", remove " + file.path + ": hearth issues doctor --fix");
  }
  return check;
}

Check check_lock_files(IssueStore& store, bool fix) {
  const auto files = lock_files(store.common_directory());
  Check check{
      .id = "lock_files", .health = Health::ok, .message = "no lock file was left", .plan = {}};
  if (files.empty()) return check;
  const auto left = std::ranges::count_if(files, &LockFile::was_left);
  if (left == 0) return check_young_lock_files(files);
  check.health = Health::error;
  check.message = std::to_string(left) + " lock files were left by programs that have ended";
  for (const LockFile& file : files) {
    if (!file.was_left()) continue;
    check.plan.push_back("remove " + file.path);
    if (fix) ::unlink(file.path.c_str());
  }
  check.is_mended = fix;
  return check;
}

Check check_actor(IssueStore& store) {
  const Actors actors = store.actors();
  const auto chosen = actors.default_actor();
  if (!chosen && actors.list().empty()) {
    return {.id = "actor_config",
            .health = Health::ok,
            .message = "no actor yet; the first write makes one",
            .plan = {}};
  }
  if (chosen && actors.find(*chosen)) {
    return {.id = "actor_config",
            .health = Health::ok,
            .message = "the default actor is there",
            .plan = {}};
  }
  return {.id = "actor_config",
          .health = Health::warning,
          .message = "no default actor; the oldest one writes",
          .plan = {"choose one: hearth issues actor-use ID"}};
}

Result<Projector::Comparison> compare(IssueStore& store) {
  std::optional<Projector::Comparison> found;
  auto done = store.run([&](Repository&, Projector& projector) -> Result<void> {
    auto compared = projector.compare_with_log();
    if (!compared) return std::unexpected(std::move(compared.error()));
    found = std::move(*compared);
    return {};
  });
  if (!done) return std::unexpected(std::move(done.error()));
  return std::move(*found);
}

// So that everybody has them again, whoever lost the objects that they were in.
Result<void> write_again(IssueStore& store, std::vector<Event> events) {
  WriteJob job;
  job.make = [&](const Board&, store::Database&, const Actor&) -> Result<Batch> {
    return Batch{.drafts = {}, .events = std::move(events)};
  };
  const auto written = store.write_and_wait(std::move(job));
  if (!written) return std::unexpected(written.error());
  return {};
}

Result<void> compute_again(IssueStore& store) {
  return store.run([](Repository&, Projector& projector) -> Result<void> {
    const auto rebuilt = projector.rebuild(false);
    if (!rebuilt) return std::unexpected(rebuilt.error());
    return {};
  });
}

// Whether the cache says what the log says. What only the cache has goes back into the log first.
Result<Check> check_cache(IssueStore& store, bool fix) {
  Check check{.id = "store_integrity",
              .health = Health::ok,
              .message = "the cache agrees with the log",
              .plan = {}};
  if (!store.has_its_cache()) {
    check.health = Health::warning;
    check.message = "the cache was removed while it was in use";
    check.plan = {"the next call computes it again from the log"};
    return check;
  }
  auto found = compare(store);
  if (!found) return std::unexpected(std::move(found.error()));
  if (const std::size_t count = found->only_here.size(); count > 0) {
    check.health = Health::error;
    check.message = "objects of the log are missing, and " + std::to_string(count) +
                    " events are in the cache alone";
    check.plan = {"write them into the log again: hearth issues doctor --fix"};
    if (!fix) return check;
    if (auto done = write_again(store, std::move(found->only_here)); !done)
      return std::unexpected(std::move(done.error()));
    check.is_mended = true;
    found = compare(store);
    if (!found) return std::unexpected(std::move(found.error()));
  }
  const auto& differences = found->differences;
  if (differences && *differences == 0) return check;
  check.health = Health::error;
  check.message = differences ? "the cache has " + std::to_string(*differences) +
                                    " issues otherwise than the log"
                              : differences.error().message;
  check.plan = {"compute the cache again from the log: hearth issues rebuild"};
  if (!fix) return check;
  if (auto done = compute_again(store); !done) return std::unexpected(std::move(done.error()));
  check.is_mended = true;
  return check;
}

Result<Check> check_room(IssueStore& store, bool fix) {
  Check check{
      .id = "loose_objects", .health = Health::ok, .message = "few objects lie loose", .plan = {}};
  const std::size_t loose = count_loose_objects(store.common_directory());
  if (loose < many_loose_objects) return check;
  check.health = Health::warning;
  check.message = "about " + std::to_string(loose) + " objects lie loose";
  check.plan = {"pack those of the issues: hearth issues compact"};
  if (!fix) return check;
  auto repository = store.open_repository();
  if (!repository) return std::unexpected(std::move(repository.error()));
  const auto done = compact(**repository, store.now_ms());
  if (!done) return std::unexpected(done.error());
  check.is_mended = true;
  return check;
}

}  // namespace

std::string_view name_of(Health health) {
  constexpr std::array<std::string_view, 3> names{"ok", "warn", "error"};
  return names[static_cast<std::size_t>(health)];
}

Result<void> verify_snapshot(const Repository& repository,
                             const Snapshot& snapshot,
                             const std::stop_token& stop,
                             Verification& found) {
  const std::string name = "snapshot " + std::to_string(snapshot.created_ms) + ": ";
  const auto compared = compare_with_log(repository, snapshot, stop);
  if (!compared && compared.error().code == Errc::cancelled)
    return std::unexpected(compared.error());
  if (!compared) {
    found.problems.add(name + compared.error().message);
    return {};
  }
  if (compared->missing > 0)
    found.problems.add(name + "it lacks " + std::to_string(compared->missing) + " events");
  if (compared->made_up > 0) {
    found.problems.add(name + std::to_string(compared->made_up) +
                       " of its events are not in the log");
  }
  return {};
}

Result<void> verify_attachments(const Repository& repository,
                                const std::stop_token& stop,
                                Verification& found) {
  const auto all = repository.references(attachment_prefix);
  if (!all) return std::unexpected(all.error());
  for (const Reference& each : *all) {
    if (stop.stop_requested()) return fail(Errc::cancelled, "the check was cancelled");
    const auto digest =
        id_of_hex<Sha256>(std::string_view(each.name).substr(std::strlen(attachment_prefix)));
    const auto bytes = digest ? read_attachment(repository, *digest)
                              : fail(Errc::damaged, "this is no name of an attachment");
    if (!bytes) found.problems.add(each.name + ": " + bytes.error().message);
  }
  return {};
}

Result<Verification> verify_log(const Repository& repository, const std::stop_token& stop) {
  Verification found;
  const auto head = repository.read_reference(wal_reference);
  if (!head) return std::unexpected(head.error());
  if (!*head) return found;
  const auto keys = KeyRing::read(repository);
  if (!keys) return std::unexpected(keys.error());
  for (const std::string& problem : keys->unreadable()) found.problems.add(problem);
  std::unordered_set<EventId> on_chain;
  std::unordered_set<EventId> beside;
  bool is_on_chain = true;
  auto walked = walk_wal(
      repository, **head,
      [&](const CommitId&, bool on) -> Result<bool> {
        is_on_chain = on;
        if (stop.stop_requested()) return fail(Errc::cancelled, "the check was cancelled");
        return false;
      },
      [&](const WalCommit& commit) {
        ++found.commits;
        for (const std::string& problem : commit.problems) found.problems.add(problem);
        for (const Event& event : commit.events) {
          if (!(is_on_chain ? on_chain : beside).insert(event.id).second) continue;
          ++found.events;
          if (!event.signature) continue;
          if (!keys->keys().contains(event.actor)) {
            ++found.signatures_of_unknown;
            continue;
          }
          ++found.signed_events;
          if (!keys->has_signed(event)) ++found.bad_signatures;
        }
      });
  if (!walked) return std::unexpected(std::move(walked.error()));
  std::uint64_t unseen = 0;
  for (const EventId& event : beside) {
    if (on_chain.contains(event)) {
      --found.events;
    } else {
      ++unseen;
    }
  }
  if (unseen > 0) {
    found.problems.add(
        std::to_string(unseen) +
        " events are in the log, but not where readers that follow prev_wal find them");
  }
  const auto unreadable = unreadable_snapshots(repository);
  if (!unreadable) return std::unexpected(unreadable.error());
  for (const std::string& problem : *unreadable) found.problems.add(problem);
  const auto snapshots = list_snapshots(repository);
  if (!snapshots) return std::unexpected(snapshots.error());
  for (const Snapshot& each : *snapshots) {
    if (auto done = verify_snapshot(repository, each, stop, found); !done)
      return std::unexpected(std::move(done.error()));
  }
  if (auto done = verify_attachments(repository, stop, found); !done)
    return std::unexpected(std::move(done.error()));
  return found;
}

Result<std::vector<Check>> examine(IssueStore& store, bool fix) {
  std::vector<Check> checks;
  checks.push_back(
      {.id = "git_repo", .health = Health::ok, .message = store.common_directory(), .plan = {}});
  checks.push_back(check_lock_files(store, fix));
  checks.push_back(check_actor(store));
  auto head = check_head(store, fix);
  if (!head) return std::unexpected(std::move(head.error()));
  const bool has_head = head->health == Health::ok || head->is_mended;
  if (head->health != Health::ok) checks.push_back(std::move(*head));
  if (!has_head) return checks;
  auto cache = check_cache(store, fix);  // which reads all of the log again
  if (!cache) return std::unexpected(std::move(cache.error()));
  checks.push_back(check_log(store));
  checks.push_back(std::move(*cache));
  auto room = check_room(store, fix);
  if (!room) return std::unexpected(std::move(room.error()));
  checks.push_back(std::move(*room));
  return checks;
}

Result<Compaction> compact(Repository& repository, std::uint64_t now_ms) {
  Compaction done;
  const auto removed = remove_old_locks(repository, now_ms);
  if (!removed) return std::unexpected(removed.error());
  done.removed_locks = *removed;
  const auto roots = all_roots(repository);
  if (!roots) return std::unexpected(roots.error());
  const auto packed = repository.pack_loose(*roots);
  if (!packed) return std::unexpected(packed.error());
  done.packed_objects = *packed;
  return done;
}

}  // namespace hearth::packs::issues
