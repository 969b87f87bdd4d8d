// The part of the tree of control groups that was given to this daemon.
//
// Whoever manages the tree, usually systemd, says so with an attribute on the daemon's own group
// (CGROUP_DELEGATION of systemd: `user.delegate`, or `trusted.delegate`, is "1"). Nothing else of
// the tree is touched, whatever its permissions. The kernel gives limits only to groups below one
// that holds no process itself; so the daemon, and what it has started, moves into a group below
// its own first, and each command gets another beside that. Where somebody else's process is in the
// daemon's group there is no delegation: it may not be moved.
#pragma once

#include <memory>
#include <string>
#include <vector>

#include "base/result.hpp"
#include "packs/mandates/sandbox/command_group.hpp"
#include "packs/mandates/sandbox/plan.hpp"

namespace hearth::packs::mandates::sandbox {

// Immutable; any thread.
class Delegation final {
 public:
  // Of this process. `unsupported` says why there is none.
  [[nodiscard]] static Result<std::unique_ptr<const Delegation>> find();
  // The same with a group's directory. Groups that a killed daemon left there are ended and
  // removed.
  [[nodiscard]] static Result<std::unique_ptr<const Delegation>> open(std::string directory);

  [[nodiscard]] Result<CommandGroup> make_group(const Limits& limits) const;
  // "memory", "pids": what the kernel limits there.
  [[nodiscard]] const std::vector<std::string>& controllers() const { return controllers_; }

 private:
  Delegation(std::string directory, std::vector<std::string> controllers);
  const std::string directory_;
  const std::vector<std::string> controllers_;
};

}  // namespace hearth::packs::mandates::sandbox
