// Keeps what is protected in a workspace as it is, while commands that write run in it: one, or
// several side by side.
//
// What is protected and there is mounted read-only for them: version control, hooks, CI and
// start-up files. What is protected and new afterwards is moved aside; nothing of theirs runs any
// more then. A person who works in the directory may have made it as well: nothing is deleted, and
// who runs the commands tells where it is.
//
// Commands that run side by side see each other's files, so that nobody can tell which of them made
// one. They are one to the guard: all sandboxes stand before any command begins (a command could
// otherwise move the directories that another one's are mounted in), one look is taken before the
// first begins and one after the last has ended, and what it finds is told to all of them. When the
// daemon is killed meanwhile, the next start compares (guard_record.hpp).
#pragma once

#include <condition_variable>
#include <cstddef>
#include <functional>
#include <memory>
#include <mutex>
#include <optional>
#include <stop_token>
#include <string>
#include <vector>

#include "base/result.hpp"
#include "packs/mandates/sandbox/sandbox.hpp"
#include "packs/mandates/workspace/comparison.hpp"
#include "packs/mandates/workspace/guard_record.hpp"
#include "packs/mandates/workspace/protected_entries.hpp"
#include "packs/mandates/workspace/root.hpp"

namespace hearth::packs::mandates::workspace {

struct GuardedOutcome : Findings {
  sandbox::Outcome outcome;
};

// Where commands run.
struct Ground {
  const sandbox::Sandbox& sandbox;
  const Root& root;
  // Keeps others from the workspace, from before the first look until after the last one.
  std::function<Result<std::shared_ptr<void>>(const std::stop_token&)> hold;
};

// Members are for any thread. All commands of one have the same ground.
class Guard final {
 public:
  // `git_may_write`: its only command is git's own, which may write to version control, though not
  // to its configuration, hooks and attributes.
  explicit Guard(std::size_t commands, bool git_may_write = false)
      : git_may_write_(git_may_write), expected_(commands) {}

  // Once for each command: it runs, or it never will. Each is run on a thread of its own, for they
  // wait for each other before they begin, and after they have ended. As Sandbox::run; the plan's
  // workspace and read_only are set here. Refused before it begins where something protected could
  // not be kept: a symbolic link (`permission`), or more than 2,000 of them (`unsupported`).
  // `outcome_unknown` when something of them ran, and a person should look.
  [[nodiscard]] Result<GuardedOutcome> run(const Ground& ground,
                                           sandbox::Plan plan,
                                           const GuardPlaces& places,
                                           const std::stop_token& stop);
  void leave();

 private:
  void look_before(const Ground& ground, const std::stop_token& stop);
  [[nodiscard]] Result<void> wait_to_begin(const std::stop_token& stop);
  [[nodiscard]] Result<void> keep(const Ground& ground,
                                  const GuardPlaces& places,
                                  pid_t first_process) const;
  void look_after(const Ground& ground, const std::string& aside);

  const bool git_may_write_;
  std::once_flag looked_;
  ProtectedEntries before_;
  Result<std::vector<std::string>> mounts_;  // what of it the commands may not write

  std::mutex mutex_;
  std::condition_variable_any changed_;
  std::shared_ptr<void> held_;
  std::size_t expected_;      // commands of which nothing is known yet
  std::size_t inside_ = 0;    // that run, or are about to
  std::size_t standing_ = 0;  // of these, those whose sandbox stood before any began
  std::size_t begun_ = 0;
  bool may_begin_ = false;
  std::optional<Result<Findings>> found_;  // once all have ended
};

}  // namespace hearth::packs::mandates::workspace
