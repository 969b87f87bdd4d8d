// A coroutine that somebody owns and awaits.
//
//   Task greet(Watch& watch) {
//     co_await watch.readable();
//     co_await answer();  // another Task
//   }
#pragma once

#include <coroutine>
#include <exception>
#include <utility>

namespace hearth::io {

// Begins when it is awaited, and resumes who awaits it by symmetric transfer (Baker, "C++
// coroutines: understanding symmetric transfer", 2020), so that long chains need no stack. What it
// throws comes out of the await. Its frame goes with this object.
class [[nodiscard]] Task final {
 public:
  struct promise_type;
  using Handle = std::coroutine_handle<promise_type>;

  Task() = default;  // nothing to await
  Task(Task&& other) noexcept : handle_(std::exchange(other.handle_, nullptr)) {}
  Task& operator=(Task&& other) noexcept {
    std::swap(handle_, other.handle_);
    return *this;
  }
  ~Task() {
    if (handle_) handle_.destroy();
  }

  struct Awaiter {
    Handle task;
    [[nodiscard]] bool await_ready() const noexcept { return false; }
    Handle await_suspend(std::coroutine_handle<> waiter) const noexcept;
    void await_resume() const;
  };
  [[nodiscard]] Awaiter operator co_await() && noexcept { return {handle_}; }
  // Runs it up to its first wait, with nobody awaiting it: it must not throw (see TaskScope).
  void start() const { handle_.resume(); }

 private:
  explicit Task(Handle handle) : handle_(handle) {}
  Handle handle_ = nullptr;
};

struct Task::promise_type {
  struct Final {
    [[nodiscard]] bool await_ready() const noexcept { return false; }
    [[nodiscard]] std::coroutine_handle<> await_suspend(Handle task) const noexcept {
      return task.promise().waiter;
    }
    void await_resume() const noexcept {}
  };

  Task get_return_object() { return Task(Handle::from_promise(*this)); }
  [[nodiscard]] std::suspend_always initial_suspend() const noexcept { return {}; }
  [[nodiscard]] Final final_suspend() const noexcept { return {}; }
  void return_void() {}
  void unhandled_exception() { failure = std::current_exception(); }

  std::coroutine_handle<> waiter = std::noop_coroutine();
  std::exception_ptr failure;
};

inline Task::Handle Task::Awaiter::await_suspend(std::coroutine_handle<> waiter) const noexcept {
  task.promise().waiter = waiter;
  return task;
}

inline void Task::Awaiter::await_resume() const {
  if (task.promise().failure) std::rethrow_exception(task.promise().failure);
}

}  // namespace hearth::io
