// Starts what a sandbox is made of.
#pragma once

#include <array>
#include <memory>
#include <string>

#include "base/result.hpp"
#include "base/unique_fd.hpp"
#include "io/child_process.hpp"
#include "packs/mandates/sandbox/plan.hpp"

namespace hearth::packs::mandates::sandbox {

struct Settings;

// What there is for it already.
struct Company {
  std::string proxy_socket;  // where the network's proxy listens; empty: there is no network
  int group = -1;            // the entrance of a control group for all its processes; -1: none
};

struct Launched {
  UniqueFd control;                 // to the first process (channels.hpp)
  std::array<UniqueFd, 2> streams;  // standard output and error
  UniqueFd lifeline;                // of all processes: they end with it
  // Ends as bubblewrap does, which ends last of all; where somebody killed bubblewrap, at once.
  std::unique_ptr<io::ChildProcess> keeper;
};

// For a plan that was checked. The first process has its order, and waits for the word to begin.
// `unavailable` where a program is missing or
// cannot be started, `permission` where a path of the plan leads through a symbolic link by now.
[[nodiscard]] Result<Launched> launch(const Settings& settings,
                                      const Plan& plan,
                                      const Company& company);

}  // namespace hearth::packs::mandates::sandbox
