// Structured coroutines: every task has an owner that waits for it.
//
// An owner holds its TaskScope as the last member, ends what its tasks wait for and co_awaits
// join() before it goes. An exception that leaves a task is logged under the task's name and ends
// that task only (STYLE: one of the three places where exceptions are caught).
#pragma once

#include <cstddef>
#include <list>
#include <memory>
#include <string>

#include "io/event.hpp"
#include "io/loop.hpp"
#include "io/task.hpp"

namespace hearth::io {

// Loop thread only.
class TaskScope final {
 public:
  explicit TaskScope(Loop& loop) : loop_(loop), emptied_(loop) {}
  // Tasks that are left are destroyed where they wait: nothing may wake them any more.
  ~TaskScope() = default;
  TaskScope(const TaskScope&) = delete;
  TaskScope& operator=(const TaskScope&) = delete;

  // Runs `task` up to its first wait.
  void spawn(std::string name, Task task);
  // Returns when no task runs.
  [[nodiscard]] Task join();
  [[nodiscard]] std::size_t size() const { return running_.size(); }

 private:
  [[nodiscard]] Task drive(std::list<Task>::iterator entry, std::string name, Task task);

  Loop& loop_;
  Event emptied_;
  std::list<Task> running_;
  const std::shared_ptr<const char> life_ = std::make_shared<const char>();  // ends with us
};

}  // namespace hearth::io
