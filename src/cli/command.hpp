// The table of fixed commands. One file per group defines its rows.
#pragma once

#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "cli/context.hpp"
#include "cli/usage.hpp"

namespace hearth::cli {

struct Command {
  std::string_view name;                   // "doctor", "daemon status"
  std::string_view summary;                // one line of the overview
  std::string_view details;                // more, for --help
  std::vector<Parameter> (*parameters)();  // nullptr: none
  // Does it; the exit status, or the error to report.
  Result<int> (*run)(const Context& context, const Arguments& arguments);
};

[[nodiscard]] std::span<const Command> daemon_commands();
[[nodiscard]] std::span<const Command> tool_commands();
[[nodiscard]] std::span<const Command> decide_commands();
[[nodiscard]] std::span<const Command> run_log_commands();
[[nodiscard]] std::span<const Command> attach_commands();
[[nodiscard]] std::span<const Command> event_commands();
[[nodiscard]] std::span<const Command> setup_commands();
[[nodiscard]] std::span<const Command> doctor_commands();
[[nodiscard]] std::span<const Command> completion_commands();
[[nodiscard]] std::span<const Command> bridge_commands();
[[nodiscard]] std::span<const Command> request_commands();

// All of the above, in the order of the overview.
[[nodiscard]] std::vector<const Command*> all_commands();
[[nodiscard]] Usage usage_of(const Command& command);

// `hearth PACK VERB …`: everything that is no fixed command. `pack_and_verb` has one or two words.
[[nodiscard]] Result<int> run_pack_command(const Context& context,
                                           const std::vector<std::string>& pack_and_verb,
                                           const std::vector<std::string>& words);

// `hearth __complete -- WORDS`: prints the candidates for the last word, one a line. Never fails.
[[nodiscard]] int run_complete(const std::vector<std::string>& words);

// Calls a tool and shows its progress and warnings meanwhile.
[[nodiscard]] Result<json::Value> call_tool(const Context& context,
                                            client::Connection& connection,
                                            std::string_view tool,
                                            const json::Value& arguments);

// The same on a connection of its own.
[[nodiscard]] Result<json::Value> call_tool(const Context& context,
                                            std::string_view tool,
                                            const json::Value& arguments);

// Standard input to its end, at most `cap` bytes.
[[nodiscard]] Result<std::string> read_standard_input(std::size_t cap);

}  // namespace hearth::cli
