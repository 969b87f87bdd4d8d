// Runs as rows: who may begin, what each phase gave, how it ended.
//
//   waiting -> running -> blocked -> running … -> ended
//
// "waiting" has not begun; "blocked" waits for an approval, a model, a person's look or its next
// attempt (`reason` says which) and goes on at `not_before`, or when that is brought forward.
#pragma once

#include <array>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "packs/mandates/engine/mandate_store.hpp"
#include "packs/mandates/engine/overlap.hpp"
#include "packs/mandates/engine/plan.hpp"

namespace hearth::packs::mandates {

// How the reason of a blocked run begins.
inline constexpr std::string_view waiting_for_model = "waiting_model";
inline constexpr std::string_view waiting_for_secrets = "waiting_secrets";

enum class Phase : std::uint8_t { observe, orient, decide, act, reflect };
inline constexpr std::size_t phase_count = 5;
[[nodiscard]] std::string_view phase_name(Phase phase);

struct Run {
  std::int64_t n = 0;
  std::string id;
  std::int64_t mandate_n = 0;
  std::optional<std::int64_t> schedule_n;
  std::string cause;
  std::string state;
  std::string reason;
  std::string outcome;  // of an ended one: succeeded, failed, stopped
  int cycle = 1;
  int bad_cycles = 0;
  Stop stop = Stop::none;
  std::int64_t wakes = 0;  // how often something happened that it may wait for
  WallTime created;
  std::optional<WallTime> begun;
};
[[nodiscard]] Result<Run> load_run(store::Database& database, std::int64_t n);

struct PhaseRow {
  bool is_done = false;
  int begun = 0;   // how often, since it last came to an end: more than once is a kill
  int failed = 0;  // how often
  std::string output;
};
using PhaseRows = std::array<PhaseRow, phase_count>;
[[nodiscard]] Result<PhaseRows> load_phases(store::Database& database, std::int64_t run, int cycle);

struct StepRow {
  std::string step;
  StepState state = StepState::done;
  std::string output;
};
[[nodiscard]] Result<std::vector<StepRow>> load_steps(store::Database& database,
                                                      std::int64_t run,
                                                      int cycle);

// Members are for any thread; `n` is a run's number.
class Runs final {
 public:
  explicit Runs(MandateStore& store) : store_(store) {}

  // One without a schedule: by hand, or by an event. The same key gives the same run.
  [[nodiscard]] Result<std::int64_t> create(std::int64_t mandate,
                                            std::string cause,
                                            std::string key = {});
  // Those that may go on at `now`, the longest waiting first; they are "running" from then on, and
  // that is durable before this returns.
  [[nodiscard]] Result<std::vector<std::int64_t>> take(WallTime now, int most);
  // When take() may have something new by itself.
  [[nodiscard]] Result<std::optional<WallTime>> next_wake(WallTime now);
  // Those that a killed daemon left running: to be driven before anything is taken.
  [[nodiscard]] Result<std::vector<std::int64_t>> interrupted();
  // A model may be there now that was not: those that wait for one look again. So do those that are
  // under way: they may have looked before, and not be blocked yet.
  [[nodiscard]] Result<void> wake_waiting_for_model();
  // The same where secrets are known that were not.
  [[nodiscard]] Result<void> wake_waiting_for_secrets();
  // Asks for its end. One that has not begun ends here.
  [[nodiscard]] Result<void> stop(std::int64_t n, Stop how, std::string reason);
  // A failed one goes on where it failed; what it completed stays. Whether it could get any further
  // RunMachine::retry() tells.
  [[nodiscard]] Result<void> retry(std::int64_t n);

  // For the machine that drives the run.
  [[nodiscard]] Result<int> begin_phase(const Run& run, Phase phase);  // PhaseRow::begun
  [[nodiscard]] Result<void> end_phase(const Run& run, Phase phase, std::string_view output);
  // `counts`: as one of the attempts that are allowed.
  [[nodiscard]] Result<void> fail_phase(const Run& run,
                                        Phase phase,
                                        std::string_view error,
                                        bool counts);
  [[nodiscard]] Result<void> end_cycle(const Run& run, bool was_bad);
  // Until then, or until wake_run(), also one that came after `run` was loaded.
  [[nodiscard]] Result<void> block(const Run& run, std::string_view reason, WallTime until);
  [[nodiscard]] Result<void> end(const Run& run, std::string_view outcome, std::string_view reason);

 private:
  [[nodiscard]] Result<void> wake_waiting(std::string_view reason);

  MandateStore& store_;
};

// Something happened that the run may wait for. Within a change of others.
[[nodiscard]] Result<void> wake_run(Change& change, std::int64_t run);

}  // namespace hearth::packs::mandates
