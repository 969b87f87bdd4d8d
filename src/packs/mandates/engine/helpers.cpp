#include "packs/mandates/engine/helpers.hpp"

#include <algorithm>
#include <system_error>

namespace hearth::packs::mandates {

Helpers::Lent Helpers::lend(std::size_t wanted) {
  auto free = free_.lock();
  const std::size_t count = std::min(*free, wanted);
  *free -= count;
  return {*this, count};
}

std::future<void> spawn_thread(const std::function<void()>& task) {
  return std::async(std::launch::async, task);
}

void run_side_by_side(const std::vector<std::function<void()>>& tasks,
                      const std::function<void(std::size_t)>& left_out,
                      const Spawn& spawn) {
  if (tasks.empty()) return;
  std::vector<std::future<void>> others;  // each joins its thread at its end
  others.reserve(tasks.size());
  try {
    for (std::size_t i = 1; i < tasks.size(); ++i) others.push_back(spawn(tasks[i]));
  } catch (const std::system_error&) {
    for (std::size_t i = others.size() + 1; i < tasks.size(); ++i) left_out(i);
  }
  tasks.front()();
  for (std::future<void>& each : others) each.get();
}

}  // namespace hearth::packs::mandates
