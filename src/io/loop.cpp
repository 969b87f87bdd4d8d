#include "io/loop.hpp"

#include <sys/eventfd.h>
#include <unistd.h>

#include <cerrno>
#include <chrono>
#include <cstdint>
#include <limits>
#include <system_error>

#include "io/timer.hpp"
#include "io/watch.hpp"

namespace hearth::io {
namespace {

[[noreturn]] void fail_to(const char* what) {
  throw std::system_error(errno, std::generic_category(), what);
}

}  // namespace

Loop::Loop() : poller_(::epoll_create1(EPOLL_CLOEXEC)) {
  if (!poller_.valid()) fail_to("epoll_create1");
  waker_ = UniqueFd(::eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK));
  if (!waker_.valid()) fail_to("eventfd");
  epoll_event event{EPOLLIN, {.ptr = nullptr}};
  if (::epoll_ctl(poller_.get(), EPOLL_CTL_ADD, waker_.get(), &event) != 0) fail_to("epoll_ctl");
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
  const int timeout = may_wait ? patience() : 0;
  event_count_ = ::epoll_wait(poller_.get(), events_.data(), events_.size(), timeout);
  for (int i = 0; i < event_count_; ++i) {
    const epoll_event& event = events_[static_cast<std::size_t>(i)];
    if (event.events == 0) continue;  // its watch has ended during this turn
    if (event.data.ptr != nullptr) {
      static_cast<Watch*>(event.data.ptr)->wake(event.events);
    } else {
      std::uint64_t posts = 0;
      (void)!::read(waker_.get(), &posts, sizeof posts);
    }
  }
  event_count_ = 0;
  run_timers();
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

// How long to wait for the kernel, in milliseconds as epoll_wait takes them; -1: without end.
int Loop::patience() {
  if (has_jobs_ || is_stopped_) return 0;
  if (timers_.empty()) return -1;
  const auto left = std::chrono::ceil<std::chrono::milliseconds>(timers_.begin()->first -
                                                                 std::chrono::steady_clock::now());
  if (left.count() <= 0) return 0;
  return static_cast<int>(std::min<std::int64_t>(left.count(), std::numeric_limits<int>::max()));
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
