#include "io/task_scope.hpp"

#include <exception>
#include <utility>

#include "base/log.hpp"

namespace hearth::io {

void TaskScope::spawn(std::string name, Task task) {
  const auto entry = running_.emplace(running_.end());
  *entry = drive(entry, std::move(name), std::move(task));
  entry->start();
}

// Its frame cannot go while it runs: the loop takes it off the list afterwards.
Task TaskScope::drive(std::list<Task>::iterator entry, std::string name, Task task) {
  try {
    co_await std::move(task);
  } catch (const std::exception& error) {
    log::error("task failed", {log::kv("task", name), log::kv("error", error.what())});
  }
  loop_.post([this, entry, life = std::weak_ptr(life_)] {
    if (life.expired()) return;  // the frame went with the scope
    running_.erase(entry);
    if (running_.empty()) emptied_.notify();
  });
}

Task TaskScope::join() {
  while (!running_.empty()) co_await emptied_.wait();
}

}  // namespace hearth::io
