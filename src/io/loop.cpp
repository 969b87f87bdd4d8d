#include "io/loop.hpp"

#include <sys/eventfd.h>
#include <sys/timerfd.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <chrono>
#include <cstdint>
#include <system_error>

#include "io/timer.hpp"
#include "io/watch.hpp"

namespace hearth::io {

Loop::Loop()
    : poller_(::epoll_create1(EPOLL_CLOEXEC)),
      waker_(::eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK)),
      alarm_(::timerfd_create(CLOCK_MONOTONIC, TFD_CLOEXEC | TFD_NONBLOCK)) {
  add(waker_);
  add(alarm_);
}

// Our own descriptors are known by where they are kept.
void Loop::add(UniqueFd& fd) {
  epoll_event event{EPOLLIN, {.ptr = &fd}};
  if (!poller_.valid() || !fd.valid() ||
      ::epoll_ctl(poller_.get(), EPOLL_CTL_ADD, fd.get(), &event) != 0) {
    throw std::system_error(errno, std::generic_category(), "cannot set up the event loop");
  }
}

Loop::~Loop() = default;

void Loop::run() {
  thread_ = std::this_thread::get_id();
  while (!is_stopped_) turn(true);
}

void Loop::poll() {
  thread_ = std::this_thread::get_id();
  do turn(false);
  while (has_jobs_ && !is_stopped_);
}

void Loop::stop() {
  is_stopped_ = true;
  wake();
}

void Loop::post(std::move_only_function<void()> job) {
  bool is_first = false;
  {
    const auto jobs = jobs_.lock();
    is_first = jobs->empty();
    jobs->push_back(std::move(job));
    has_jobs_ = true;
  }
  // The loop looks for jobs before it waits: whoever posts from there, or behind others, need not
  // wake it.
  if (is_first && !is_loop_thread()) wake();
}

void Loop::wake() {
  const std::uint64_t one = 1;
  (void)!::write(waker_.get(), &one, sizeof one);  // full means that it is awake
}

void Loop::turn(bool may_wait) {
  run_jobs();
  if (is_stopped_) return;
  arm_alarm();
  const int patience = may_wait && !has_jobs_ ? -1 : 0;
  event_count_ = ::epoll_wait(poller_.get(), events_.data(), most_events, patience);
  if (event_count_ < 0) {
    if (errno != EINTR) throw std::system_error(errno, std::generic_category(), "epoll_wait");
    event_count_ = 0;
  }
  for (int i = 0; i < event_count_; ++i) dispatch(events_[static_cast<std::size_t>(i)]);
  event_count_ = 0;
  run_timers();
}

void Loop::dispatch(const epoll_event& event) {
  if (event.events == 0) return;  // its watch has ended during this turn
  const bool is_alarm = event.data.ptr == &alarm_;
  if (!is_alarm && event.data.ptr != &waker_) {
    return static_cast<Watch*>(event.data.ptr)->wake(event.events);
  }
  std::uint64_t count = 0;
  (void)!::read(is_alarm ? alarm_.get() : waker_.get(), &count, sizeof count);
  if (is_alarm) alarm_at_ = MonotonicTime::max();
}

void Loop::run_jobs() {
  if (!has_jobs_) return;
  {
    const auto jobs = jobs_.lock();
    running_.swap(*jobs);
    has_jobs_ = false;
  }
  for (auto& job : running_) {
    std::exchange(job, nullptr)();
    if (is_stopped_) break;  // what is left is dropped
  }
  running_.clear();
}

// Only for a timer earlier than the alarm: one that was cancelled costs a turn, not a system call.
void Loop::arm_alarm() {
  if (timers_.empty() || timers_.begin()->first >= alarm_at_) return;
  alarm_at_ = timers_.begin()->first;
  // Zero would disarm it.
  const auto at = std::max(alarm_at_.time_since_epoch(), MonotonicTime::duration(1));
  const auto seconds = std::chrono::floor<std::chrono::seconds>(at);
  itimerspec when{};
  when.it_value.tv_sec = seconds.count();
  when.it_value.tv_nsec = std::chrono::nanoseconds(at - seconds).count();
  ::timerfd_settime(alarm_.get(), TFD_TIMER_ABSTIME, &when, nullptr);
}

// Timers that fire may start, cancel and destroy others: those that are due are taken one by one.
void Loop::run_timers() {
  if (timers_.empty()) return;
  const auto now = std::chrono::steady_clock::now();
  while (!timers_.empty() && timers_.begin()->first <= now && !is_stopped_) {
    Timer& timer = *timers_.begin()->second;
    timers_.erase(timers_.begin());
    timer.expire();
  }
}

// A watch that ends must not be woken by what this turn has found before.
void Loop::forget(const Watch& watch) {
  for (int i = 0; i < event_count_; ++i) {
    epoll_event& event = events_[static_cast<std::size_t>(i)];
    if (event.data.ptr == &watch) event.events = 0;
  }
}

}  // namespace hearth::io
