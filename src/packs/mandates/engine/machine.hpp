// Drives one run: cycles of observe, orient, decide, act and reflect, each phase recorded when it
// is complete and never done again. Pure in the sense that time, model, tools and files are given
// to it, and that all it knows between two steps is in the store: killed anywhere, another machine
// goes on from the same rows.
//
// A run ends by: goal reached, most cycles, errors, a loop, a budget, its deadline, a stop. It is
// blocked, without a thread, while it waits for an approval, a model, a person's look at an effect,
// or its next attempt.
#pragma once

#include <functional>
#include <memory>
#include <optional>
#include <stop_token>
#include <string>
#include <utility>
#include <vector>

#include "packs/mandates/engine/approvals.hpp"
#include "packs/mandates/engine/effects.hpp"
#include "packs/mandates/engine/helpers.hpp"
#include "packs/mandates/engine/ledger.hpp"
#include "packs/mandates/engine/ports.hpp"
#include "packs/mandates/engine/runs.hpp"

namespace hearth::packs::mandates {

// Members are for any thread; of one run one thread at a time. It works on that thread; steps that
// may go on side by side also on helpers', and drive() returns when they have ended.
class RunMachine final {
 public:
  // How many steps of a run go on side by side.
  static constexpr std::size_t widest = 4;

  RunMachine(MandateStore& store,
             Ledger& ledger,
             Ports ports,
             std::shared_ptr<Helpers> helpers = std::make_shared<Helpers>(widest - 1))
      : store_(store),
        ledger_(ledger),
        ports_(ports),
        helpers_(std::move(helpers)),
        runs_(store),
        approvals_(store),
        effects_(store) {}

  // Drives a run that was taken (Runs::take) until it is blocked or has ended. When `stop` is
  // requested: one that was asked to end ends, any other stays "running", to be driven again after
  // the next start. An error is of the store, not of the run.
  [[nodiscard]] Result<void> drive(std::int64_t run, const std::stop_token& stop);
  // Runs::retry(), but `conflict` for one that could only fail again at once: its deadline is over,
  // its cycles or its budget are used up, or it went round in a loop. Says what to do instead.
  [[nodiscard]] Result<void> retry(std::int64_t run);
  // When it has to end: `stop` is requested then, whatever it does, and it has failed.
  [[nodiscard]] Result<WallTime> deadline(std::int64_t run);

 private:
  enum class Next : std::uint8_t { go_on, leave };
  struct Scene;  // what is known of the run at this moment

  [[nodiscard]] Result<Next> advance(std::int64_t n, const std::stop_token& stop);
  [[nodiscard]] Result<Scene> look(std::int64_t n);
  [[nodiscard]] Result<Next> block(const Scene& scene, std::string_view reason, WallTime until);
  [[nodiscard]] Result<bool> has_to_end(const Scene& scene);
  [[nodiscard]] std::optional<std::string> reason_to_stop(const Scene& scene) const;
  [[nodiscard]] Result<Next> run_phase(Scene& scene, Phase phase, const std::stop_token& stop);
  [[nodiscard]] Result<Next> wait_for_model(const Scene& scene, const std::string& why);
  [[nodiscard]] Result<Next> observe(Scene& scene, int begun, const std::stop_token& stop);
  [[nodiscard]] Result<std::optional<std::string>> reserve(const Scene& scene,
                                                           const std::string& name,
                                                           const Amounts& worst);
  [[nodiscard]] Result<Next> think(Scene& scene,
                                   Phase phase,
                                   int begun,
                                   const std::stop_token& stop);
  [[nodiscard]] Result<Next> complete(const Scene& scene, Phase phase, std::string_view output);
  [[nodiscard]] Result<Next> phase_failed(const Scene& scene,
                                          Phase phase,
                                          const Error& error,
                                          const std::stop_token& stop);
  [[nodiscard]] Result<Next> end(const Scene& scene,
                                 std::string_view outcome,
                                 std::string_view reason);
  [[nodiscard]] Result<Next> finish_cycle(const Scene& scene);
  [[nodiscard]] Result<bool> is_looping(const Scene& scene);

  // Trying again, in machine_retry.cpp.
  [[nodiscard]] Result<void> check_retry(Scene& scene);
  [[nodiscard]] Result<std::optional<std::string>> too_small_budget(const Scene& scene);

  // Acting, in machine_act.cpp.
  struct Turn;    // of one step
  struct Acting;  // of all of them
  struct StepEnd;
  using Ended = Result<StepEnd>;
  [[nodiscard]] Result<Next> act(Scene& scene, const std::stop_token& stop);
  [[nodiscard]] static std::string key_of(const Scene& scene, const Step& step);
  [[nodiscard]] static StepEnd in_review();
  [[nodiscard]] Result<Acting> look_back(const Scene& scene, const Plan& plan);
  [[nodiscard]] std::vector<const Step*> next_wave(const std::vector<const Step*>& ready,
                                                   const Acting& so_far);
  [[nodiscard]] Result<void> skip(const Scene& scene,
                                  const std::vector<const Step*>& steps,
                                  Acting& so_far);
  [[nodiscard]] Result<void> run_wave(const Scene& scene,
                                      std::vector<const Step*> steps,
                                      Acting& so_far,
                                      const std::stop_token& stop);
  [[nodiscard]] Ended run_step(Turn& turn);
  [[nodiscard]] Ended begin_effect(Turn& turn);
  [[nodiscard]] Ended ask(Turn& turn, const Intent& intent, bool needs_elevation);
  [[nodiscard]] Ended afford(Turn& turn,
                             const Intent& intent,
                             const std::function<Ended()>& carry_out);
  [[nodiscard]] Ended perform(Turn& turn, const Intent& intent);
  [[nodiscard]] Ended resume_effect(Turn& turn, const Effect& effect);
  [[nodiscard]] Ended end_step(const Turn& turn, StepState state, std::string_view output);
  [[nodiscard]] Ended review(const Turn& turn, std::string_view why);

  MandateStore& store_;
  Ledger& ledger_;
  const Ports ports_;
  const std::shared_ptr<Helpers> helpers_;
  Runs runs_;
  Approvals approvals_;
  Effects effects_;
};

}  // namespace hearth::packs::mandates
