// Runs commands where they can harm nothing but the workspace they are given.
//
// Walls (docs/adr/0030): namespaces of its own for users, processes, mounts, network, IPC and host
// name; of the machine's files only /usr, a little of /etc and the workspace; a private /tmp; no
// network, or named hosts through a proxy; never root; no capability; Landlock; a seccomp filter;
// limits for one process and for all together. A Sandbox exists only after it has tried to break
// each of them (self_test.hpp), so that whoever has none cannot act.
#pragma once

#include <memory>
#include <stop_token>
#include <string>
#include <vector>

#include "base/result.hpp"
#include "packs/mandates/sandbox/delegation.hpp"
#include "packs/mandates/sandbox/plan.hpp"
#include "packs/mandates/sandbox/self_test.hpp"

namespace hearth::packs::mandates::sandbox {

struct Settings {
  std::string bubblewrap = "bwrap";  // a path, or a name in PATH
  std::string first_process;         // hearth-sandbox; empty: beside this program
  std::vector<std::string> hidden;   // the daemon's directories and sockets
  // Where each command gets a control group of its own; null: none, and its limits are those of
  // rlimits and the watchdog. Shared by the sandbox and its copies of the settings.
  std::shared_ptr<const Delegation> delegation;
};

// Immutable; any thread, several at once.
class Sandbox final {
 public:
  // Looks for a delegation, and tries every wall; some 150 ms. `unavailable` says which one does
  // not hold, or what is missing, and what to do.
  [[nodiscard]] static Result<std::unique_ptr<Sandbox>> open(Settings settings,
                                                             const std::stop_token& stop = {});

  // Blocks until the command and everything it started have ended. A command that fails, or passes
  // a limit, is an outcome. Errors: invalid_args (the plan is none), permission (it would show what
  // is hidden), not_found (no such program or directory), unavailable (the sandbox itself fails),
  // cancelled and timed_out (before the command began), what before_start says; of none of these
  // the command has begun. outcome_unknown: it had, and nobody tells what became of it.
  [[nodiscard]] Result<Outcome> run(const Plan& plan, const std::stop_token& stop = {}) const;

  // What no command sees, even below its workspace.
  [[nodiscard]] const std::vector<std::string>& hidden() const { return settings_.hidden; }
  // What limits memory and processes: "cgroup (memory, pids)", or what else, and why.
  [[nodiscard]] const std::string& limited_by() const { return limited_by_; }
  // What the self-test found.
  [[nodiscard]] const SelfTest& self_test() const { return self_test_; }

 private:
  Sandbox(Settings settings, std::string limited_by, SelfTest self_test);
  const Settings settings_;
  const std::string limited_by_;
  const SelfTest self_test_;
};

// The same without the proof: for the self-test itself.
[[nodiscard]] Result<Outcome> run_in_sandbox(const Settings& settings,
                                             const Plan& plan,
                                             const std::stop_token& stop);

}  // namespace hearth::packs::mandates::sandbox
