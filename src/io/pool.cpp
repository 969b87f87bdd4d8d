#include "io/pool.hpp"

#include <pthread.h>

#include <system_error>
#include <utility>

#include "base/thread_signals.hpp"

namespace hearth::io {

Pool::Pool(std::string name, std::size_t threads, std::size_t queue)
    : name_(std::move(name)), most_threads_(threads), most_waiting_(queue) {}

Pool::~Pool() {
  close();
}

Result<void> Pool::submit(std::move_only_function<void()> job) {
  auto state = state_.lock();
  if (state->is_closed) return fail(Errc::draining, "the daemon is leaving");
  if (state->waiting.size() >= most_waiting_) {
    return fail(Errc::busy, std::to_string(state->waiting.size()) + " requests wait already",
                {"try again in a moment"});
  }
  state->waiting.push_back(std::move(job));
  const bool needs_thread =
      state->waiting.size() > state->idle && state->threads.size() < most_threads_;
  try {
    if (needs_thread) state->threads.emplace_back([this] { work(); });
  } catch (const std::system_error&) {  // the machine gives no thread: those that are there do it
    if (state->threads.empty()) {
      state->waiting.pop_back();
      return fail(Errc::busy, "no thread can be started", {"try again in a moment"});
    }
  }
  state_.notify_one();
  return {};
}

void Pool::work() {
  ::pthread_setname_np(::pthread_self(), name_.substr(0, 15).c_str());
  leave_signals_to_the_loop();
  for (;;) {
    std::move_only_function<void()> job;
    {
      auto state = state_.lock();
      ++state->idle;
      state.wait([](const State& s) { return s.is_closed || !s.waiting.empty(); });
      --state->idle;
      if (state->waiting.empty()) return;  // closed, and all is done
      job = std::move(state->waiting.front());
      state->waiting.pop_front();
      ++state->running;
    }
    job();
    job = nullptr;  // what the job owns goes before it counts as done
    --state_.lock()->running;
  }
}

void Pool::close() {
  std::vector<std::thread> threads;
  {
    auto state = state_.lock();
    state->is_closed = true;
    threads.swap(state->threads);
  }
  state_.notify_all();
  for (std::thread& thread : threads) thread.join();
}

std::size_t Pool::load() {
  const auto state = state_.lock();
  return state->running + state->waiting.size();
}

}  // namespace hearth::io
