// One owner at a time for each workspace. Of two that lie in each other only one is held, for what
// is changed in the inner one is changed in the outer one, too.
//
// Who asked first is first: each waits for those before it that overlap with it, held or waiting,
// so that many inner ones cannot keep an outer one waiting for ever.
//
// Where a namespace left something after a kill that could not be looked at, its workspaces are
// closed to all: nobody knows what lies there.
#pragma once

#include <condition_variable>
#include <functional>
#include <list>
#include <map>
#include <mutex>
#include <stop_token>
#include <string>
#include <string_view>
#include <vector>

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
  // once `stop` is requested, also where it is free: who was stopped begins nothing. `permission`
  // where it is closed, but by `name_space`.
  [[nodiscard]] Result<Held> hold(const std::string& workspace,
                                  const std::stop_token& stop,
                                  std::string_view name_space = {});

  // From now on, in the place of what the namespace has closed before. "/" is all there are.
  void close(const std::string& name_space, std::vector<std::string> workspaces, std::string why);
  void open_again(const std::string& name_space);
  // Which are closed, and why; empty: none is.
  [[nodiscard]] std::string problem();

 private:
  struct Closed {
    std::vector<std::string> workspaces;
    std::string why;
  };
  [[nodiscard]] std::string refusal(const std::string& workspace,
                                    std::string_view name_space) const;

  std::mutex mutex_;
  std::map<std::string, Closed, std::less<>> closed_;  // by namespace
  std::condition_variable_any released_;
  std::list<std::string> queue_;  // those that are held and those that wait, as they asked
};

}  // namespace hearth::packs::mandates
