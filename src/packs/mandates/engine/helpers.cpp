#include "packs/mandates/engine/helpers.hpp"

#include <algorithm>
#include <future>

namespace hearth::packs::mandates {

Helpers::Lent Helpers::lend(std::size_t wanted) {
  auto free = free_.lock();
  const std::size_t count = std::min(*free, wanted);
  *free -= count;
  return {*this, count};
}

void run_side_by_side(const std::vector<std::function<void()>>& tasks) {
  if (tasks.empty()) return;
  std::vector<std::future<void>> others;  // each joins its thread at its end
  for (auto task = tasks.begin() + 1; task != tasks.end(); ++task)
    others.push_back(std::async(std::launch::async, *task));
  tasks.front()();
  for (std::future<void>& each : others) each.get();
}

}  // namespace hearth::packs::mandates
