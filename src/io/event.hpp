// Something that tasks wait for.
#pragma once

#include <coroutine>
#include <utility>
#include <vector>

#include "io/loop.hpp"

namespace hearth::io {

// Loop thread only.
class Event final {
 public:
  explicit Event(Loop& loop) : loop_(loop) {}
  Event(const Event&) = delete;
  Event& operator=(const Event&) = delete;

  // Returns after the next notify(). Look again at what you wait for: others were told as well.
  [[nodiscard]] auto wait() {
    struct Awaiter {
      Event& event;
      [[nodiscard]] bool await_ready() const { return false; }
      void await_suspend(std::coroutine_handle<> task) const { event.waiting_.push_back(task); }
      void await_resume() const {}
    };
    return Awaiter{*this};
  }
  // Everybody who waits now goes on, after the present job.
  void notify() {
    for (const auto task : std::exchange(waiting_, {})) loop_.post(task);
  }

 private:
  Loop& loop_;
  std::vector<std::coroutine_handle<>> waiting_;
};

}  // namespace hearth::io
