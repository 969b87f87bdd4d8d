// The threads of the engine: one that waits for schedules and runs to become due, and a few that
// drive runs. What they wait for is the wall alarm, a ring, and nothing else.
#pragma once

#include <deque>
#include <map>
#include <memory>
#include <optional>
#include <stop_token>
#include <string>
#include <thread>
#include <vector>

#include "base/guarded.hpp"
#include "packs/mandates/engine/machine.hpp"
#include "packs/mandates/engine/scheduler.hpp"
#include "packs/mandates/engine/wall_alarm.hpp"

namespace hearth::packs::mandates {

struct DispatcherStatus {
  std::size_t schedules = 0;
  std::size_t running = 0;                // runs that a thread drives
  WallTime beat;                          // when the waiting thread last looked
  std::optional<WallTime> wake;           // when it will look again by itself
  std::chrono::milliseconds lateness{0};  // of the last schedule that fired
  std::string error;  // the last failure of the store; empty after it worked again
};

// Members are for any thread.
class Dispatcher final {
 public:
  // Drives what an earlier daemon left, loads the schedules, and begins. All arguments outlive it.
  // `helpers`: of all dispatchers of the daemon.
  [[nodiscard]] static Result<std::unique_ptr<Dispatcher>> start(MandateStore& store,
                                                                 Ledger& ledger,
                                                                 Ports ports,
                                                                 int workers,
                                                                 std::shared_ptr<Helpers> helpers);
  ~Dispatcher();  // close()
  Dispatcher(const Dispatcher&) = delete;
  Dispatcher& operator=(const Dispatcher&) = delete;

  // A run was made, decided about or stopped: look now.
  void wake();
  // RunMachine::retry().
  [[nodiscard]] Result<void> retry(std::int64_t run);
  // A schedule was made, paused, resumed or deleted.
  void schedule_changed(std::int64_t schedule);
  // Cuts a run off that was asked to end at once (Runs::stop before it): its model call, its
  // command.
  void cut_off(std::int64_t run);
  [[nodiscard]] DispatcherStatus status();

  // Cuts all runs off, and returns when no thread is left. They stay "running" in the store, and
  // are driven on by the next dispatcher. Idempotent.
  void close();

 private:
  struct Driven {
    std::stop_source stop;
    std::optional<WallTime> deadline;  // until it is cut off
    bool is_taken_again = false;       // while it is driven: driven once more after that
  };
  struct State {
    bool is_closing = false;
    std::vector<std::int64_t> changed;    // schedules
    std::deque<std::int64_t> queue;       // runs that wait for a thread
    std::map<std::int64_t, Driven> runs;  // in the queue, or driven
    std::vector<std::int64_t> again;      // whose store failed; driven on at `again_at`
    WallTime again_at;
    std::size_t driven = 0;
    DispatcherStatus status;
  };

  Dispatcher(MandateStore& store,
             Ledger& ledger,
             Ports ports,
             std::shared_ptr<Helpers> helpers,
             WallAlarm alarm)
      : store_(store),
        runs_(store),
        scheduler_(store),
        machine_(store, ledger, ports, std::move(helpers)),
        alarm_(std::move(alarm)) {}
  void watch();
  [[nodiscard]] Result<std::optional<WallTime>> look();
  void work();
  void enqueue(const std::vector<std::int64_t>& runs);
  [[nodiscard]] std::optional<WallTime> cut_off_late(WallTime now);
  [[nodiscard]] std::optional<WallTime> drive_again(WallTime now);

  MandateStore& store_;
  Runs runs_;
  Scheduler scheduler_;  // watching thread
  RunMachine machine_;
  WallAlarm alarm_;
  std::size_t most_running_ = 0;
  Guarded<State> state_;
  std::vector<std::thread> workers_;
  std::thread watcher_;
};

}  // namespace hearth::packs::mandates
