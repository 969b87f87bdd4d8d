// `hearth setup CLIENT`: enters hearth into a client's configuration file.
#pragma once

#include <string>

#include "base/result.hpp"
#include "cli/ai_clients.hpp"

namespace hearth::cli {

struct SetupPlan {
  std::string file;    // symbolic links resolved
  std::string before;  // "" when there is no file
  std::string after;
  bool is_new = false;
};

// Reads the file and works out the change; touches nothing. Errors name the file, and where in it.
[[nodiscard]] Result<SetupPlan> plan_setup(const AiClient& client,
                                           const std::string& file,
                                           const ServerEntry& entry);

// Carries the plan out: a backup beside the file, then an atomic replacement that keeps the mode.
// Returns the backup's path ("" for a new file). `conflict` when the file changed meanwhile.
[[nodiscard]] Result<std::string> apply_setup(const SetupPlan& plan, bool is_private);

}  // namespace hearth::cli
