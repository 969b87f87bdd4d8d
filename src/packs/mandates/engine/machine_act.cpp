// The act phase: the plan's steps as their dependencies allow, each effect intended before it
// happens, and never done twice.
#include <algorithm>
#include <set>

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

std::string RunMachine::key_of(const Scene& scene, const Step& step) {
  return scene.run.id + "/" + std::to_string(scene.run.cycle) + "/" + step.id;
}

RunMachine::StepEnd RunMachine::in_review() {
  return {.state = {}, .waits_for = "needs_review", .until = WallTime::max()};
}

Result<RunMachine::Next> RunMachine::act(Scene& scene, const std::stop_token& stop) {
  const auto plan =
      ports_.thinker.plan(scene.context.outputs[static_cast<std::size_t>(Phase::decide)]);
  if (!plan) return std::unexpected(plan.error());
  auto found = look_back(scene, *plan);
  if (!found) return std::unexpected(std::move(found.error()));
  Acting so_far = std::move(*found);
  for (;;) {
    const Frontier next = frontier(*plan, so_far.states);
    if (auto done = skip(scene, next.skipped, so_far); !done)
      return std::unexpected(std::move(done.error()));
    auto wave = next_wave(next.ready, so_far);
    if (wave.empty() && next.skipped.empty()) break;
    if (auto done = run_wave(scene, std::move(wave), so_far, stop); !done)
      return std::unexpected(std::move(done.error()));
    if (stop.stop_requested()) break;
    const auto ends = has_to_end(scene);
    if (!ends) return std::unexpected(ends.error());
    if (*ends) return Next::go_on;  // the next look ends it
    if (!so_far.lacks.empty()) return end(scene, "failed", so_far.lacks);
  }
  if (stop.stop_requested()) {
    return phase_failed(scene, Phase::act, Error{Errc::cancelled, "stopped", {}}, stop);
  }
  if (so_far.waiting.empty()) return complete(scene, Phase::act, "");
  const StepEnd& first = *std::ranges::min_element(so_far.waiting, {}, &StepEnd::until);
  return block(scene, first.waits_for, first.until);
}

// What earlier rounds of this phase have left: it decides what may begin now.
Result<RunMachine::Acting> RunMachine::look_back(const Scene& scene, const Plan& plan) {
  Acting found{.states = states_of(scene.context.steps),
               .tried = {},
               .begun = {},
               .refused = {},
               .waiting = {},
               .lacks = {}};
  for (const Step& step : plan.steps) {
    if (found.states.contains(step.id)) continue;
    const auto effect = effects_.find(key_of(scene, step));
    if (!effect) return std::unexpected(effect.error());
    if (*effect && (*effect)->state == EffectState::review) {
      found.tried.insert(step.id);
      found.waiting.push_back(in_review());
    } else if (*effect) {
      found.begun.insert(step.id);
    } else {
      const auto row = approvals_.latest(scene.run.n, scene.run.cycle, step.id);
      // One that was tampered with is told of by its step, which fails.
      if (!row && row.error().code != Errc::permission) return std::unexpected(row.error());
      if (!row || (*row && ((*row)->state == "denied" || (*row)->state == "expired")))
        found.refused.insert(step.id);
    }
  }
  return found;
}

// Those of `ready` that begin next: side by side, as the plan has them, up to one that keeps its
// order; such a one by itself, and not while an earlier one waits. First those that were refused,
// which may halt the others; while a person has to look at one, none but what has begun already.
std::vector<const Step*> RunMachine::next_wave(const std::vector<const Step*>& ready,
                                               const Acting& so_far) {
  const auto is_refused = [&](const Step* step) {
    return so_far.refused.contains(step->id) && !so_far.tried.contains(step->id);
  };
  if (const auto first = std::ranges::find_if(ready, is_refused); first != ready.end())
    return {*first};
  const bool is_in_review = so_far.is_in_review();
  bool is_one_waiting = false;
  std::vector<const Step*> wave;
  for (const Step* step : ready) {
    if (so_far.tried.contains(step->id)) {
      is_one_waiting = true;
      continue;
    }
    if (is_in_review && !so_far.begun.contains(step->id)) continue;
    const bool keeps_order = ports_.actor.keeps_order(*step);
    if (keeps_order && is_one_waiting && !so_far.begun.contains(step->id)) continue;
    if (keeps_order && !wave.empty()) break;
    wave.push_back(step);
    if (keeps_order || wave.size() == widest) break;
  }
  return wave;
}

Result<void> RunMachine::skip(const Scene& scene,
                              const std::vector<const Step*>& steps,
                              Acting& so_far) {
  const std::stop_token none;
  for (const Step* step : steps) {
    const Turn turn{.scene = scene, .step = *step, .stop = none, .key = {}, .seat = {}, .used = {}};
    if (auto ended = end_step(turn, StepState::skipped, ""); !ended)
      return std::unexpected(std::move(ended.error()));
    so_far.states.emplace(step->id, StepState::skipped);
  }
  return {};
}

// As many of `steps` as there are threads for. Ends when all have: what each of them writes, it has
// written.
Result<void> RunMachine::run_wave(const Scene& scene,
                                  std::vector<const Step*> steps,
                                  Acting& so_far,
                                  const std::stop_token& stop) {
  if (steps.empty()) return {};
  const auto helpers = helpers_->lend(steps.size() - 1);
  steps.resize(helpers.count() + 1);
  std::vector<Ended> ends(steps.size(), fail(Errc::internal, "the step was not run"));
  const auto wave = ports_.actor.wave(steps.size());
  std::vector<Seat> seats;  // before any begins: who has none yet would be waited for
  for (std::size_t i = 0; i < steps.size(); ++i) seats.emplace_back(wave.get());
  std::size_t begun = steps.size();
  std::vector<std::function<void()>> tasks;
  for (std::size_t i = 0; i < steps.size(); ++i) {
    tasks.emplace_back([&, i] {
      Turn turn{.scene = scene,
                .step = *steps[i],
                .stop = stop,
                .key = key_of(scene, *steps[i]),
                .seat = std::move(seats[i]),
                .used = {}};
      ends[i] = run_step(turn);
    });
  }
  const auto left_out = [&](std::size_t i) {
    begun = std::min(begun, i);
    seats[i] = Seat();  // the next wave's
  };
  run_side_by_side(tasks, left_out, helpers_->spawn());
  std::string lacks;
  bool has_one_begun = false;
  for (std::size_t i = 0; i < begun; ++i) {
    if (!ends[i]) return std::unexpected(std::move(ends[i].error()));
    if (!ends[i]->lacks.empty()) {  // once the others are settled there may be enough
      lacks = ends[i]->lacks;
      continue;
    }
    has_one_begun = true;
    so_far.tried.insert(steps[i]->id);
    if (ends[i]->was_cut) continue;
    if (ends[i]->state)
      so_far.states.emplace(steps[i]->id, *ends[i]->state);
    else
      so_far.waiting.push_back(std::move(*ends[i]));
  }
  if (!has_one_begun) so_far.lacks = std::move(lacks);
  return {};
}

RunMachine::Ended RunMachine::run_step(Turn& turn) {
  const auto effect = effects_.find(turn.key);
  if (!effect) return std::unexpected(effect.error());
  if (!*effect) return begin_effect(turn);
  switch ((*effect)->state) {
    case EffectState::intended:
      return resume_effect(turn, **effect);
    case EffectState::held:
      return afford(turn, (*effect)->intent, [&]() -> Ended {
        if (auto taken = effects_.take_up(turn.scene.run, turn.key); !taken)
          return std::unexpected(std::move(taken.error()));
        return perform(turn, (*effect)->intent);
      });
    case EffectState::review:
      return in_review();
    case EffectState::done:
      return end_step(turn, StepState::done, (*effect)->output);
    case EffectState::failed:
      return end_step(turn, StepState::failed, (*effect)->output);
  }
  return fail(Errc::internal, "no such state of an effect");
}

RunMachine::Ended RunMachine::begin_effect(Turn& turn) {
  const Scene& scene = turn.scene;
  auto intent = ports_.actor.prepare(scene.context, turn.step);
  if (!intent) return end_step(turn, StepState::failed, intent.error().message);
  intent->key = turn.key;
  const Judgement judgement = ports_.actor.judge(scene.context, *intent);
  switch (judgement.word) {
    case Judgement::Word::deny:
      return end_step(turn, StepState::failed, "denied: " + judgement.reason);
    case Judgement::Word::ask:
    case Judgement::Word::elevate:
      return ask(turn, *intent, judgement.word == Judgement::Word::elevate);
    case Judgement::Word::automatic:
      break;
  }
  return afford(turn, *intent, [&]() -> Ended {
    if (auto intended = effects_.intend(scene.run, *intent, std::nullopt); !intended)
      return std::unexpected(std::move(intended.error()));
    return perform(turn, *intent);
  });
}

RunMachine::Ended RunMachine::ask(Turn& turn, const Intent& intent, bool needs_elevation) {
  const Scene& scene = turn.scene;
  const Step& step = turn.step;
  const auto row = approvals_.latest(scene.run.n, scene.run.cycle, step.id);
  if (!row) {
    // An approval that was tampered with is none: the step fails, and says so.
    if (row.error().code != Errc::permission) return std::unexpected(row.error());
    return end_step(turn, StepState::failed, row.error().message);
  }
  const bool has_one = row->has_value() && (*row)->state != "superseded";
  if (has_one && ((*row)->state == "denied" || (*row)->state == "expired")) {
    return end_step(turn, StepState::failed, "denied: " + (*row)->state);
  }
  const bool fits = has_one && is_about((*row)->proposal, intent) &&
                    (*row)->proposal.needs_elevation == needs_elevation &&
                    store_.now() < (*row)->proposal.expires;
  if (fits && (*row)->state == "approved") {
    return afford(turn, intent, [&]() -> Ended {
      auto intended = effects_.intend(scene.run, intent, (*row)->proposal);
      if (!intended && intended.error().code == Errc::permission)
        return end_step(turn, StepState::failed, intended.error().message);
      if (!intended) return std::unexpected(std::move(intended.error()));
      return perform(turn, intent);
    });
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

// Reserved before anything is recorded of it: an approval that nothing is left for is not used up.
RunMachine::Ended RunMachine::afford(Turn& turn,
                                     const Intent& intent,
                                     const std::function<Ended()>& carry_out) {
  const Amounts worst = ports_.actor.worst_case(intent);
  if (worst == Amounts()) return carry_out();
  const auto lacks = reserve(turn.scene, turn.key, worst);
  if (!lacks) return std::unexpected(lacks.error());
  if (*lacks) return StepEnd{.state = {}, .waits_for = {}, .until = {}, .lacks = **lacks};
  turn.used = Amounts();  // until it is performed
  auto ended = carry_out();
  if (auto settled = ledger_.settle(turn.key, turn.used); !settled)
    return std::unexpected(std::move(settled.error()));
  return ended;
}

RunMachine::Ended RunMachine::perform(Turn& turn, const Intent& intent) {
  store_.reach(Point::effect_performed, When::before);
  const Performed performed = ports_.actor.perform(intent, std::move(turn.seat), turn.stop);
  turn.used = performed.used;
  store_.reach(Point::effect_performed, When::after);
  if (performed.end == Performed::End::done) return end_step(turn, StepState::done, performed.text);
  // Where the daemon leaves, the run goes on later; what has done nothing does it then.
  const auto ends = has_to_end(turn.scene);
  if (!ends) return std::unexpected(ends.error());
  const bool goes_on = turn.stop.stop_requested() && !*ends;
  if (performed.end == Performed::End::cut && goes_on) {
    if (auto held = effects_.hold_back(turn.scene.run, turn.key); !held)
      return std::unexpected(std::move(held.error()));
    return StepEnd{.state = {}, .waits_for = {}, .until = {}, .was_cut = true};
  }
  if (performed.end != Performed::End::unknown)
    return end_step(turn, StepState::failed, performed.text);
  if (intent.recovery == Recovery::by_world) {
    const auto standing = ports_.actor.inspect(intent);
    if (standing && *standing == Standing::after) return end_step(turn, StepState::done, "");
    if (standing && *standing == Standing::before && !goes_on)
      return end_step(turn, StepState::failed, performed.text);
  }
  if (goes_on) return StepEnd{.state = {}, .waits_for = {}, .until = {}, .was_cut = true};
  return review(turn, performed.text);
}

// Intended before a kill: the world decides.
RunMachine::Ended RunMachine::resume_effect(Turn& turn, const Effect& effect) {
  Standing standing = Standing::other;
  if (effect.intent.recovery == Recovery::by_world) {
    const auto found = ports_.actor.inspect(effect.intent);
    // Not being able to look is no answer.
    if (found) standing = *found;
  }
  switch (recover(effect.intent, standing, store_.now() - effect.intended)) {
    case Recover::done:
      return end_step(turn, StepState::done, "");
    case Recover::retry: {
      Intent again = effect.intent;
      again.is_resend = true;
      auto ended = afford(turn, again, [&] { return perform(turn, again); });
      if (!ended || ended->lacks.empty()) return ended;
      // It did not happen, and does not any more.
      if (auto held = effects_.hold_back(turn.scene.run, turn.key); !held)
        return std::unexpected(std::move(held.error()));
      return ended;
    }
    case Recover::needs_review:
      break;
  }
  return review(turn, "it was cut off");
}

RunMachine::Ended RunMachine::end_step(const Turn& turn, StepState state, std::string_view output) {
  auto ended = effects_.end_step(turn.scene.run, turn.step, turn.key, state, output);
  if (!ended) return std::unexpected(std::move(ended.error()));
  return StepEnd{.state = state, .waits_for = {}, .until = {}};
}

RunMachine::Ended RunMachine::review(const Turn& turn, std::string_view why) {
  auto marked = effects_.mark_for_review(turn.scene.run, turn.key, why);
  if (!marked) return std::unexpected(std::move(marked.error()));
  return in_review();
}

}  // namespace hearth::packs::mandates
