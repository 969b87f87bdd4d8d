#include "packs/issues/engine/log_head.hpp"

#include <algorithm>
#include <span>
#include <utility>
#include <vector>

namespace hearth::packs::issues {
namespace {

constexpr std::size_t events_of_a_commit = 5000;

Result<std::optional<CommitId>> write_all(Repository& repository,
                                          std::optional<CommitId> head,
                                          Cache& cache,
                                          const ActorId& actor,
                                          CommitTime time) {
  const std::vector<Event> events = cache.readable_events();
  std::vector<CallRecord> calls;
  for (Cache::FoundCall& each : cache.readable_calls()) calls.push_back(std::move(each.call));
  for (std::size_t begin = 0; begin < events.size(); begin += events_of_a_commit) {
    const auto part =
        std::span(events).subspan(begin, std::min(events_of_a_commit, events.size() - begin));
    WalPlan plan{.actor = actor,
                 .events = part,
                 .parents = {},
                 .previous = head,
                 .calls = calls_within(calls, part),
                 .time = time};
    if (head) plan.parents.push_back(*head);
    const auto commit = write_wal_commit(repository, plan);
    if (!commit) return std::unexpected(commit.error());
    head = *commit;
  }
  return head;
}

}  // namespace

Result<std::optional<CommitId>> read_log_head(const Repository& repository) {
  auto head = repository.read_reference(wal_reference);
  if (head && *head) {
    if (auto commit = repository.read_commit(**head); !commit)
      head = std::unexpected(std::move(commit.error()));
  }
  if (head) return head;
  return fail(Errc::damaged,
              std::string(wal_reference) + " leads to no commit: " + head.error().message,
              {"hearth issues doctor --fix, which keeps all that is known here"});
}

Result<HeadRepair> repair_log_head(Repository& repository,
                                   WriteLock::Held& held,
                                   Cache& cache,
                                   const ActorId& actor,
                                   CommitTime time) {
  if (auto dropped = repository.drop_unreadable_reference(held, wal_reference); !dropped)
    return std::unexpected(std::move(dropped.error()));
  const auto now = repository.read_reference(wal_reference);
  if (!now) return std::unexpected(now.error());
  const bool is_good = *now && repository.read_commit(**now);
  const std::optional<CommitId> base = is_good ? *now : std::nullopt;
  const std::optional<CommitId> known = cache.head();
  const bool goes_on = known && repository.read_commit(*known) &&
                       (!base || repository.is_descendant(*known, *base).value_or(false));
  const auto target = goes_on ? Result<std::optional<CommitId>>(known)
                              : write_all(repository, base, cache, actor, time);
  if (!target) return std::unexpected(target.error());
  const auto moved = repository.update_reference(held, wal_reference, *now, *target);
  if (!moved) return std::unexpected(moved.error());
  if (!*moved) return fail(Errc::busy, "another program changed the log meanwhile", {"try again"});
  std::string done = "removed, since nothing was known here";
  if (goes_on)
    done = "set to the newest commit that was known here";
  else if (*target)
    done = "set to a new commit of all that was known here";
  return HeadRepair{.head = *target, .done = std::move(done)};
}

}  // namespace hearth::packs::issues
