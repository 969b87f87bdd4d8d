// Structured coroutines: every task has an owner that can cancel it and waits for it.
//
// An owner holds its TaskScope as the last member, calls cancel() and co_awaits join() before it
// goes. An exception that leaves a task is logged under the task's name and ends that task only
// (STYLE: one of the three places where exceptions are caught).
#pragma once

#include <boost/asio/awaitable.hpp>
#include <boost/asio/cancellation_signal.hpp>
#include <boost/asio/steady_timer.hpp>
#include <cstddef>
#include <list>
#include <string>

#include "io/loop.hpp"

namespace hearth::io {

template <typename T>
using Task = boost::asio::awaitable<T>;

// Loop thread only.
class TaskScope final {
 public:
  explicit TaskScope(Loop& loop);
  ~TaskScope();
  TaskScope(const TaskScope&) = delete;
  TaskScope& operator=(const TaskScope&) = delete;

  void spawn(std::string name, Task<void> task);
  // Asks all tasks to end: their present or next await throws operation_aborted.
  void cancel();
  // Returns when no task runs.
  [[nodiscard]] Task<void> join();
  [[nodiscard]] std::size_t size() const { return running_.size(); }

 private:
  struct Running {
    std::string name;
    boost::asio::cancellation_signal cancel;
  };
  Loop& loop_;
  std::list<Running> running_;
  boost::asio::steady_timer emptied_;  // cancelled when the last task ends
};

}  // namespace hearth::io
