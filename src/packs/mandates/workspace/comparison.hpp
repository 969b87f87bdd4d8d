// What has become of what is protected while a command ran that could write: by a comparison of two
// moments, after the command's end or, when the daemon was killed, at the next start.
#pragma once

#include <cstddef>
#include <optional>
#include <string>
#include <vector>

#include "packs/mandates/workspace/protected_entries.hpp"
#include "packs/mandates/workspace/root.hpp"
#include "packs/mandates/workspace/set_aside.hpp"

namespace hearth::packs::mandates::workspace {

struct Findings {
  std::vector<SetAside> aside;  // protected, and not there before
  // Protected, and not as they were: changed, gone, or moved with the directory around them.
  std::vector<std::string> changed;
  std::size_t commands = 1;  // that ran in between, side by side

  // A person should look.
  [[nodiscard]] bool needs_review() const { return !aside.empty() || !changed.empty(); }
  // A line for each, up to 100: a command may install thousands.
  [[nodiscard]] std::string describe() const;
};

// Sets what is new aside, into a directory of hearth's own. `others_since`, in the clock of
// ProtectedEntry: what is new and was born later is not the command's; it is named, and stays.
[[nodiscard]] Findings compare(const Root& root,
                               const ProtectedEntries& before,
                               const ProtectedEntries& after,
                               const std::string& aside,
                               std::optional<std::int64_t> others_since = std::nullopt);

}  // namespace hearth::packs::mandates::workspace
