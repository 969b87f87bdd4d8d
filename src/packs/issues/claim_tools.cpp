// The tools by which agents do not get in each other's way: claim, renew, release, locks.
#include <algorithm>

#include "packs/issues/claim_wire.hpp"
#include "packs/issues/engine/locks.hpp"
#include "packs/issues/git_transport.hpp"
#include "packs/issues/tools.hpp"

namespace hearth::packs::issues {
namespace {

constexpr const char* usual_remote = "origin";
constexpr std::string_view issue_space = "issue:";

struct Target {
  std::string resource;
  std::optional<IssueId> issue;
};

// However it is written, it is the same thing that is taken.
template <typename Request>
Result<Target> target_of(IssueStore& store, const Request& request) {
  if (request.id.has_value() == request.resource.has_value()) {
    return fail(Errc::invalid_args, "give either the id of an issue or a resource");
  }
  const bool is_issue = request.id || request.resource->starts_with(issue_space);
  if (request.resource && !wire::is_one_line(*request.resource)) {
    return fail(Errc::invalid_args, "a resource is one line without control characters");
  }
  if (!is_issue) return Target{normalized_resource(*request.resource), std::nullopt};
  const auto id = store.board()->resolve(request.id ? *request.id
                                                    : request.resource->substr(issue_space.size()));
  if (!id) return std::unexpected(id.error());
  return Target{std::string(issue_space) + hex_of(*id), *id};
}

// Work can go on where the remote cannot be asked, or takes no locks.
Error with_way_out(Error error) {
  error.suggestions.emplace_back(
      "--local asks no remote: the lock then counts in this repository only, and others may take "
      "the same meanwhile");
  return error;
}

// What a call works with: a repository of its own, since a remote may take its time.
struct Workplace {
  std::unique_ptr<Repository> repository;
  std::unique_ptr<Transport> remote;  // null: none
  Actor actor;
};

template <typename Request>
Result<Workplace> open_workplace(IssueStore& store,
                                 const Request& request,
                                 const pack::Call& call) {
  Workplace place;
  auto repository = store.open_repository();
  if (!repository) return std::unexpected(std::move(repository.error()));
  place.repository = std::move(*repository);
  const std::string remote = request.remote.value_or(usual_remote);
  if (request.local && request.remote) {
    return fail(Errc::invalid_args, "give either a remote or local, which asks none");
  }
  if (!request.local && (request.remote || place.repository->remote_url(remote))) {
    auto opened = open_remote(*place.repository, remote,
                              {.is_power_safe = store.options().is_power_safe}, call.stop());
    if (!opened) return std::unexpected(with_way_out(std::move(opened.error())));
    place.remote = std::move(*opened);
  }
  auto held = place.repository->lock();
  if (!held) return std::unexpected(std::move(held.error()));
  auto actor = store.actors().writer(request.actor.value_or(""), store.now_ms());
  if (!actor) return std::unexpected(std::move(actor.error()));
  place.actor = std::move(*actor);
  return place;
}

// Does something with the lock of a resource, at the remote if there is one.
template <typename Work>
Result<Lock> with_locks(IssueStore& store, const Workplace& place, Work work) {
  Locks locks(*place.repository, place.remote.get(),
              [&store](const ActorId& id) { return store.actors().label_of(id).value_or(""); });
  Result<Lock> lock = work(locks);
  if (lock || !place.remote) return lock;
  switch (lock.error().code) {
    case Errc::conflict:
    case Errc::not_found:
    case Errc::cancelled:
      return lock;
    default:
      return std::unexpected(with_way_out(std::move(lock.error())));
  }
}

wire::LockAnswer to_answer(IssueStore& store,
                           const Lock& lock,
                           const Target& target,
                           const Workplace& place) {
  wire::LockAnswer answer{.resource = lock.resource,
                          .issue_id = std::nullopt,
                          .owner = hex_of(lock.owner),
                          .owner_label = store.actors().label_of(lock.owner),
                          .nonce = lock.nonce,
                          .expires_unix_ms = wire::number(lock.expires_ms),
                          .ttl_seconds = std::nullopt,
                          .released = lock.expires_ms == 0,
                          .arbitrated = place.remote != nullptr,
                          .not_assigned = std::nullopt};
  if (target.issue) answer.issue_id = hex_of(*target.issue);
  return answer;
}

// Who has it is also said in the log, for lists. The claim counts whether this succeeds or not; why
// it did not.
std::optional<std::string> assign(IssueStore& store, const IssueId& issue, const Actor& actor) {
  const std::string user = actor.label.empty() ? hex_of(actor.id).substr(0, 8) : actor.label;
  WriteJob job;
  job.actor = hex_of(actor.id);
  job.make = [issue, user](const Board& board, store::Database&, const Actor&) -> Result<Batch> {
    const Summary* summary = board.find(issue);
    const bool is_assigned =
        summary == nullptr || std::ranges::binary_search(summary->assignees, user);
    if (is_assigned) return Batch{};
    return Batch{.drafts = {{issue, AssigneeAdded{user}}}, .events = {}};
  };
  const auto written = store.write_and_wait(std::move(job));
  return written ? std::nullopt : std::optional(written.error().message);
}

Result<wire::LockAnswer> claim(IssueStore& store,
                               const wire::ClaimRequest& request,
                               const pack::Call& call) {
  const auto target = target_of(store, request);
  if (!target) return std::unexpected(target.error());
  if (target->issue) {
    const auto board = store.board();
    const Summary* issue = board->find(*target->issue);
    if (issue == nullptr || issue->state == State::closed)
      return fail(Errc::conflict, "the issue is closed", {"hearth issues ready"});
  }
  auto place = open_workplace(store, request, call);
  if (!place) return std::unexpected(std::move(place.error()));
  // A call that is repeated, since its answer was lost, finds the lock that it took by this.
  std::optional<std::string> nonce;
  if (const auto key = ToolRunner::write_key(request.key, call, json::encode(request))) {
    nonce = make_nonce(key->key + "\n" + key->fingerprint);
  }
  const auto lock = with_locks(store, *place, [&](Locks& locks) {
    return locks.acquire({.resource = target->resource,
                          .owner = place->actor.id,
                          .now_ms = store.now_ms(),
                          .ttl_ms = static_cast<std::uint64_t>(request.ttl) * 1000,
                          .nonce = nonce});
  });
  if (!lock) return std::unexpected(lock.error());
  wire::LockAnswer answer = to_answer(store, *lock, *target, *place);
  answer.ttl_seconds = request.ttl;
  if (target->issue && request.assign)
    answer.not_assigned = assign(store, *target->issue, place->actor);
  return answer;
}

Result<wire::LockAnswer> renew(IssueStore& store,
                               const wire::RenewRequest& request,
                               const pack::Call& call) {
  const auto target = target_of(store, request);
  if (!target) return std::unexpected(target.error());
  auto place = open_workplace(store, request, call);
  if (!place) return std::unexpected(std::move(place.error()));
  const auto lock = with_locks(store, *place, [&](Locks& locks) {
    return locks.renew({.resource = target->resource,
                        .owner = place->actor.id,
                        .now_ms = store.now_ms(),
                        .ttl_ms = static_cast<std::uint64_t>(request.ttl) * 1000,
                        .nonce = request.nonce});
  });
  if (!lock) return std::unexpected(lock.error());
  wire::LockAnswer answer = to_answer(store, *lock, *target, *place);
  answer.ttl_seconds = request.ttl;
  return answer;
}

Result<wire::LockAnswer> release(IssueStore& store,
                                 const wire::ReleaseRequest& request,
                                 const pack::Call& call) {
  const auto target = target_of(store, request);
  if (!target) return std::unexpected(target.error());
  auto place = open_workplace(store, request, call);
  if (!place) return std::unexpected(std::move(place.error()));
  const auto lock = with_locks(store, *place, [&](Locks& locks) {
    return locks.release({.resource = target->resource,
                          .owner = place->actor.id,
                          .now_ms = store.now_ms(),
                          .ttl_ms = 0,
                          .nonce = request.nonce});
  });
  if (!lock) return std::unexpected(lock.error());
  return to_answer(store, *lock, *target, *place);
}

Result<wire::LocksAnswer> locks(IssueStore& store,
                                const wire::LocksRequest& request,
                                const pack::Call&) {
  const std::uint64_t now = store.now_ms();
  wire::LocksAnswer answer;
  const auto all = store.locks();
  if (!all) return std::unexpected(all.error());
  for (const HeldLock& each : *all) {
    if (!request.all && !each.is_live(now)) continue;
    answer.locks.push_back({.resource = each.lock.resource,
                            .owner = hex_of(each.lock.owner),
                            .owner_label = store.actors().label_of(each.lock.owner),
                            .expires_unix_ms = wire::number(each.lock.expires_ms),
                            .live = each.is_live(now)});
  }
  answer.total = wire::number(answer.locks.size());
  return answer;
}

}  // namespace

void declare_claim_tools(pack::Binder& tools, ToolRunner& runner) {
  using enum pack::Length;
  runner.bind<wire::ClaimRequest, wire::LockAnswer>(
      tools,
      doing("claim", "Claim an issue",
            "Take an issue for yourself until it runs out: of all who try, exactly one gets it. "
            "The remote decides where there is one. Renew it while you work, release it after."),
      lengthy, claim);
  runner.bind<wire::RenewRequest, wire::LockAnswer>(
      tools,
      doing("renew", "Renew a claim", "Keep a claim or lock for longer.", {.idempotent = true}),
      lengthy, renew);
  runner.bind<wire::ReleaseRequest, wire::LockAnswer>(
      tools, doing("release", "Release a claim", "Give a claim or lock back."), lengthy, release);
  runner.bind<wire::LocksRequest, wire::LocksAnswer>(
      tools, reading("locks", "List locks", "Who holds what: claims and locks, as known here."),
      brief, locks);
}

}  // namespace hearth::packs::issues
