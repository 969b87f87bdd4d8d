// Work that may take long without being noticed.
#pragma once

#include <sys/resource.h>

#include <algorithm>
#include <future>
#include <utility>

namespace hearth::search {

// Has this thread, and those that it will start, step back for others: a third of the processor
// time of each that wants the same core. Their reads and writes step back too, since the kernel
// takes their priority from there. Further back, a machine that is busy for long would starve it.
inline void step_back() {
  constexpr int steps = 5;
  constexpr int lowest = 19;
  (void)::setpriority(PRIO_PROCESS, 0, std::min(::getpriority(PRIO_PROCESS, 0) + steps, lowest));
}

// Runs `work` on a thread of its own that steps back, and waits for it: nobody but root gets his
// own thread back to where it was.
template <typename Work>
auto politely(Work work) {
  return std::async(std::launch::async,
                    [&work] {
                      step_back();
                      return work();
                    })
      .get();
}

}  // namespace hearth::search
