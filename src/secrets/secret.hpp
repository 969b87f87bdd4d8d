// A key that the configuration names without containing it.
#pragma once

#include <stop_token>
#include <string>
#include <vector>

#include "base/result.hpp"

namespace hearth::secrets {

// At most one of them.
struct SecretSource {
  std::string environment;           // a variable's name
  std::string file;                  // absolute; the whole of it, without the line end
  std::vector<std::string> command;  // prints it
  [[nodiscard]] bool is_set() const {
    return !environment.empty() || !file.empty() || !command.empty();
  }
};

// Empty when none is named. Errors name the source, never what it holds. Blocks for a command, at
// most 30 s.
[[nodiscard]] Result<std::string> read_secret(const SecretSource& source,
                                              const std::stop_token& stop);

}  // namespace hearth::secrets
