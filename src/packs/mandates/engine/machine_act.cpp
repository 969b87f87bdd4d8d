// The act phase: the plan's steps as their dependencies allow, each effect intended before it
// happens, and never done twice.
#include <algorithm>
#include <deque>

#include "packs/mandates/engine/scene.hpp"

namespace hearth::packs::mandates {
namespace {

StepStates states_of(const std::vector<StepRow>& rows) {
  StepStates states;
  for (const StepRow& row : rows) states.emplace(row.step, row.state);
  return states;
}

// Whether an approval is still about what would happen now.
bool is_about(const Proposal& proposal, const Intent& intent) {
  return proposal.kind == intent.kind && proposal.target == intent.target &&
         proposal.identity == intent.identity && proposal.before_hash == intent.before_hash &&
         proposal.after_hash == intent.after_hash && proposal.content == intent.payload;
}

}  // namespace

Result<RunMachine::Next> RunMachine::act(Scene& scene, const std::stop_token& stop) {
  const auto plan =
      ports_.thinker.plan(scene.context.outputs[static_cast<std::size_t>(Phase::decide)]);
  if (!plan) return std::unexpected(plan.error());
  StepStates states = states_of(scene.context.steps);
  std::vector<StepEnd> waiting;
  StepStates seen;  // also those that wait, so that none is tried twice
  for (;;) {
    const Frontier next = frontier(*plan, states);
    for (const Step* step : next.skipped) {
      auto ended = end_step(scene, *step, "", StepState::skipped, "");
      if (!ended) return std::unexpected(std::move(ended.error()));
      states.emplace(step->id, StepState::skipped);
    }
    std::deque<std::pair<const Step*, Result<StepEnd>>> wave;
    std::vector<std::function<void()>> tasks;
    for (const Step* step : next.ready) {
      if (seen.contains(step->id)) continue;
      seen.emplace(step->id, StepState::done);
      auto& place = wave.emplace_back(step, fail(Errc::internal, "the step was not run"));
      tasks.emplace_back(
          [this, &scene, &place, &stop] { place.second = run_step(scene, *place.first, stop); });
    }
    if (tasks.empty() && next.skipped.empty()) break;
    ports_.actor.run_all(tasks);
    for (auto& [step, ended] : wave) {
      if (!ended) return std::unexpected(std::move(ended.error()));
      if (ended->was_cut) continue;
      if (ended->state) {
        states.emplace(step->id, *ended->state);
      } else {
        waiting.push_back(std::move(*ended));
      }
    }
    if (stop.stop_requested()) break;
    const auto ends = has_to_end(scene);
    if (!ends) return std::unexpected(ends.error());
    if (*ends) return Next::go_on;  // the next look ends it
  }
  if (stop.stop_requested()) {
    return phase_failed(scene, Phase::act, Error{Errc::cancelled, "stopped", {}}, stop);
  }
  if (waiting.empty()) return complete(scene, Phase::act, "");
  const StepEnd& first = *std::ranges::min_element(waiting, {}, &StepEnd::until);
  return block(scene, first.waits_for, first.until);
}

Result<RunMachine::StepEnd> RunMachine::run_step(const Scene& scene,
                                                 const Step& step,
                                                 const std::stop_token& stop) {
  const std::string key = scene.run.id + "/" + std::to_string(scene.run.cycle) + "/" + step.id;
  const auto effect = effects_.find(key);
  if (!effect) return std::unexpected(effect.error());
  if (!*effect) return begin_effect(scene, step, key, stop);
  switch ((*effect)->state) {
    case EffectState::intended:
      return resume_effect(scene, step, **effect, stop);
    case EffectState::review:
      return StepEnd{.state = {}, .waits_for = "needs_review", .until = WallTime::max()};
    case EffectState::done:
      return end_step(scene, step, key, StepState::done, (*effect)->output);
    case EffectState::failed:
      return end_step(scene, step, key, StepState::failed, (*effect)->output);
  }
  return fail(Errc::internal, "no such state of an effect");
}

Result<RunMachine::StepEnd> RunMachine::begin_effect(const Scene& scene,
                                                     const Step& step,
                                                     const std::string& key,
                                                     const std::stop_token& stop) {
  auto intent = ports_.actor.prepare(scene.context, step);
  if (!intent) return end_step(scene, step, key, StepState::failed, intent.error().message);
  intent->key = key;
  const Judgement judgement = ports_.actor.judge(scene.context, *intent);
  switch (judgement.word) {
    case Judgement::Word::deny:
      return end_step(scene, step, key, StepState::failed, "denied: " + judgement.reason);
    case Judgement::Word::ask:
    case Judgement::Word::elevate:
      return ask(scene, step, *intent, judgement.word == Judgement::Word::elevate, stop);
    case Judgement::Word::automatic:
      break;
  }
  if (auto intended = effects_.intend(scene.run, *intent, std::nullopt); !intended) {
    return std::unexpected(std::move(intended.error()));
  }
  return perform(scene, step, *intent, stop);
}

Result<RunMachine::StepEnd> RunMachine::ask(const Scene& scene,
                                            const Step& step,
                                            const Intent& intent,
                                            bool needs_elevation,
                                            const std::stop_token& stop) {
  const auto row = approvals_.latest(scene.run.n, scene.run.cycle, step.id);
  if (!row) {
    // An approval that was tampered with is none: the step fails, and says so.
    if (row.error().code != Errc::permission) return std::unexpected(row.error());
    return end_step(scene, step, intent.key, StepState::failed, row.error().message);
  }
  const bool has_one = row->has_value() && (*row)->state != "superseded";
  if (has_one && ((*row)->state == "denied" || (*row)->state == "expired")) {
    return end_step(scene, step, intent.key, StepState::failed, "denied: " + (*row)->state);
  }
  const bool fits = has_one && is_about((*row)->proposal, intent) &&
                    (*row)->proposal.needs_elevation == needs_elevation &&
                    store_.now() < (*row)->proposal.expires;
  if (fits && (*row)->state == "approved") {
    auto intended = effects_.intend(scene.run, intent, (*row)->proposal);
    if (!intended && intended.error().code == Errc::permission) {
      return end_step(scene, step, intent.key, StepState::failed, intended.error().message);
    }
    if (!intended) return std::unexpected(std::move(intended.error()));
    return perform(scene, step, intent, stop);
  }
  if (fits && (*row)->state == "pending") {
    return StepEnd{.state = {}, .waits_for = "waiting_approval", .until = (*row)->proposal.expires};
  }
  // None yet, or what it is about has changed meanwhile.
  Proposal proposal{.run = scene.run.id,
                    .cycle = scene.run.cycle,
                    .step = step.id,
                    .needs_elevation = needs_elevation,
                    .kind = intent.kind,
                    .target = intent.target,
                    .identity = intent.identity,
                    .before_hash = intent.before_hash,
                    .after_hash = intent.after_hash,
                    .expires = store_.now() + scene.rules.approval_time,
                    .content = intent.payload};
  auto proposed = approvals_.propose(scene.run.n, std::move(proposal));
  if (!proposed) return std::unexpected(std::move(proposed.error()));
  return StepEnd{.state = {}, .waits_for = "waiting_approval", .until = proposed->expires};
}

Result<RunMachine::StepEnd> RunMachine::perform(const Scene& scene,
                                                const Step& step,
                                                const Intent& intent,
                                                const std::stop_token& stop) {
  store_.reach(Point::effect_performed, When::before);
  const auto performed = ports_.actor.perform(intent, stop);
  store_.reach(Point::effect_performed, When::after);
  if (performed) return end_step(scene, step, intent.key, StepState::done, *performed);
  const Error& error = performed.error();
  const bool is_unknown = error.code == Errc::outcome_unknown;
  // Where the daemon leaves, the run goes on later; what has done nothing does it then.
  const auto ends = has_to_end(scene);
  if (!ends) return std::unexpected(ends.error());
  const bool goes_on = stop.stop_requested() && !*ends;
  if (!is_unknown && !(goes_on && error.code == Errc::cancelled))
    return end_step(scene, step, intent.key, StepState::failed, error.message);
  if (is_unknown && intent.recovery == Recovery::by_world) {
    const auto standing = ports_.actor.inspect(intent);
    if (standing && *standing == Standing::after)
      return end_step(scene, step, intent.key, StepState::done, "");
    if (standing && *standing == Standing::before && !goes_on)
      return end_step(scene, step, intent.key, StepState::failed, error.message);
  }
  if (goes_on) return StepEnd{.state = {}, .waits_for = {}, .until = {}, .was_cut = true};
  return review(scene, intent.key, error.message);
}

// Intended before a kill: the world decides.
Result<RunMachine::StepEnd> RunMachine::resume_effect(const Scene& scene,
                                                      const Step& step,
                                                      const Effect& effect,
                                                      const std::stop_token& stop) {
  Standing standing = Standing::other;
  if (effect.intent.recovery == Recovery::by_world) {
    const auto found = ports_.actor.inspect(effect.intent);
    // Not being able to look is no answer.
    if (found) standing = *found;
  }
  switch (recover(effect.intent, standing, store_.now() - effect.intended)) {
    case Recover::done:
      return end_step(scene, step, effect.intent.key, StepState::done, "");
    case Recover::retry: {
      Intent again = effect.intent;
      again.is_resend = true;
      return perform(scene, step, again, stop);
    }
    case Recover::needs_review:
      break;
  }
  return review(scene, effect.intent.key, "it was cut off");
}

Result<RunMachine::StepEnd> RunMachine::end_step(const Scene& scene,
                                                 const Step& step,
                                                 const std::string& key,
                                                 StepState state,
                                                 std::string_view output) {
  auto ended = effects_.end_step(scene.run, step, key, state, output);
  if (!ended) return std::unexpected(std::move(ended.error()));
  return StepEnd{.state = state, .waits_for = {}, .until = {}};
}

Result<RunMachine::StepEnd> RunMachine::review(const Scene& scene,
                                               const std::string& key,
                                               std::string_view why) {
  auto marked = effects_.mark_for_review(scene.run, key, why);
  if (!marked) return std::unexpected(std::move(marked.error()));
  return StepEnd{.state = {}, .waits_for = "needs_review", .until = WallTime::max()};
}

}  // namespace hearth::packs::mandates
