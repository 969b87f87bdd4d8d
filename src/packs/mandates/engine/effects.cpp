#include "packs/mandates/engine/effects.hpp"

#include <algorithm>
#include <array>

#include "base/clock.hpp"

namespace hearth::packs::mandates {
namespace {

constexpr std::array<std::string_view, 5> state_names{"intended", "done", "failed", "review",
                                                      "held"};

std::int64_t recovery_number(Recovery recovery) {
  return static_cast<std::int64_t>(recovery);
}

}  // namespace

std::string_view effect_state_name(EffectState state) {
  return state_names[static_cast<std::size_t>(state)];
}

Recover recover(const Intent& intent, Standing standing, std::chrono::milliseconds age) {
  // Its key may be forgotten, and it would happen twice.
  if (intent.recovery == Recovery::by_key && age >= keys_kept) return Recover::needs_review;
  if (intent.recovery != Recovery::by_world) return Recover::retry;
  // An effect that leaves things as they are is done in either case.
  switch (standing) {
    case Standing::after:
      return Recover::done;
    case Standing::before:
      return Recover::retry;
    case Standing::other:
      return Recover::needs_review;
  }
  return Recover::needs_review;
}

Result<std::optional<Effect>> Effects::find(const std::string& key) {
  auto reader = store_.read();
  if (!reader) return std::unexpected(std::move(reader.error()));
  auto rows = (*reader)->query(
      "SELECT state, kind, target, identity, before_hash, after_hash, recovery, payload, output, "
      "intended_ms "
      "FROM effects WHERE key = ?",
      key);
  if (!rows.next()) {
    if (!rows.ok()) return std::unexpected(rows.error());
    return std::optional<Effect>();
  }
  const auto state = std::ranges::find(state_names, rows.text(0));
  const std::int64_t recovery = rows.integer(6);
  if (state == state_names.end() || recovery < 0 || recovery > 2) {
    return fail(Errc::damaged, (*reader)->path() + ": effect " + key + " makes no sense");
  }
  return Effect{.state = static_cast<EffectState>(state - state_names.begin()),
                .intent = {.key = key,
                           .kind = std::string(rows.text(1)),
                           .target = std::string(rows.text(2)),
                           .identity = std::string(rows.text(3)),
                           .before_hash = std::string(rows.text(4)),
                           .after_hash = std::string(rows.text(5)),
                           .payload = std::string(rows.text(7)),
                           .recovery = static_cast<Recovery>(recovery)},
                .output = std::string(rows.text(8)),
                .intended = from_ms(rows.integer(9))};
}

Result<void> Effects::intend(const Run& run,
                             const Intent& intent,
                             const std::optional<Proposal>& approval) {
  return store_.commit(Point::effect_intended, [&](Change& change) -> Result<void> {
    auto done = change->run(
        "INSERT INTO effects(key, run_n, state, kind, target, identity, before_hash, after_hash, "
        "recovery, intended_ms, payload) VALUES(?, ?, 'intended', ?, ?, ?, ?, ?, ?, ?, ?)",
        intent.key, run.n, intent.kind, intent.target, intent.identity, intent.before_hash,
        intent.after_hash, recovery_number(intent.recovery), change.now_ms(), intent.payload);
    if (done && approval) done = use_approval(change, *approval);
    if (done) {
      done = change.note("effect_intended", {{"effect", intent.key},
                                             {"kind", intent.kind},
                                             {"target", intent.target},
                                             {"before", intent.before_hash},
                                             {"after", intent.after_hash},
                                             {"approval", approval ? approval->id : ""}});
    }
    return done;
  });
}

Result<void> Effects::hold_back(const Run& run, const std::string& key) {
  return store_.commit(Point::run_blocked, [&](Change& change) -> Result<void> {
    auto done =
        change->run("UPDATE effects SET state = 'held' WHERE key = ? AND state = 'intended'", key);
    if (done) done = change.note("effect_held", {{"run", run.id}, {"effect", key}});
    return done;
  });
}

Result<void> Effects::take_up(const Run& run, const std::string& key) {
  return store_.commit(Point::effect_intended, [&](Change& change) -> Result<void> {
    auto done = change->run(
        "UPDATE effects SET state = 'intended', intended_ms = ? WHERE key = ? AND state = 'held'",
        change.now_ms(), key);
    if (done) done = change.note("effect_taken_up", {{"run", run.id}, {"effect", key}});
    return done;
  });
}

Result<void> Effects::end_step(const Run& run,
                               const Step& step,
                               const std::string& effect_key,
                               StepState state,
                               std::string_view output) {
  return store_.commit(Point::step_ended, [&](Change& change) -> Result<void> {
    const std::string_view name = step_state_name(state);
    auto done = change->run(
        "UPDATE effects SET state = ?, output = ?, ended_ms = ? WHERE key = ? AND state = "
        "'intended'",
        state == StepState::done ? "done" : "failed", output, change.now_ms(), effect_key);
    if (done) {
      done =
          change->run("INSERT INTO steps(run_n, cycle, step, state, output) VALUES(?, ?, ?, ?, ?)",
                      run.n, run.cycle, step.id, name, output);
    }
    if (done) {
      done = change.note("step_ended", {{"run", run.id},
                                        {"cycle", std::to_string(run.cycle)},
                                        {"step", step.id},
                                        {"state", name},
                                        {"why", state == StepState::failed ? output : ""}});
    }
    return done;
  });
}

Result<void> Effects::mark_for_review(const Run& run,
                                      const std::string& key,
                                      std::string_view why) {
  return store_.commit(Point::run_blocked, [&](Change& change) -> Result<void> {
    auto done = change->run(
        "UPDATE effects SET state = 'review', output = ? WHERE key = ? AND state = 'intended'", why,
        key);
    if (done && change->changes() > 0) {
      done = change.note("needs_review", {{"run", run.id}, {"effect", key}, {"why", why}});
    }
    return done;
  });
}

Result<void> Effects::resolve(const std::string& key, bool is_done, std::string reviewer) {
  return store_.commit(Point::proposal_decided, [&](Change& change) -> Result<void> {
    const auto run =
        change->integer("SELECT run_n FROM effects WHERE key = ? AND state = 'review'", key);
    if (!run) return std::unexpected(run.error());
    if (!*run) return fail(Errc::not_found, "no effect " + key + " waits for a look");
    auto done = change->run(
        "UPDATE effects SET state = ?, output = output || iif(output = '', '', "
        "char(10)) || ?, ended_ms = ? WHERE key = ?",
        is_done ? "done" : "failed",
        (is_done ? "it happened, says " : "it did not happen, says ") + reviewer, change.now_ms(),
        key);
    if (done) done = wake_run(change, **run);
    if (done) {
      done = change.note(
          "reviewed",
          {{"effect", key}, {"word", is_done ? "done" : "failed"}, {"reviewer", reviewer}});
    }
    return done;
  });
}

Result<std::vector<std::string>> Effects::for_review() {
  auto reader = store_.read();
  if (!reader) return std::unexpected(std::move(reader.error()));
  std::vector<std::string> keys;
  auto rows = (*reader)->query("SELECT key FROM effects WHERE state = 'review' ORDER BY key");
  while (rows.next()) keys.emplace_back(rows.text(0));
  if (!rows.ok()) return std::unexpected(rows.error());
  return keys;
}

}  // namespace hearth::packs::mandates
