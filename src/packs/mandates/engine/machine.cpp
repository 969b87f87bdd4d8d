#include "packs/mandates/engine/machine.hpp"

#include <algorithm>
#include <iterator>

#include "packs/mandates/engine/scene.hpp"

namespace hearth::packs::mandates {
namespace {

using std::chrono::minutes;

// A phase that was begun so often without an end takes the daemon along each time.
constexpr int most_begun = 20;

std::optional<Phase> next_phase(const PhaseRows& phases) {
  for (std::size_t i = 0; i < phases.size(); ++i) {
    if (!phases[i].is_done) return static_cast<Phase>(i);
  }
  return std::nullopt;
}

std::string cycle_text(std::int64_t value) {
  return std::to_string(value);
}

}  // namespace

Result<void> RunMachine::drive(std::int64_t run, const std::stop_token& stop) {
  for (;;) {
    const auto next = advance(run, stop);
    if (!next) return std::unexpected(next.error());
    if (*next == Next::leave) return {};
  }
}

Result<RunMachine::Scene> RunMachine::look(std::int64_t n) {
  auto reader = store_.read();
  if (!reader) return std::unexpected(std::move(reader.error()));
  store::Database& database = **reader;
  auto run = load_run(database, n);
  if (!run) return std::unexpected(std::move(run.error()));
  auto mandate = load_mandate(database, run->mandate_n);
  if (!mandate) return std::unexpected(std::move(mandate.error()));
  auto phases = load_phases(database, n, run->cycle);
  if (!phases) return std::unexpected(std::move(phases.error()));
  auto steps = load_steps(database, n, run->cycle);
  if (!steps) return std::unexpected(std::move(steps.error()));
  auto before = load_phases(database, n, run->cycle - 1);
  if (!before) return std::unexpected(std::move(before.error()));
  Scene scene{.run = std::move(*run),
              .mandate = std::move(*mandate),
              .rules = {},
              .phases = std::move(*phases),
              .context = {}};
  RunContext& context = scene.context;
  context.run = scene.run.id;
  context.mandate = scene.mandate.id;
  context.spec = scene.mandate.spec;
  context.cause = scene.run.cause;
  context.cycle = scene.run.cycle;
  for (std::size_t i = 0; i < phase_count; ++i) {
    if (scene.phases[i].is_done) context.outputs[i] = scene.phases[i].output;
  }
  context.last_reflection = (*before)[static_cast<std::size_t>(Phase::reflect)].output;
  context.steps = std::move(*steps);
  return scene;
}

Result<RunMachine::Next> RunMachine::advance(std::int64_t n, const std::stop_token& stop) {
  auto scene = look(n);
  if (!scene) return std::unexpected(std::move(scene.error()));
  if (scene->run.state != "running") return Next::leave;
  const auto rules = ports_.thinker.rules(scene->context.spec);
  if (!rules) return end(*scene, "failed", "the mandate cannot be read: " + rules.error().message);
  scene->rules = *rules;
  // The reason is that of who asked for it.
  if (scene->run.stop != Stop::none) return end(*scene, "stopped", scene->run.reason);
  if (auto reason = reason_to_stop(*scene)) return end(*scene, "failed", *reason);
  if (stop.stop_requested()) return Next::leave;
  const auto phase = next_phase(scene->phases);
  if (!phase) return finish_cycle(*scene);
  return run_phase(*scene, *phase, stop);
}

// Asked to, meanwhile, or at its deadline.
Result<bool> RunMachine::has_to_end(const Scene& scene) {
  if (store_.now() >= scene.deadline()) return true;
  auto reader = store_.read();
  if (!reader) return std::unexpected(std::move(reader.error()));
  const auto run = load_run(**reader, scene.run.n);
  if (!run) return std::unexpected(run.error());
  return run->stop != Stop::none;
}

Result<WallTime> RunMachine::deadline(std::int64_t n) {
  auto scene = look(n);
  if (!scene) return std::unexpected(std::move(scene.error()));
  auto rules = ports_.thinker.rules(scene->context.spec);
  if (!rules) return std::unexpected(std::move(rules.error()));
  scene->rules = *rules;
  return scene->deadline();
}

// Whatever it waits for, its deadline ends it.
Result<RunMachine::Next> RunMachine::block(const Scene& scene,
                                           std::string_view reason,
                                           WallTime until) {
  auto blocked = runs_.block(scene.run, reason, std::min(until, scene.deadline()));
  if (!blocked) return std::unexpected(std::move(blocked.error()));
  return Next::leave;
}

// What ends a run before its next phase, whatever that is.
std::optional<std::string> RunMachine::reason_to_stop(const Scene& scene) const {
  if (store_.now() >= scene.deadline()) return "deadline";
  if (scene.run.cycle > scene.rules.most_cycles) return "cycles";
  if (scene.run.bad_cycles >= scene.rules.most_bad_cycles) return "errors";
  return std::nullopt;
}

Result<RunMachine::Next> RunMachine::run_phase(Scene& scene,
                                               Phase phase,
                                               const std::stop_token& stop) {
  // Until Runs::wake_waiting_for_secrets().
  if (const auto why = ports_.observer.obstacle())
    return block(scene, std::string(waiting_for_secrets) + ": " + *why, WallTime::max());
  const bool has_to_think = phase != Phase::observe && phase != Phase::act;
  if (has_to_think) {
    if (const auto why = ports_.thinker.absence(scene.context)) return wait_for_model(scene, *why);
  }
  const auto begun = runs_.begin_phase(scene.run, phase);
  if (!begun) return std::unexpected(begun.error());
  // Waiting for approvals begins the act phase anew each time, which is no failure.
  if (phase != Phase::act && *begun > most_begun) {
    return end(scene, "failed", std::string(phase_name(phase)) + " was begun too often");
  }
  switch (phase) {
    case Phase::observe:
      return observe(scene, *begun, stop);
    case Phase::act:
      return act(scene, stop);
    case Phase::orient:
    case Phase::decide:
    case Phase::reflect:
      return think(scene, phase, *begun, stop);
  }
  return fail(Errc::internal, "no such phase");
}

// Nothing: it is reserved; else why the run has to end.
Result<std::optional<std::string>> RunMachine::reserve(const Scene& scene,
                                                       const std::string& name,
                                                       const Amounts& worst) {
  auto lacks = ledger_.reserve(name, {scene.run.id, scene.mandate.id}, worst, scene.rules.budget);
  if (lacks && *lacks) lacks->emplace("budget: " + **lacks);
  return lacks;
}

Result<RunMachine::Next> RunMachine::observe(Scene& scene, int begun, const std::stop_token& stop) {
  const std::string name =
      scene.run.id + "/" + cycle_text(scene.run.cycle) + "/observe/" + cycle_text(begun) + "/";
  int charged = 0;
  std::string refused;
  std::optional<Error> broken;
  const Charge charge = [&](const Amounts& worst, const Charged& act) -> Result<void> {
    const std::string each = name + cycle_text(++charged);
    const auto lacks = reserve(scene, each, worst);
    if (lacks && *lacks) return fail(Errc::permission, refused = **lacks);
    auto done = lacks ? ledger_.settle(each, act()) : Result<void>(std::unexpected(lacks.error()));
    if (!done) broken = done.error();
    return done;
  };
  auto observed = ports_.observer.observe(scene.context, stop, charge);
  if (broken) return std::unexpected(std::move(*broken));
  if (!refused.empty()) return end(scene, "failed", refused);
  if (!observed) return phase_failed(scene, Phase::observe, observed.error(), stop);
  return complete(scene, Phase::observe, *observed);
}

// Until somebody comes, which wakes the run, or its deadline is over.
Result<RunMachine::Next> RunMachine::wait_for_model(const Scene& scene, const std::string& why) {
  return block(scene, std::string(waiting_for_model) + ": " + why, WallTime::max());
}

Result<RunMachine::Next> RunMachine::think(Scene& scene,
                                           Phase phase,
                                           int begun,
                                           const std::stop_token& stop) {
  const std::string name = scene.run.id + "/" + cycle_text(scene.run.cycle) + "/" +
                           std::string(phase_name(phase)) + "/" + cycle_text(begun);
  std::vector<std::string> reserved;
  std::string refused;
  const auto reserve = [&](const Amounts& worst) -> Result<void> {
    const std::string each = name + "/" + cycle_text(std::ssize(reserved) + 1);
    const auto lacks = this->reserve(scene, each, worst);
    if (!lacks) return std::unexpected(lacks.error());
    if (*lacks) return fail(Errc::permission, refused = **lacks);
    reserved.push_back(each);
    return {};
  };
  Thought thought = ports_.thinker.think(phase, scene.context, stop, reserve);
  // What all of them used together is charged to the last.
  for (const std::string& each : reserved) {
    const bool is_last = &each == &reserved.back();
    const auto used = thought.used && !is_last ? std::optional(Amounts()) : thought.used;
    if (auto settled = ledger_.settle(each, used); !settled)
      return std::unexpected(settled.error());
  }
  if (!thought.text && !refused.empty()) return end(scene, "failed", refused);
  if (!thought.text) return phase_failed(scene, phase, thought.text.error(), stop);
  // What cannot be read is not a result: better to ask again than to store it for good.
  if (phase == Phase::decide) {
    const auto plan = ports_.thinker.plan(*thought.text);
    if (!plan) return phase_failed(scene, phase, plan.error(), stop);
    if (auto ok = check(*plan); !ok) return phase_failed(scene, phase, ok.error(), stop);
  }
  if (phase == Phase::reflect) {
    const auto reached = ports_.thinker.is_goal_reached(*thought.text);
    if (!reached) return phase_failed(scene, phase, reached.error(), stop);
  }
  return complete(scene, phase, *thought.text);
}

Result<RunMachine::Next> RunMachine::complete(const Scene& scene,
                                              Phase phase,
                                              std::string_view output) {
  if (auto done = runs_.end_phase(scene.run, phase, output); !done)
    return std::unexpected(done.error());
  return Next::go_on;
}

Result<RunMachine::Next> RunMachine::phase_failed(const Scene& scene,
                                                  Phase phase,
                                                  const Error& error,
                                                  const std::stop_token& stop) {
  // Cut off by a stop: the next look says whose.
  if (stop.stop_requested()) {
    const auto ends = has_to_end(scene);
    if (!ends) return std::unexpected(ends.error());
    return *ends ? Next::go_on : Next::leave;
  }
  const PhaseRow& row = scene.phases[static_cast<std::size_t>(phase)];
  const bool has_no_model = error.code == Errc::unavailable;
  auto noted = runs_.fail_phase(scene.run, phase, error.message, !has_no_model);
  if (!noted) return std::unexpected(std::move(noted.error()));
  const auto delay = has_no_model ? std::optional(std::min<std::chrono::milliseconds>(
                                        minutes(1), scene.rules.retry.longest))
                                  : retry_delay(scene.rules.retry, row.failed + 1);
  if (!delay) return end(scene, "failed", std::string(phase_name(phase)) + ": " + error.message);
  const std::string waiting(has_no_model ? waiting_for_model : "waiting_retry");
  return block(scene, waiting + ": " + error.message, store_.now() + *delay);
}

Result<RunMachine::Next> RunMachine::end(const Scene& scene,
                                         std::string_view outcome,
                                         std::string_view reason) {
  if (auto ended = runs_.end(scene.run, outcome, reason); !ended)
    return std::unexpected(ended.error());
  return Next::leave;
}

// After reflect: the end, or the next cycle.
Result<RunMachine::Next> RunMachine::finish_cycle(const Scene& scene) {
  const auto reached = ports_.thinker.is_goal_reached(
      scene.context.outputs[static_cast<std::size_t>(Phase::reflect)]);
  if (!reached) return std::unexpected(reached.error());
  if (*reached) return end(scene, "succeeded", "goal reached");
  const auto looping = is_looping(scene);
  if (!looping) return std::unexpected(looping.error());
  if (*looping) return end(scene, "failed", "loop: the same plan again and again");
  const bool was_bad = std::ranges::any_of(
      scene.context.steps, [](const StepRow& step) { return step.state == StepState::failed; });
  if (auto ended = runs_.end_cycle(scene.run, was_bad); !ended)
    return std::unexpected(ended.error());
  return Next::go_on;
}

// Whether the last plans are the same; why they were decided may be said in other words.
Result<bool> RunMachine::is_looping(const Scene& scene) {
  if (scene.run.cycle < scene.rules.most_alike) return false;
  auto reader = store_.read();
  if (!reader) return std::unexpected(std::move(reader.error()));
  auto rows = (*reader)->query(
      "SELECT output FROM phases WHERE run_n = ? AND phase = ? AND cycle > ?", scene.run.n,
      static_cast<int>(Phase::decide), scene.run.cycle - scene.rules.most_alike);
  std::optional<Plan> first;
  while (rows.next()) {
    auto plan = ports_.thinker.plan(rows.text(0));
    if (!plan) return std::unexpected(std::move(plan.error()));
    if (!first)
      first = std::move(*plan);
    else if (*first != *plan)
      return false;
  }
  if (!rows.ok()) return std::unexpected(rows.error());
  return first.has_value();
}

}  // namespace hearth::packs::mandates
