// The mandates of one namespace, opened: store, ledger, the three ports, and the threads that drive
// runs.
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "base/guarded.hpp"
#include "packs/mandates/actor.hpp"
#include "packs/mandates/engine/dispatcher.hpp"
#include "packs/mandates/engine/overview.hpp"
#include "packs/mandates/events_wire.hpp"
#include "packs/mandates/followers.hpp"
#include "packs/mandates/observer.hpp"
#include "packs/mandates/thinker.hpp"
#include "packs/mandates/workbench.hpp"
#include "packs/mandates/world_watch.hpp"
#include "store/env.hpp"

namespace hearth::packs::mandates {

inline constexpr const char* database_name = "mandates.db";

// Members are for any thread.
class Space final {
 public:
  // Whether a namespace has mandates; looks only, and makes nothing.
  [[nodiscard]] static bool exists(pack::PackContext& context, const std::string& name_space);
  // All that have.
  [[nodiscard]] static std::vector<std::string> all(pack::PackContext& context);
  // Makes what is not there. `bench` outlives the space. One at a time: the first of a daemon also
  // compares what a kill left in the other namespaces. `damaged` when the store does not hold: then
  // nothing is done.
  [[nodiscard]] static Result<std::unique_ptr<Space>> open(Workbench& bench,
                                                           const std::string& name_space);
  ~Space();
  Space(const Space&) = delete;
  Space& operator=(const Space&) = delete;

  [[nodiscard]] MandateStore& store() { return *store_; }
  [[nodiscard]] Ledger& ledger() { return *ledger_; }
  [[nodiscard]] Dispatcher& dispatcher() { return *dispatcher_; }
  [[nodiscard]] WorldWatch& world() { return *world_; }
  [[nodiscard]] Followers& followers() { return followers_; }
  [[nodiscard]] Workbench& bench() { return bench_; }
  [[nodiscard]] const std::string& name() const { return name_; }
  [[nodiscard]] const std::string& directory() const { return directory_; }

  // One beside the schedules; the same key gives the same run.
  [[nodiscard]] Result<Run> start_run(std::int64_t mandate, std::string cause, std::string key);
  // For one that waits for the world: after it has been looked at once. One that cannot be seen is
  // removed again.
  [[nodiscard]] Result<void> schedule_made(std::int64_t schedule);
  void schedule_changed(std::int64_t schedule);
  // The mandate's schedules are looked at again.
  [[nodiscard]] Result<void> schedules_changed(std::int64_t mandate);
  // Somebody lends its model, for which it may wait.
  [[nodiscard]] Result<void> model_came(const Run& run);
  // Runs that waited for a model go on where one is configured now, and those that waited for
  // secrets.
  [[nodiscard]] Result<void> settings_changed();
  // Runs that waited for secrets go on.
  [[nodiscard]] Result<void> secrets_tried();
  // MandateStore::accept_clock(), and all schedules are planned anew.
  [[nodiscard]] Result<void> accept_clock(const std::string& reviewer);
  // Why the store's time stands still, and what to do; empty: it does not.
  [[nodiscard]] std::string clock_problem() const;
  // Of what a kill cut off, also of another namespace, and could not be looked at; empty: nothing.
  [[nodiscard]] std::string record_problem() const;
  // Asks a run to end, and cuts it off where it is meant so.
  [[nodiscard]] Result<void> stop_run(std::int64_t run, Stop how, std::string reason);
  // Of all runs of a mandate that was stopped.
  [[nodiscard]] Result<void> cut_off_all(std::int64_t mandate);
  // run_report(), without secrets.
  [[nodiscard]] Result<std::string> report(const std::string& run);
  // Counted again only when something has changed: at rest thousands of schedules cost nothing.
  [[nodiscard]] Result<Census> census();
  // Whether a mandate that is active may run something in the sandbox.
  [[nodiscard]] bool uses_sandbox();
  // Of those that are active, which may not work where they were made to, and why, by name.
  [[nodiscard]] Result<std::vector<std::string>> closed_mandates();
  // Cuts runs off; they are driven on after the next start. Idempotent.
  void close();

 private:
  Space(Workbench& bench, std::string name_space, std::string directory);
  // Without what drives runs.
  [[nodiscard]] static Result<std::unique_ptr<Space>> open_stores(Workbench& bench,
                                                                  const std::string& name_space);
  static void recover_all(Workbench& bench);
  // What a kill cut off, before anything of mandates happens. Where that cannot be looked at, its
  // workspaces are closed to all namespaces until it can.
  [[nodiscard]] Result<void> recover();
  [[nodiscard]] Result<void> look_at_what_was_cut_off();
  static void close_workspaces(Workbench& bench, const std::string& name_space, const Error& why);
  [[nodiscard]] Result<void> wake_waiting_for_model();
  void recorded(const JournalEntry& entry);
  void forget(const std::string& effect);
  void answer_followers();
  // Of a command whose workspace a person should look at.
  [[nodiscard]] Result<void> for_review(const std::string& key, std::string_view why);

  Workbench& bench_;
  const std::string name_;
  const std::string directory_;
  struct Counted {
    std::uint64_t changes = 0;
    Census census;
  };
  Guarded<std::optional<Counted>> counted_;
  std::unique_ptr<MandateStore> store_;
  std::unique_ptr<Ledger> ledger_;
  WorkspaceObserver observer_;
  Followers followers_;
  ModelThinker thinker_;
  WorkspaceActor actor_;
  std::unique_ptr<Dispatcher> dispatcher_;  // its threads use what stands above
  std::unique_ptr<WorldWatch> world_;       // last: wakes the dispatcher
};

}  // namespace hearth::packs::mandates
