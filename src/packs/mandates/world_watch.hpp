// Notices when something may have happened that schedules of a namespace wait for, waits until it
// is quiet, looks (world_look.hpp) and begins what is due.
//
// Hints come from inotify and from packs that say which resources have changed; they may be lost,
// repeated or wrong, since only the look counts. There is one at the start, after each hint, and
// every five minutes; every five seconds where files cannot be watched.
#pragma once

#include <chrono>
#include <cstdint>
#include <functional>
#include <map>
#include <optional>
#include <set>
#include <stop_token>
#include <string>
#include <thread>
#include <vector>

#include "base/guarded.hpp"
#include "base/unique_fd.hpp"
#include "packs/mandates/engine/sightings.hpp"
#include "packs/mandates/workbench.hpp"
#include "packs/mandates/workspace/tree_watch.hpp"

namespace hearth::packs::mandates {

// Its thread begins with the first schedule that waits for the world, and makes all looks. Members
// are for any thread.
class WorldWatch final {
 public:
  using OnFired = std::function<void(const Fired&)>;
  // Arguments outlive it. `fired` is called on the thread of the look.
  WorldWatch(Workbench& bench, MandateStore& store, std::string name_space, OnFired fired);
  ~WorldWatch();  // close()
  WorldWatch(const WorldWatch&) = delete;
  WorldWatch& operator=(const WorldWatch&) = delete;

  // Schedules were made, changed or removed.
  [[nodiscard]] Result<void> schedules_changed();
  // Waits for the first look at one: what happens from then on counts. The look's error; a slow one
  // goes on after five seconds.
  [[nodiscard]] Result<void> wait_for_look(std::int64_t schedule);
  // Whether a schedule could wait for any of these: hearth://issues/…, hearth://knowledge/…
  [[nodiscard]] static bool is_of_interest(const std::vector<std::string>& uris);
  void resources_changed(const std::vector<std::string>& uris);
  [[nodiscard]] std::size_t size() const;
  // Why the last look at some schedule failed; empty: none did.
  [[nodiscard]] std::string problem() const;
  void close();

 private:
  struct Watch {
    WatchRow row;
    std::string workspace;
    bool is_due = true;
    bool was_seen = false;  // since it is watched, or tried
    std::optional<Error> problem;
  };
  struct State {
    bool is_closing = false;
    bool has_changed = false;               // the set of watches
    std::map<std::int64_t, Watch> watches;  // by schedule
  };

  void work();
  [[nodiscard]] bool wait_for_hints();
  void take_hints();
  void watch_trees();
  // False when it has to be looked again.
  [[nodiscard]] Result<bool> look(const Watch& watch);
  void look_at_due();
  void ring() const;

  Workbench& bench_;
  MandateStore& store_;
  const std::string name_space_;
  const OnFired fired_;
  std::stop_source stop_;
  UniqueFd bell_;
  mutable Guarded<State> state_;
  // The thread's.
  std::optional<workspace::TreeWatch> trees_;  // while files are waited for
  std::set<std::string> roots_;                // watched ones
  bool is_blind_ = false;                      // not all of them can be
  bool is_deferred_ = false;                   // look again soon
  std::thread thread_;
};

}  // namespace hearth::packs::mandates
