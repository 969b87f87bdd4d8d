// A tool's input schema as a command's usage, and typed words as its arguments.
#pragma once

#include <functional>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.hpp"
#include "cli/usage.hpp"
#include "json/json.hpp"

namespace hearth::cli {

// A listed tool's name as command words: "knowledge_search" → {"knowledge", "search"}. The tools of
// no pack ("request") have no words of their own: `hearth call`, `hearth do`.
struct ToolName {
  std::string pack;
  std::string verb;
};
[[nodiscard]] ToolName split_tool_name(std::string_view tool);

// The usage of `hearth PACK VERB` from MCP's Tool object. Required scalars are positional, in the
// schema's order, then what takes one text or several; the words that are left are the `paths` of
// a tool that has these; where nothing is required, the first text is; properties whose names no
// option can have are left to `hearth call`.
[[nodiscard]] Usage tool_usage(const json::Value& tool);

// Reads standard input to its end, for the value "-" of a positional text.
using ReadInput = std::function<Result<std::string>()>;

// The tool's arguments object. `invalid_args` names the option, what it expects (type, range) and
// what it got.
[[nodiscard]] Result<json::Object> bind_arguments(const json::Value& tool,
                                                  const Arguments& arguments,
                                                  const ReadInput& read_input);

}  // namespace hearth::cli
