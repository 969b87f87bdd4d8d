// The tools for runs.
#include "packs/mandates/mandate_wire.hpp"
#include "packs/mandates/run_wire.hpp"
#include "packs/mandates/tools.hpp"

namespace hearth::packs::mandates {
namespace {

constexpr std::size_t most_step_text = 4'000;

Result<wire::RunRow> show(Space& space, const std::string& word) {
  auto reader = space.store().read();
  if (!reader) return std::unexpected(std::move(reader.error()));
  const auto run = find_run(**reader, word);
  if (!run) return std::unexpected(run.error());
  return wire::to_row(**reader, *run);
}

Result<wire::RunsAnswer> list(Space& space, const wire::RunsRequest& request) {
  auto reader = space.store().read();
  if (!reader) return std::unexpected(std::move(reader.error()));
  std::optional<std::int64_t> mandate;
  if (request.mandate) {
    const auto found = find_mandate(**reader, *request.mandate);
    if (!found) return std::unexpected(found.error());
    mandate = found->n;
  }
  const auto page = list_runs(**reader, mandate, request.state == "all" ? "" : request.state,
                              wire::to_page(request.offset, request.limit));
  if (!page) return std::unexpected(page.error());
  wire::RunsAnswer answer{.runs = {}, .total = page->total};
  for (const Run& each : page->rows) {
    auto row = wire::to_row(**reader, each);
    if (!row) return std::unexpected(std::move(row.error()));
    answer.runs.push_back(std::move(*row));
  }
  answer.truncated = request.offset + static_cast<std::int64_t>(page->rows.size()) < page->total;
  return answer;
}

Result<wire::LogsAnswer> logs(Space& space, const std::string& word) {
  auto reader = space.store().read();
  if (!reader) return std::unexpected(std::move(reader.error()));
  const auto run = find_run(**reader, word);
  if (!run) return std::unexpected(run.error());
  auto row = wire::to_row(**reader, *run);
  if (!row) return std::unexpected(std::move(row.error()));
  const auto phases = phases_of(**reader, run->n);
  if (!phases) return std::unexpected(phases.error());
  const auto steps = steps_of(**reader, run->n);
  if (!steps) return std::unexpected(steps.error());
  const auto effects = effects_of(**reader, run->n);
  if (!effects) return std::unexpected(effects.error());
  wire::LogsAnswer answer{.run = std::move(*row), .phases = {}, .steps = {}, .effects = {}};
  for (const StepLog& each : *steps) {
    answer.steps.push_back({.cycle = each.cycle,
                            .step = each.step.step,
                            .state = std::string(step_state_name(each.step.state)),
                            .output = clipped_within(each.step.output, most_step_text)});
  }
  for (const CycleLog& each : *phases) {
    wire::LogEntry& entry = answer.phases.emplace_back();
    entry.cycle = each.cycle;
    entry.phase = phase_name(each.phase);
    entry.state = each.is_done ? "done" : each.error.empty() ? "open" : "failed";
    entry.begun = format_rfc3339(each.begun);
    if (each.ended) entry.ended = format_rfc3339(*each.ended);
    entry.text = clipped(each.is_done ? each.output : each.error, most_step_text);
  }
  for (const EffectRow& each : *effects) {
    answer.effects.push_back({.key = each.key,
                              .kind = each.kind,
                              .target = each.target,
                              .state = each.state,
                              .output = clipped_within(each.output, most_step_text)});
  }
  return answer;
}

Result<wire::RunRow> start(Space& space, const std::string& word, const std::string& key) {
  std::int64_t mandate = 0;
  {
    auto reader = space.store().read();
    if (!reader) return std::unexpected(std::move(reader.error()));
    const auto found = find_mandate(**reader, word);
    if (!found) return std::unexpected(found.error());
    mandate = found->n;
  }
  const auto run = space.start_run(mandate, "trigger", key);
  if (!run) return std::unexpected(run.error());
  auto reader = space.store().read();
  if (!reader) return std::unexpected(std::move(reader.error()));
  return wire::to_row(**reader, *run);
}

}  // namespace

void declare_run_tools(pack::Binder& tools, ToolRunner& runner) {
  pack::ToolSpec starting =
      writing("run", "Run a mandate now", "Begins a run, beside its schedules.");
  starting.resend = pack::ResendRule::run_again;  // the call's key makes the run's id
  runner.bind<wire::MandateRequest, wire::RunRow>(
      tools, std::move(starting),
      [](Space& space, const wire::MandateRequest& request, const pack::Call& call) {
        return start(space, request.mandate, call.key());
      });
  runner.bind<wire::RunsRequest, wire::RunsAnswer>(
      tools, reading("runs", "List runs", "Newest first; of a mandate, or in a state."),
      [](Space& space, const wire::RunsRequest& request, const pack::Call&) {
        return list(space, request);
      },
      Without::is_empty);
  runner.bind<wire::RunRequest, wire::RunRow>(
      tools, reading("run_show", "Show a run", "Its state, and what it waits for."),
      [](Space& space, const wire::RunRequest& request, const pack::Call&) {
        return show(space, request.run);
      });
  runner.bind<wire::RunRequest, wire::LogsAnswer>(
      tools,
      reading("run_logs", "What a run did", "Its phases with what each gave, and its effects."),
      [](Space& space, const wire::RunRequest& request, const pack::Call&) {
        return logs(space, request.run);
      });
  runner.bind<wire::CancelRequest, wire::DoneAnswer>(
      tools,
      writing("run_cancel", "Cancel a run", "At its next boundary, or now.", {.destructive = true}),
      [](Space& space, const wire::CancelRequest& request,
         const pack::Call&) -> Result<wire::DoneAnswer> {
        const auto run = find_run(space.store(), request.run);
        if (!run) return std::unexpected(run.error());
        auto done = space.stop_run(
            run->n, request.now ? Stop::terminate : Stop::cancel,
            request.reason.empty() ? "cancelled" : space.bench().redactor().redact(request.reason));
        if (!done) return std::unexpected(std::move(done.error()));
        return wire::DoneAnswer{.id = run->id, .state = "stopping"};
      });
  runner.bind<wire::RunRequest, wire::DoneAnswer>(
      tools,
      writing("run_retry", "Retry a failed run", "It goes on where it failed; the rest stays."),
      [](Space& space, const wire::RunRequest& request,
         const pack::Call&) -> Result<wire::DoneAnswer> {
        const auto run = find_run(space.store(), request.run);
        if (!run) return std::unexpected(run.error());
        if (auto done = space.dispatcher().retry(run->n); !done)
          return std::unexpected(std::move(done.error()));
        return wire::DoneAnswer{.id = run->id, .state = "waiting"};
      });
}

}  // namespace hearth::packs::mandates
