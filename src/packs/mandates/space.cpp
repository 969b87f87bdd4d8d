#include "packs/mandates/space.hpp"

#include <filesystem>
#include <system_error>
#include <utility>

#include "base/log.hpp"
#include "packs/mandates/run_report.hpp"
#include "packs/mandates/run_wire.hpp"
#include "packs/mandates/secret_slots_wire.hpp"
#include "packs/mandates/workspace/change_set.hpp"
#include "packs/mandates/workspace/workspace_check.hpp"

namespace hearth::packs::mandates {
namespace {

namespace fs = std::filesystem;

// What PackContext::data_directory would give, but made for no other namespace than this one, which
// every daemon has.
fs::path place_of(pack::PackContext& context, const std::string& name_space) {
  constexpr const char* always_there = "default";
  const auto one = context.data_directory(always_there);
  return one ? one->parent_path().parent_path() / name_space / one->filename() : fs::path();
}

}  // namespace

bool Space::exists(pack::PackContext& context, const std::string& name_space) {
  const fs::path place = place_of(context, name_space);
  std::error_code error;
  return !place.empty() && fs::exists(place / database_name, error);
}

std::vector<std::string> Space::all(pack::PackContext& context) {
  std::vector<std::string> names;
  std::error_code error;
  for (const auto& each : fs::directory_iterator(place_of(context, "").parent_path(), error)) {
    std::string name = each.path().filename().string();
    if (exists(context, name)) names.push_back(std::move(name));
  }
  return names;
}

Space::Space(Workbench& bench, std::string name_space, std::string directory)
    : bench_(bench),
      name_(std::move(name_space)),
      directory_(std::move(directory)),
      observer_(bench, name_),
      followers_(bench.context()),
      thinker_(bench, followers_),
      actor_(
          bench,
          name_,
          directory_ + "/changes",
          [this](const std::string& run) { return report(run); },
          [this](const std::string& key, std::string_view why) { return for_review(key, why); }) {}

Space::~Space() {
  close();
}

Result<std::unique_ptr<Space>> Space::open_stores(Workbench& bench, const std::string& name_space) {
  const auto directory = bench.context().data_directory(name_space);
  if (!directory) return std::unexpected(directory.error());
  auto space = std::unique_ptr<Space>(new Space(bench, name_space, directory->string()));
  std::error_code error;
  std::filesystem::create_directories(space->directory_ + "/changes", error);
  if (error) return fail_errno("make " + space->directory_ + "/changes", error.value());
  MandateStoreOptions options;
  options.directory = space->directory_;
  options.durability =
      bench.context().is_power_safe() ? store::Durability::power : store::Durability::process;
  options.filter = [redactor = bench.redactor()](std::string_view text) {
    return redactor.redact(text);
  };
  options.recorded = [made = space.get()](const JournalEntry& entry) { made->recorded(entry); };
  auto store = MandateStore::open(store::system_env(), bench.context().clock(), options);
  if (!store) return std::unexpected(std::move(store.error()).within("open mandates"));
  space->store_ = std::move(*store);
  auto ledger = Ledger::open(*space->store_, bench.days());
  if (!ledger) return std::unexpected(std::move(ledger.error()).within("open the ledger"));
  space->ledger_ = std::move(*ledger);
  // Nothing of mandates happens before that.
  return space;
}

// A workspace may be that of several namespaces: what one of them left in it is compared before
// mandates of another may work there.
void Space::recover_all(Workbench& bench) {
  for (const std::string& name : all(bench.context())) {
    if (left_workspaces((place_of(bench.context(), name) / "changes").string()).empty()) continue;
    auto space = open_stores(bench, name);
    const auto recovered = space ? (*space)->recover() : std::unexpected(space.error());
    if (!space) close_workspaces(bench, name, space.error());
    if (!recovered)
      log::error("what was cut off is not looked at",
                 {log::kv("namespace", name), log::kv("why", recovered.error().message)});
  }
}

Result<std::unique_ptr<Space>> Space::open(Workbench& bench, const std::string& name_space) {
  std::call_once(bench.recovered(), [&] { recover_all(bench); });
  auto opened = open_stores(bench, name_space);
  if (!opened) return opened;
  std::unique_ptr<Space> space = std::move(*opened);
  if (auto recovered = space->recover(); !recovered)
    return std::unexpected(std::move(recovered.error()).within("look at what was cut off"));
  // One that has been configured since is known from the start of a daemon on.
  if (auto woken = space->wake_waiting_for_model(); !woken)
    return std::unexpected(std::move(woken.error()));
  // They were another daemon's; this one's may be known already.
  if (auto woken = Runs(*space->store_).wake_waiting_for_secrets(); !woken)
    return std::unexpected(std::move(woken.error()));
  auto dispatcher = Dispatcher::start(*space->store_, *space->ledger_,
                                      Ports{space->observer_, space->thinker_, space->actor_},
                                      bench.settings()->workers, bench.helpers());
  if (!dispatcher) return std::unexpected(std::move(dispatcher.error()));
  space->dispatcher_ = std::move(*dispatcher);
  space->world_ = std::make_unique<WorldWatch>(bench, *space->store_, name_space,
                                               [made = space.get()](const Fired& fired) {
                                                 for (const std::int64_t run : fired.terminated)
                                                   made->dispatcher_->cut_off(run);
                                                 made->dispatcher_->wake();
                                               });
  if (auto watching = space->world_->schedules_changed(); !watching)
    return std::unexpected(std::move(watching.error()));
  return space;
}

void Space::close_workspaces(Workbench& bench, const std::string& name_space, const Error& why) {
  const std::string records = (place_of(bench.context(), name_space) / "changes").string();
  bench.workspaces().close(name_space, left_workspaces(records), why.message);
}

Result<void> Space::recover() {
  auto looked = look_at_what_was_cut_off();
  if (looked)
    bench_.workspaces().open_again(name_);
  else
    close_workspaces(bench_, name_, looked.error());
  return looked;
}

Result<void> Space::look_at_what_was_cut_off() {
  std::vector<std::string> open;
  {
    auto reader = store_->read();
    if (!reader) return std::unexpected(std::move(reader.error()));
    auto rows = (*reader)->query("SELECT key FROM effects WHERE state IN ('intended', 'review')");
    while (rows.next()) open.emplace_back(rows.text(0));
    if (!rows.ok()) return std::unexpected(rows.error());
  }
  auto done = recover_commands(
      directory_ + "/changes", open, name_, bench_,
      [this](const std::string& key, std::string_view why) { return for_review(key, why); });
  return done ? recover_changes(directory_ + "/changes", name_, bench_) : done;
}

std::string Space::record_problem() const {
  auto problem = problem_of_records(directory_ + "/changes");
  return problem.empty() ? bench_.workspaces().problem() : problem;
}

Result<Census> Space::census() {
  const std::uint64_t changes = store_->changes();  // before the look: that may see more
  if (const auto counted = counted_.lock(); *counted && (*counted)->changes == changes)
    return (*counted)->census;
  auto reader = store_->read();
  if (!reader) return std::unexpected(std::move(reader.error()));
  auto census = census_of(**reader);
  if (census) *counted_.lock() = Counted{changes, *census};
  return census;
}

// On the writer's thread.
void Space::recorded(const JournalEntry& entry) {
  const RecordEvent event = event_of(entry);
  bench_.context().publish(pack::EventKind::pack, "mandates." + std::string(entry.kind), name_,
                           event.data);
  bench_.context().resources_updated(event.resources, {.name_space = name_});
  if (!event.ended_effect.empty()) forget(event.ended_effect);
  if (!event.run.empty()) followers_.tell(event.run, event.said);
  if (!event.may_end_runs || followers_.runs().empty()) return;
  // What has become of runs is read on the pool: nobody waits for a reader on the writer's thread.
  auto queued = bench_.context().submit([this] { answer_followers(); });
  if (!queued) followers_.end(event.run, std::unexpected(queued.error()));
}

// What was kept until the outcome of an effect was in the store.
void Space::forget(const std::string& effect) {
  const std::string records = directory_ + "/changes";
  workspace::forget_ended(records, effect);
  if (auto done = workspace::discard(change_id(effect), records); !done)
    log::error("a record is left", {log::kv("why", done.error().message)});
}

// Of runs that have ended.
void Space::answer_followers() {
  for (const std::string& id : followers_.runs()) {
    auto reader = store_->read();
    const auto run = reader ? find_run(**reader, id) : std::unexpected(reader.error());
    if (!run) {
      followers_.end(id, std::unexpected(run.error()));
    } else if (run->state == "ended") {
      followers_.end(id, without_secrets(wire::to_reply(**reader, *run), bench_.redactor()));
    }
  }
}

Result<std::string> Space::report(const std::string& run) {
  auto text = run_report(*store_, *ledger_, run);
  if (text) text = bench_.redactor().redact(*text);
  return text;
}

Result<void> Space::for_review(const std::string& key, std::string_view why) {
  Run run;
  run.id = key.substr(0, key.find('/'));
  return Effects(*store_).mark_for_review(run, key, bench_.redactor().redact(std::string(why)));
}

Result<Run> Space::start_run(std::int64_t mandate, std::string cause, std::string key) {
  const auto n = Runs(*store_).create(mandate, std::move(cause), std::move(key));
  if (!n) return std::unexpected(n.error());
  auto run = [&]() -> Result<Run> {
    auto reader = store_->read();
    if (!reader) return std::unexpected(std::move(reader.error()));
    return load_run(**reader, *n);
  }();
  dispatcher_->wake();  // after the look: what is told is the run as it was made
  return run;
}

void Space::schedule_changed(std::int64_t schedule) {
  dispatcher_->schedule_changed(schedule);
  if (auto told = world_->schedules_changed(); !told)
    log::error("events are not noticed", {log::kv("why", told.error().message)});
}

Result<void> Space::schedule_made(std::int64_t schedule) {
  schedule_changed(schedule);
  auto seen = world_->wait_for_look(schedule);
  if (seen) return {};
  if (auto removed = Schedules(*store_).remove(schedule); !removed) return removed;
  schedule_changed(schedule);
  return seen;
}

Result<void> Space::schedules_changed(std::int64_t mandate) {
  auto reader = store_->read();
  if (!reader) return std::unexpected(std::move(reader.error()));
  auto rows = (*reader)->query("SELECT n FROM schedules WHERE mandate_n = ?", mandate);
  while (rows.next()) dispatcher_->schedule_changed(rows.integer(0));
  if (!rows.ok()) return std::unexpected(rows.error());
  return world_->schedules_changed();
}

Result<void> Space::accept_clock(const std::string& reviewer) {
  if (auto done = store_->accept_clock(reviewer); !done) return done;
  auto reader = store_->read();
  if (!reader) return std::unexpected(std::move(reader.error()));
  auto rows = (*reader)->query("SELECT n FROM schedules");
  while (rows.next()) dispatcher_->schedule_changed(rows.integer(0));
  if (!rows.ok()) return std::unexpected(rows.error());
  dispatcher_->wake();
  return {};
}

std::string Space::clock_problem() const {
  const auto lag = std::chrono::duration_cast<std::chrono::seconds>(store_->clock_lag());
  if (lag < std::chrono::minutes(1)) return {};
  return "the clock is " + std::to_string(lag.count()) +
         " s behind what was journaled, and nothing becomes due until it has caught up: set it "
         "right, or if it is right, say so in a terminal: hearth mandates accept-clock";
}

Result<void> Space::model_came(const Run& run) {
  const bool is_waiting = run.state == "running" ||
                          (run.state == "blocked" && run.reason.starts_with(waiting_for_model));
  if (!is_waiting) return {};
  auto woken = store_->commit(Point::run_blocked, [&](Change& change) -> Result<void> {
    auto done = wake_run(change, run.n);
    if (done) done = change.note("model_lent", {{"run", run.id}});
    return done;
  });
  dispatcher_->wake();
  return woken;
}

Result<void> Space::wake_waiting_for_model() {
  if (bench_.settings()->model.url.empty()) return {};
  return Runs(*store_).wake_waiting_for_model();
}

Result<void> Space::settings_changed() {
  if (auto woken = wake_waiting_for_model(); !woken) return woken;
  return secrets_tried();
}

Result<void> Space::secrets_tried() {
  if (auto woken = Runs(*store_).wake_waiting_for_secrets(); !woken) return woken;
  dispatcher_->wake();
  return {};
}

Result<void> Space::stop_run(std::int64_t run, Stop how, std::string reason) {
  Runs runs(*store_);
  if (auto stopped = runs.stop(run, how, std::move(reason)); !stopped) return stopped;
  if (how == Stop::terminate) dispatcher_->cut_off(run);
  dispatcher_->wake();
  return {};
}

Result<void> Space::cut_off_all(std::int64_t mandate) {
  std::vector<std::int64_t> open;
  {
    auto reader = store_->read();
    if (!reader) return std::unexpected(std::move(reader.error()));
    auto rows =
        (*reader)->query("SELECT n FROM runs WHERE mandate_n = ? AND state <> 'ended'", mandate);
    while (rows.next()) open.push_back(rows.integer(0));
    if (!rows.ok()) return std::unexpected(rows.error());
  }
  // Stopping the mandate has asked them to end; one that has ended meanwhile is nobody's fault.
  for (const std::int64_t run : open) dispatcher_->cut_off(run);
  dispatcher_->wake();
  return {};
}

bool Space::uses_sandbox() {
  auto reader = store_->read();
  if (!reader) return false;  // whoever acts hears of it
  auto rows = (*reader)->query("SELECT spec FROM mandates WHERE state = 'active'");
  while (rows.next()) {
    const auto spec = parse_spec(rows.text(0));
    if (spec && mandates::uses_sandbox(*spec)) return true;
  }
  return false;
}

Result<std::vector<std::string>> Space::closed_mandates() {
  auto reader = store_->read();
  if (!reader) return std::unexpected(std::move(reader.error()));
  std::vector<std::string> closed;
  auto rows =
      (*reader)->query("SELECT name, spec FROM mandates WHERE state = 'active' ORDER BY name");
  while (rows.next()) {
    const auto spec = parse_spec(rows.text(1));
    const auto may = spec ? workspace::check_workspace(spec->workspace, bench_.own())
                          : std::unexpected(spec.error());
    if (!may) closed.push_back(std::string(rows.text(0)) + ": " + may.error().message);
  }
  if (!rows.ok()) return std::unexpected(rows.error());
  return closed;
}

void Space::close() {
  if (world_) world_->close();
  followers_.close();
  if (dispatcher_) dispatcher_->close();
}

}  // namespace hearth::packs::mandates
