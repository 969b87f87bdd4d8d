// One owner at a time for each workspace. Of two that lie in each other only one is held, for what
// is changed in the inner one is changed in the outer one, too.
//
// Who asked first is first: each waits for those before it that overlap with it, held or waiting,
// so that many inner ones cannot keep an outer one waiting for ever.
#pragma once

#include <condition_variable>
#include <list>
#include <mutex>
#include <stop_token>
#include <string>

#include "base/result.hpp"

namespace hearth::packs::mandates {

// Members are for any thread. Outlives what it gave out.
class WorkspaceLocks final {
 public:
  // Gives its workspace back at its end.
  class Held final {
   public:
    Held() = default;
    ~Held() { release(); }
    Held(Held&& other) noexcept;
    Held& operator=(Held&& other) noexcept;

   private:
    friend class WorkspaceLocks;
    Held(WorkspaceLocks& locks, std::list<std::string>::iterator place)
        : locks_(&locks), place_(place) {}
    void release();

    WorkspaceLocks* locks_ = nullptr;
    std::list<std::string>::iterator place_;
  };

  // Blocks while another one has it. `workspace` is an absolute path without links. `cancelled`
  // once `stop` is requested, also where it is free: who was stopped begins nothing.
  [[nodiscard]] Result<Held> hold(const std::string& workspace, const std::stop_token& stop);

 private:
  std::mutex mutex_;
  std::condition_variable_any released_;
  std::list<std::string> queue_;  // those that are held and those that wait, as they asked
};

}  // namespace hearth::packs::mandates
