// The tools for schedules.
#include "packs/mandates/schedule_wire.hpp"
#include "packs/mandates/tools.hpp"

namespace hearth::packs::mandates {
namespace {

Result<std::vector<wire::Gap>> gaps_of(store::Database& database,
                                       std::int64_t schedule,
                                       std::int64_t most) {
  const auto rows = missed_of(database, schedule, most);
  if (!rows) return std::unexpected(rows.error());
  std::vector<wire::Gap> gaps;
  for (const MissedRow& each : *rows) {
    gaps.push_back({.first = format_rfc3339(each.first),
                    .last = format_rfc3339(each.last),
                    .count = each.count,
                    .reason = each.reason});
  }
  return gaps;
}

Result<wire::ScheduleRow> row_of(Space& space, store::Database& database, const Schedule& each) {
  const auto mandate = load_mandate(database, each.mandate_n);
  if (!mandate) return std::unexpected(mandate.error());
  const auto missed = missed_in_all(database, each.n);
  if (!missed) return std::unexpected(missed.error());
  wire::ScheduleRow row{.id = each.id,
                        .mandate = mandate->name,
                        .timing = each.spec.timing,
                        .zone = each.spec.zone,
                        .state = mandate->state == "active" ? each.state : mandate->state,
                        .reason = each.reason,
                        .next = {},
                        .overlap = std::string(overlap_name(each.spec.overlap)),
                        .gaps = {}};
  row.missed = *missed;
  const auto skipped = skipped_of(database, each.n);
  if (!skipped) return std::unexpected(skipped.error());
  row.skipped = *skipped;
  const auto rhythm = rhythm_of(each.spec);
  if (rhythm && row.state == "active") {
    const auto next = next_fire(*rhythm, each.id, std::max(each.cursor, space.store().now()));
    if (next) row.next = format_rfc3339(*next);
  }
  return row;
}

Result<ScheduleSpec> spec_of(const wire::ScheduleAddRequest& request) {
  ScheduleSpec spec;
  spec.timing = request.timing;
  spec.zone = request.zone;
  spec.jitter = std::chrono::seconds(request.jitter);
  if (request.catch_up == "once") spec.catch_up.kind = CatchUp::once;
  if (request.catch_up == "bounded") spec.catch_up.kind = CatchUp::bounded;
  spec.catch_up.most = static_cast<int>(request.catch_up_most);
  spec.catch_up.window = std::chrono::seconds(request.catch_up_window);
  spec.overlap = overlap_from_name(request.overlap).value_or(spec.overlap);
  spec.pause_after = static_cast<int>(request.pause_after);
  return spec;
}

Result<wire::ScheduleRow> add(Space& space, const wire::ScheduleAddRequest& request) {
  std::optional<Mandate> mandate;
  {
    auto reader = space.store().read();
    if (!reader) return std::unexpected(std::move(reader.error()));
    auto found = find_mandate(**reader, request.mandate);
    if (!found) return std::unexpected(std::move(found.error()));
    mandate = std::move(*found);
  }
  const auto spec = spec_of(request);
  if (!spec) return std::unexpected(spec.error());
  const auto n = Schedules(space.store()).create(mandate->n, *spec);
  if (!n) return std::unexpected(n.error());
  if (auto seen = space.schedule_made(*n); !seen) return std::unexpected(std::move(seen.error()));
  auto reader = space.store().read();
  if (!reader) return std::unexpected(std::move(reader.error()));
  const auto made = load_schedule(**reader, *n);
  if (!made) return std::unexpected(made.error());
  return row_of(space, **reader, *made);
}

Result<wire::SchedulesAnswer> list(Space& space, const wire::SchedulesRequest& request) {
  auto reader = space.store().read();
  if (!reader) return std::unexpected(std::move(reader.error()));
  std::optional<std::int64_t> mandate;
  if (request.mandate) {
    const auto found = find_mandate(**reader, *request.mandate);
    if (!found) return std::unexpected(found.error());
    mandate = found->n;
  }
  const auto page = list_schedules(**reader, mandate, wire::to_page(request.offset, request.limit));
  if (!page) return std::unexpected(page.error());
  wire::SchedulesAnswer answer{.schedules = {}, .total = page->total};
  for (const Schedule& each : page->rows) {
    auto row = row_of(space, **reader, each);
    if (!row) return std::unexpected(std::move(row.error()));
    if (request.gaps > 0) {
      auto gaps = gaps_of(**reader, each.n, request.gaps);
      if (!gaps) return std::unexpected(std::move(gaps.error()));
      row->gaps = std::move(*gaps);
    }
    answer.schedules.push_back(std::move(*row));
  }
  answer.truncated = request.offset + static_cast<std::int64_t>(page->rows.size()) < page->total;
  return answer;
}

Result<wire::FiredAnswer> told(Space& space, const Result<Fired>& fired) {
  if (!fired) return std::unexpected(fired.error());
  for (const std::int64_t run : fired->terminated) space.dispatcher().cut_off(run);
  space.dispatcher().wake();
  auto reader = space.store().read();
  if (!reader) return std::unexpected(std::move(reader.error()));
  wire::FiredAnswer answer;
  for (const std::int64_t n : fired->runs) {
    const auto run = load_run(**reader, n);
    if (!run) return std::unexpected(run.error());
    answer.runs.push_back(run->id);
  }
  if (!fired->skipped.empty()) answer.skipped = fired->skipped;
  if (fired->left > 0) answer.left = fired->left;
  return answer;
}

Result<wire::FiredAnswer> backfill(Space& space, const wire::BackfillRequest& request) {
  const auto schedule = find_schedule(space.store(), request.schedule);
  if (!schedule) return std::unexpected(schedule.error());
  const auto from = parse_rfc3339(request.from);
  const auto to = parse_rfc3339(request.to);
  if (!from || !to)
    return fail(Errc::invalid_args, "from and to: expected times such as 2026-01-31T09:00:00Z");
  return told(space,
              Schedules(space.store())
                  .backfill(schedule->n, *from, *to,
                            overlap_from_name(request.overlap).value_or(Overlap::buffer_all)));
}

// Pausing, resuming and removing: `change` of the schedule's number.
template <typename ChangeOf>
auto changing(std::string state, ChangeOf change) {
  return [state = std::move(state), change](Space& space, const wire::ScheduleRequest& request,
                                            const pack::Call&) -> Result<wire::DoneAnswer> {
    const auto schedule = find_schedule(space.store(), request.schedule);
    if (!schedule) return std::unexpected(schedule.error());
    Schedules schedules(space.store());
    if (auto done = change(schedules, schedule->n, space.bench().redactor().redact(request.reason));
        !done)
      return std::unexpected(std::move(done.error()));
    space.schedule_changed(schedule->n);
    return wire::DoneAnswer{.id = schedule->id, .state = state};
  };
}

}  // namespace

void declare_schedule_tools(pack::Binder& tools, ToolRunner& runner) {
  runner.bind<wire::ScheduleAddRequest, wire::ScheduleRow>(
      tools,
      writing("schedule_add", "Add a schedule",
              "When a mandate runs by itself: cron in a time zone, at an interval, once, after "
              "another mandate's run, or when files, issues or knowledge change."),
      [](Space& space, const wire::ScheduleAddRequest& request, const pack::Call&) {
        return add(space, request);
      });
  runner.bind<wire::SchedulesRequest, wire::SchedulesAnswer>(
      tools,
      reading("schedules", "List schedules", "With their next occurrence and what they missed."),
      [](Space& space, const wire::SchedulesRequest& request, const pack::Call&) {
        return list(space, request);
      },
      Without::is_empty);
  runner.bind<wire::ScheduleRequest, wire::DoneAnswer>(
      tools,
      writing("schedule_pause", "Pause a schedule", "It fires no more until it is resumed.",
              {.idempotent = true}),
      changing("paused", [](Schedules& schedules, std::int64_t n, const std::string& reason) {
        return schedules.pause(n, reason);
      }));
  runner.bind<wire::ScheduleRequest, wire::DoneAnswer>(
      tools,
      writing("schedule_resume", "Resume a schedule",
              "What was due meanwhile is missed, and visible as that.", {.idempotent = true}),
      changing("active", [](Schedules& schedules, std::int64_t n, const std::string&) {
        return schedules.resume(n);
      }));
  runner.bind<wire::ScheduleRequest, wire::DoneAnswer>(
      tools,
      writing("schedule_remove", "Remove a schedule", "Its runs stay.", {.destructive = true}),
      changing("removed", [](Schedules& schedules, std::int64_t n, const std::string&) {
        return schedules.remove(n);
      }));
  runner.bind<wire::ScheduleRequest, wire::FiredAnswer>(
      tools, writing("schedule_trigger", "Run a schedule now", "One run beside its occurrences."),
      [](Space& space, const wire::ScheduleRequest& request,
         const pack::Call&) -> Result<wire::FiredAnswer> {
        const auto schedule = find_schedule(space.store(), request.schedule);
        if (!schedule) return std::unexpected(schedule.error());
        return told(space, Schedules(space.store()).trigger(schedule->n, space.store().now()));
      });
  runner.bind<wire::BackfillRequest, wire::FiredAnswer>(
      tools,
      writing("schedule_backfill", "Run past occurrences",
              "Those in a span of time that never ran, of at most 1,000. Where the queue has no "
              "room for all, the answer says how many are left for another call."),
      [](Space& space, const wire::BackfillRequest& request, const pack::Call&) {
        return backfill(space, request);
      });
}

}  // namespace hearth::packs::mandates
