// Work that may take long without being noticed.
#pragma once

#include <sys/resource.h>

#include <future>
#include <utility>

namespace hearth::search {

// Runs `work` on a thread of its own that steps back for all others, and waits for it. Threads that
// it starts step back too; so do its reads and writes, whose priority the kernel takes from there.
// It is a thread of its own because nobody but root gets back to where he was.
template <typename Work>
auto politely(Work work) {
  constexpr int lowest_but_running = 15;  // of 19: about a thirtieth of a core that is wanted
  return std::async(std::launch::async,
                    [&work] {
                      (void)::setpriority(PRIO_PROCESS, 0, lowest_but_running);  // of this thread
                      return work();
                    })
      .get();
}

}  // namespace hearth::search
