#include "packs/mandates/run_report.hpp"

#include <algorithm>
#include <array>
#include <cstdio>
#include <optional>
#include <utility>
#include <vector>

#include "packs/mandates/engine/approvals.hpp"
#include "packs/mandates/engine/overview.hpp"
#include "packs/mandates/mandate_spec.hpp"
#include "packs/mandates/markdown.hpp"
#include "packs/mandates/observer.hpp"

namespace hearth::packs::mandates {
namespace {

constexpr std::size_t most_text = std::size_t{16} << 10;
constexpr std::size_t most_cycle_bytes = std::size_t{3} << 20;
constexpr std::size_t most_record_bytes = std::size_t{1} << 20;
constexpr std::array<std::string_view, phase_count> phase_titles{"Observed", "Oriented", "Decided",
                                                                 "Acted", "Reflected"};

// All that the database says, at one moment.
struct Facts {
  Run run;
  Mandate mandate;
  std::vector<CycleLog> phases;
  std::vector<StepLog> steps;
  std::vector<EffectRow> effects;
  std::vector<std::string> proposals;
};

template <typename T>
Result<void> take(T& to, Result<T> from) {
  if (!from) return std::unexpected(std::move(from.error()));
  to = std::move(*from);
  return {};
}

Result<Facts> facts_of(MandateStore& store, const std::string& word) {
  auto reader = store.read();
  if (!reader) return std::unexpected(std::move(reader.error()));
  Facts facts;
  Result<void> done = take(facts.run, find_run(**reader, word));
  const std::int64_t n = facts.run.n;
  if (done) done = take(facts.mandate, load_mandate(**reader, facts.run.mandate_n));
  if (done) done = take(facts.phases, phases_of(**reader, n));
  if (done) done = take(facts.steps, steps_of(**reader, n));
  if (done) done = take(facts.effects, effects_of(**reader, n));
  if (!done) return std::unexpected(std::move(done.error()));
  auto page = list_proposals(**reader, "", n, {.offset = 0, .limit = 1'000});
  if (!page) return std::unexpected(std::move(page.error()));
  facts.proposals = std::move(page->rows);
  std::ranges::reverse(facts.proposals);  // they come newest first
  return facts;
}

std::string in_units(std::int64_t millionths) {
  std::array<char, 64> text{};
  const int size =
      std::snprintf(text.data(), text.size(), "%.6f", static_cast<double>(millionths) / 1e6);
  return std::string(text.data(), static_cast<std::size_t>(size));
}

// What the mandate allows; a day's limits are the configuration's.
std::string limits_of(const MandateSpec& spec) {
  std::string text;
  const auto add = [&](const std::string& most, std::string_view of) {
    text.append(text.empty() ? "" : ", ").append(most).append(of);
  };
  const auto add_all = [&](const Limits& limits, const std::string& of) {
    if (limits.calls) add(std::to_string(*limits.calls), " calls " + of);
    if (limits.tokens) add(std::to_string(*limits.tokens), " tokens " + of);
    if (limits.money) add(in_units(*limits.money), " of money " + of);
    if (limits.wall_ms) add(std::to_string(*limits.wall_ms / 1'000), " seconds " + of);
  };
  const Budget budget = budget_of(spec, {});
  add_all(budget.run, "a run");
  add_all(budget.mandate, "in all");
  return text;
}

void add_head(Markdown& to, const Facts& facts, const Amounts& spent) {
  const Run& run = facts.run;
  to.heading(1, "Run " + run.id);
  to.item("mandate", facts.mandate.name + " (" + facts.mandate.id + ")");
  to.item("state", run.state + (run.outcome.empty() ? "" : ", " + run.outcome));
  to.item("reason", run.reason);
  to.item("begun by", run.cause);
  to.item("made", format_rfc3339(run.created));
  if (run.begun) to.item("begun", format_rfc3339(*run.begun));
  to.item("cycles", std::to_string(run.cycle));
  to.item("spent", std::to_string(spent.calls) + " calls of the model, " +
                       std::to_string(spent.tokens) + " tokens, cost " + in_units(spent.money) +
                       ", " + std::to_string(spent.wall_ms) + " ms");
  const auto spec = parse_spec(facts.mandate.spec);
  if (spec) to.item("may spend", limits_of(*spec));
  to.item("workspace", spec ? spec->workspace : "");
  to.heading(2, "Goal");
  to.block(spec ? clipped(spec->goal, most_text) : spec.error().message);
}

void add_phase(Markdown& to, const CycleLog& phase) {
  to.heading(3, phase_titles[static_cast<std::size_t>(phase.phase)]);
  std::string when = "from " + format_rfc3339(phase.begun);
  if (phase.ended) when += " to " + format_rfc3339(*phase.ended);
  if (phase.failed > 0) when += ", failed " + std::to_string(phase.failed) + " times";
  to.paragraph(when);
  if (!phase.error.empty()) to.item("error", clipped(phase.error, most_text));
  if (phase.phase != Phase::act && !phase.output.empty())
    to.block(clipped(phase.output, most_text));
}

void add_cycle(Markdown& to, const Facts& facts, int cycle) {
  to.heading(2, "Cycle " + std::to_string(cycle));
  for (const CycleLog& phase : facts.phases) {
    if (phase.cycle != cycle) continue;
    add_phase(to, phase);
    if (phase.phase != Phase::act) continue;
    for (const StepLog& each : facts.steps) {
      if (each.cycle != cycle) continue;
      to.item(each.step.step, std::string(step_state_name(each.step.state)));
      if (!each.step.output.empty()) to.block(clipped(each.step.output, most_text));
    }
  }
}

void add_cycles(Markdown& to, const Facts& facts) {
  const std::size_t begin = to.text().size();
  for (int cycle = 1; cycle <= facts.run.cycle; ++cycle) {
    if (to.text().size() - begin > most_cycle_bytes) {
      to.paragraph("Cycles " + std::to_string(cycle) + " to " + std::to_string(facts.run.cycle) +
                   " are left out: the report is too long.");
      return;
    }
    add_cycle(to, facts, cycle);
  }
}

std::string_view verdict_name(Verdict verdict) {
  constexpr std::array<std::string_view, 3> names{"denied", "approved", "elevated"};
  return names[static_cast<std::size_t>(verdict)];
}

// Their seals are checked: what is shown is what was decided.
void add_approvals(Markdown& to, MandateStore& store, const Facts& facts) {
  to.heading(2, "Approvals");
  if (facts.proposals.empty()) to.paragraph("None was asked for.");
  Approvals approvals(store);
  for (const std::string& id : facts.proposals) {
    const auto row = approvals.load(id);
    if (!row) {
      to.item(id, row.error().message);
      continue;
    }
    std::string text = row->proposal.kind + " " + row->proposal.target + ", " + row->state;
    if (row->decision) {
      const Decision& decision = *row->decision;
      text += "; " + std::string(verdict_name(decision.verdict)) + " by " + decision.reviewer +
              " at " + format_rfc3339(decision.decided);
      if (!decision.reason.empty()) text += " (" + decision.reason + ")";
    }
    to.item(id, clipped(std::move(text), most_text) + "; digest " + row->digest);
  }
}

void add_effects(Markdown& to, const Facts& facts) {
  to.heading(2, "Effects");
  if (facts.effects.empty()) to.paragraph("None.");
  for (const EffectRow& each : facts.effects)
    to.item(each.key, each.state + ": " + each.kind + " " + clipped(each.target, most_text));
}

// Decisions and effects name no run, but a proposal, or a key that begins with the run's id.
bool concerns(const JournalEntry& entry, const Facts& facts) {
  return entry.text.contains(facts.run.id) ||
         std::ranges::any_of(facts.proposals,
                             [&](const std::string& id) { return entry.text.contains(id); });
}

// What the chain holds together up to its head.
void add_journal(Markdown& to, MandateStore& store, const Facts& facts) {
  to.heading(2, "Journal");
  std::string records;
  std::size_t left_out = 0;
  const auto checked = store.audit([&](const JournalEntry& entry) {
    if (!concerns(entry, facts)) return;
    if (records.size() > most_record_bytes) {
      ++left_out;
      return;
    }
    records += std::to_string(entry.sequence) + " " + format_rfc3339(entry.time) + " " +
               std::string(entry.kind) + " " + clipped(std::string(entry.text), 2'000) + "\n";
  });
  if (!checked) return to.paragraph("It does not hold: " + checked.error().message);
  to.paragraph("Intact: " + std::to_string(checked->head.sequence) +
               " records, the last with the hash " + hex(checked->head.hash) +
               ". Of this run it has:");
  to.block(records);
  if (left_out > 0) to.paragraph(std::to_string(left_out) + " more records are left out.");
}

}  // namespace

Result<std::string> run_report(MandateStore& store, Ledger& ledger, const std::string& run) {
  const auto facts = facts_of(store, run);
  if (!facts) return std::unexpected(facts.error());
  Markdown text;
  add_head(text, *facts, ledger.usage({.run = facts->run.id, .mandate = facts->mandate.id}).run);
  add_cycles(text, *facts);
  add_approvals(text, store, *facts);
  add_effects(text, *facts);
  add_journal(text, store, *facts);
  return text.text();
}

}  // namespace hearth::packs::mandates
