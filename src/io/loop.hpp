// The one loop thread: sockets, timers, signals and everything that needs no lock because it runs
// here.
//
// A turn of the loop runs the jobs that were posted, looks once at the kernel (one level-triggered
// epoll for all descriptors), runs what is ready, then the timers that are due. Nothing is asked of
// the kernel that epoll has not announced: a short request costs one wait, one read and one write.
// Why it is ours: docs/adr/0008.
#pragma once

#include <sys/epoll.h>

#include <array>
#include <atomic>
#include <coroutine>
#include <functional>
#include <set>
#include <thread>
#include <utility>
#include <vector>

#include "base/clock.hpp"
#include "base/guarded.hpp"
#include "base/unique_fd.hpp"

namespace hearth::io {

class Timer;
class Watch;

// Members are for any thread unless they say otherwise.
class Loop final {
 public:
  // Throws std::system_error when the process is out of descriptors.
  Loop();
  ~Loop();
  Loop(const Loop&) = delete;
  Loop& operator=(const Loop&) = delete;

  // Makes the calling thread the loop thread until stop().
  void run();
  void stop();
  // Runs what is ready now and returns: a loop inside somebody else's, and fuzzing.
  void poll();
  // Runs `job` on the loop thread, after the present one. Never blocks. Jobs left at the end are
  // dropped unrun.
  void post(std::move_only_function<void()> job);
  [[nodiscard]] bool is_loop_thread() const { return thread_.load() == std::this_thread::get_id(); }

  // Awaited by a task that lets all others have their turn.
  [[nodiscard]] auto next_turn() {
    struct Awaiter {
      Loop& loop;
      [[nodiscard]] bool await_ready() const { return false; }
      void await_suspend(std::coroutine_handle<> task) const { loop.post(task); }
      void await_resume() const {}
    };
    return Awaiter{*this};
  }

 private:
  friend class Timer;
  friend class Watch;
  using Due = std::pair<MonotonicTime, Timer*>;

  void turn(bool may_wait);
  void run_jobs();
  void dispatch(const epoll_event& event);
  void arm_alarm();
  void run_timers();
  void forget(const Watch& watch);
  void add(UniqueFd& fd);
  void wake();

  UniqueFd poller_;
  UniqueFd waker_;  // an eventfd: another thread has posted, or wants us to stop
  UniqueFd alarm_;  // a timerfd: a time limit in epoll_wait would cost 1 µs for each wait
  MonotonicTime alarm_at_ = MonotonicTime::max();
  std::atomic<std::thread::id> thread_;
  std::atomic<bool> is_stopped_ = false;
  std::atomic<bool> has_jobs_ = false;
  Guarded<std::vector<std::move_only_function<void()>>> jobs_;
  std::vector<std::move_only_function<void()>> running_;  // kept for its capacity
  std::set<Due> timers_;
  static constexpr int most_events = 128;          // a turn
  std::array<epoll_event, most_events> events_{};  // what this turn found
  int event_count_ = 0;
};

}  // namespace hearth::io
