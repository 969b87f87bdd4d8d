#include "packs/issues/remote_sync.hpp"

#include <pthread.h>

#include <algorithm>
#include <set>
#include <utility>

#include "base/log.hpp"
#include "packs/issues/git_transport.hpp"

namespace hearth::packs::issues {
namespace {

using std::chrono::milliseconds;

constexpr milliseconds longest_wait = std::chrono::hours(1);
constexpr milliseconds look_out = std::chrono::seconds(1);  // for stores that have been opened
const char* const remote_name = "origin";

MonotonicTime now() {
  return std::chrono::steady_clock::now();
}

milliseconds wait_after(milliseconds every, unsigned failures) {
  milliseconds wait = every;
  for (; failures > 0 && wait < longest_wait; --failures) wait *= 2;
  return failures == 0 ? wait : std::max(every, longest_wait);
}

std::string key_of(const Stores::Named& each) {
  return each.name_space + "/" + each.store->common_directory();
}

}  // namespace

Result<SyncReport> sync_store(IssueStore& store,
                              const SyncOptions& options,
                              const std::stop_token& stop) {
  auto repository = store.open_repository();
  if (!repository) return std::unexpected(std::move(repository.error()));
  auto remote = open_remote(**repository, options.remote,
                            {.is_power_safe = store.options().is_power_safe}, stop);
  if (!remote) return std::unexpected(std::move(remote.error()));
  SyncPlan plan{.pull = options.pull,
                .push = options.push,
                .actor = {},
                .now_ms = [&store] { return store.now_ms(); },
                .stop = stop};
  {
    auto held = (*repository)->lock();
    if (!held) return std::unexpected(std::move(held.error()));
    const auto actor = store.actors().writer(options.actor, store.now_ms());
    if (!actor) return std::unexpected(actor.error());
    plan.actor = actor->id;
  }
  return sync_with(**repository, **remote, plan);
}

BackgroundSync::BackgroundSync(Stores& stores, milliseconds every, Failed failed)
    : stores_(stores),
      every_(every),
      failed_(std::move(failed)),
      thread_([this](const std::stop_token& stop) { run(stop); }) {}

void BackgroundSync::stop() {
  state_.lock()->is_over = true;
  state_.notify_all();
  thread_.request_stop();
  if (thread_.joinable()) thread_.join();
}

void BackgroundSync::run(const std::stop_token& stop) {
  ::pthread_setname_np(::pthread_self(), "hearth-sync");
  MonotonicTime next = now() + std::min(every_, look_out);
  for (;;) {
    {
      auto state = state_.lock();
      if (state.wait_until(next, [](const State& each) { return each.is_over; })) return;
    }
    next = do_due(stop);
  }
}

// Does what is due, and says when there may be something again.
MonotonicTime BackgroundSync::do_due(const std::stop_token& stop) {
  MonotonicTime next = now() + std::min(every_, look_out);
  std::set<std::string> open;
  for (const Stores::Named& each : stores_.all()) {
    const std::string key = key_of(each);
    open.insert(key);
    Turn turn = state_.lock()->turns.try_emplace(key, Turn{.due = now() + every_}).first->second;
    if (turn.due <= now() && !stop.stop_requested()) {
      turn = next_turn(each, std::move(turn), stop);
      state_.lock()->turns[key] = turn;
    }
    next = std::min(next, turn.due);
  }
  std::erase_if(state_.lock()->turns, [&](const auto& turn) { return !open.contains(turn.first); });
  return next;
}

BackgroundSync::Turn BackgroundSync::next_turn(const Stores::Named& each,
                                               Turn turn,
                                               const std::stop_token& stop) {
  const auto repository = each.store->open_repository();
  turn.has_remote = repository && (*repository)->remote_url(remote_name).has_value();
  const auto done = turn.has_remote ? sync_store(*each.store, {.remote = remote_name}, stop)
                                    : Result<SyncReport>();
  if (!done && done.error().code != Errc::cancelled) {
    if (turn.failures++ == 0) failed_(each, done.error());
    turn.problem = done.error().message;
  } else if (done) {
    if (turn.failures > 0) {
      log::info("issues are exchanged again",
                {log::kv("repository", each.store->common_directory())});
    }
    turn.failures = 0;
    turn.problem.clear();
  }
  turn.due = now() + wait_after(every_, turn.failures);
  return turn;
}

std::string BackgroundSync::activity() {
  const auto state = state_.lock();
  std::size_t count = 0;
  std::size_t in_vain = 0;
  std::string problem;
  for (const auto& [key, turn] : state->turns) {
    if (!turn.has_remote) continue;
    ++count;
    if (turn.failures == 0) continue;
    ++in_vain;
    problem = turn.problem;
  }
  if (count == 0) return {};
  std::string text = count == 1 ? "1 repository is exchanged with its remote"
                                : std::to_string(count) +
                                      " repositories are exchanged with their "
                                      "remotes";
  if (in_vain > 0) text += ", " + std::to_string(in_vain) + " in vain: " + problem;
  return text;
}

}  // namespace hearth::packs::issues
