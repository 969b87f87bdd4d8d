// Whether a run that failed could get any further. One that could not would only fail again: each
// time its failure counts for its schedule, and begins what follows it.
#include <algorithm>

#include "packs/mandates/engine/machine.hpp"
#include "packs/mandates/engine/scene.hpp"

namespace hearth::packs::mandates {
namespace {

// At the least, of whatever it is that has to be paid; where there are no prices, no money.
constexpr Amounts anything{.calls = 1, .tokens = 1, .money = 0, .wall_ms = 1};

// Whether the mandate is as it was when the run ended, and with it the budget that was too small:
// how much more it wanted nobody knows any more. Pausing counts as a change.
Result<bool> is_unchanged(store::Database& database, std::int64_t run) {
  const auto found = database.integer(
      "SELECT m.updated_ms = m.created_ms OR m.updated_ms < r.ended_ms FROM runs r JOIN mandates m "
      "ON m.n = r.mandate_n WHERE r.n = ?",
      run);
  if (!found) return std::unexpected(found.error());
  return found->value_or(0) != 0;
}

}  // namespace

// Nothing: it may have enough now.
Result<std::optional<std::string>> RunMachine::too_small_budget(const Scene& scene) {
  const Budget& budget = scene.rules.budget;
  const Ledger::Usage used = ledger_.usage({scene.run.id, scene.mandate.id});
  const auto is_used_up = [&](const Limits& limits, const Amounts& amounts) {
    return exceeded(limits, amounts, anything).has_value();
  };
  const std::string& reason = scene.run.reason;
  const bool is_own =
      reason.starts_with("budget: run: ") || reason.starts_with("budget: mandate: ");
  if (is_own) {
    auto reader = store_.read();
    if (!reader) return std::unexpected(std::move(reader.error()));
    const auto is_same = is_unchanged(**reader, scene.run.n);
    if (!is_same) return std::unexpected(is_same.error());
    if (*is_same || is_used_up(budget.run, used.run) || is_used_up(budget.mandate, used.mandate))
      return reason;
  }
  const bool is_of_day = reason.starts_with("budget: day: ") && is_used_up(budget.day, used.day);
  return is_of_day ? std::optional(reason) : std::nullopt;
}

Result<void> RunMachine::check_retry(Scene& scene) {
  const std::string& mandate = scene.mandate.name;
  const std::string anew = "start the mandate again: hearth mandates run " + mandate;
  const auto refused = [&](const std::string& why, std::vector<std::string> advice) {
    return fail(Errc::conflict, "run " + scene.run.id + " would fail again at once: " + why,
                std::move(advice));
  };
  const auto rules = ports_.thinker.rules(scene.context.spec);
  if (!rules) return refused("the mandate cannot be read: " + rules.error().message, {});
  scene.rules = *rules;
  if (store_.now() >= scene.deadline()) return refused("its deadline is over", {anew});
  if (scene.run.cycle > scene.rules.most_cycles) return refused("its cycles are used up", {anew});
  const bool is_cycle_over =
      std::ranges::all_of(scene.phases, [](const PhaseRow& phase) { return phase.is_done; });
  if (is_cycle_over) {
    const auto looping = is_looping(scene);
    if (!looping) return std::unexpected(looping.error());
    if (*looping) return refused("it had the same plan again and again", {anew});
  }
  const auto budget = too_small_budget(scene);
  if (!budget) return std::unexpected(budget.error());
  if (!*budget) return {};
  if ((*budget)->starts_with("budget: day: "))
    return refused(**budget, {"wait for tomorrow, or raise it in [mandates] of config.toml"});
  return refused(**budget, {"a person allows more: hearth mandates budget-set " + mandate});
}

Result<void> RunMachine::retry(std::int64_t run) {
  auto scene = look(run);
  if (!scene) return std::unexpected(std::move(scene.error()));
  // Of any other the store says itself why not.
  const bool may_be = scene->run.outcome == "failed" && scene->mandate.state == "active";
  if (may_be) {
    if (auto ok = check_retry(*scene); !ok) return ok;
  }
  return runs_.retry(run);
}

}  // namespace hearth::packs::mandates
