// The options that every command takes, and the words of the command among them.
#pragma once

#include <chrono>
#include <optional>
#include <string>
#include <vector>

#include "base/result.hpp"
#include "cli/usage.hpp"
#include "config/settings.hpp"

namespace hearth::cli {

struct Globals {
  bool json = false;
  bool help = false;
  bool version = false;
  std::optional<std::chrono::milliseconds> timeout;  // 0: none
  std::vector<std::string> packs;                    // explicit override; empty: what is served
  std::string data;                                  // likewise
  std::vector<config::Override> overrides;           // for config::load_client_settings
  // The connection options as they were given, to be passed on to another hearth process.
  std::vector<std::string> words;

  // Whether two connect and answer alike.
  [[nodiscard]] bool operator==(const Globals& other) const {
    return words == other.words && timeout == other.timeout;
  }
};

[[nodiscard]] const std::vector<Parameter>& global_parameters();

// `usage` with the global options that it does not define itself.
[[nodiscard]] Usage with_globals(Usage usage);

[[nodiscard]] Result<Globals> read_globals(const Arguments& arguments);

// Splits words into the first `most` command words and the rest, looking past global options:
// {"--json", "daemon", "status", "-x"} → {"daemon", "status"}, {"--json", "-x"}. Stops at the first
// option that is not global.
struct CommandLine {
  std::vector<std::string> command;
  std::vector<std::string> rest;
};
[[nodiscard]] CommandLine split_command(const std::vector<std::string>& words, std::size_t most);

}  // namespace hearth::cli
