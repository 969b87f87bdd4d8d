// Runs bubblewrap, outside of its sandbox, so that nothing of it outlives the daemon.
//
// bubblewrap 0.8 clones a child, process 1 of the new PID namespace, which waits at an eventfd for
// the word that its user namespace is set up, and asks to die with its parent only when all is
// mounted. bubblewrap killed before it has said that word (and a kill of the daemon kills it, by
// PR_SET_PDEATHSIG) leaves a child that waits for ever, with nobody left to write. Until it
// executes hearth-sandbox, which looks at the daemon's socket itself, that child is a member of the
// process group that bubblewrap was started in. So the keeper leads that group, watches the daemon,
// and when the daemon is gone kills the group, itself included: one kill(2), which no fork can slip
// through. (Nothing smaller will do: PR_SET_PDEATHSIG is not inherited, the signals of a closed
// terminal or descriptor do not reach the first process of a namespace, and to trace bubblewrap is
// forbidden on hardened machines.)
#pragma once

#include <optional>
#include <span>
#include <string>
#include <vector>

namespace hearth::packs::mandates::inside {

struct KeepOrder {
  int lifeline = -1;               // a pipe; its end ends everything
  int group = -1;                  // cgroup.procs of the control group to be in; -1: none
  std::vector<std::string> words;  // bubblewrap, by its path, and its arguments

  [[nodiscard]] std::vector<std::string> to_arguments() const;
  // Nothing: the arguments are another order.
  [[nodiscard]] static std::optional<KeepOrder> parse(std::span<char* const> arguments);
};

// Returns bubblewrap's status. Where bubblewrap was killed this process is as well, and all that
// bubblewrap left. It leads its process group, else it refuses.
[[nodiscard]] int keep(KeepOrder order);

}  // namespace hearth::packs::mandates::inside
