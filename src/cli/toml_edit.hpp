// Edits of a TOML file that people keep by hand; everything else stays byte for byte.
#pragma once

#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "base/result.hpp"

namespace hearth::cli {

// A key and its value as TOML text: {"args", R"(["mcp"])"}.
using TomlEntries = std::vector<std::pair<std::string, std::string>>;

// `text` with the table [`parent`.`name`] holding `entries`; other keys of that table stay. Returns
// `text` itself when all is as wanted. `invalid_args` with line and column for what is no TOML,
// `conflict` where the table is written in a form that this does not edit (an inline table, values
// over several lines): then nothing is changed.
[[nodiscard]] Result<std::string> merge_toml_table(std::string_view text,
                                                   std::string_view parent,
                                                   std::string_view name,
                                                   const TomlEntries& entries);

// A TOML basic string with its quotes.
[[nodiscard]] std::string toml_quoted(std::string_view text);

}  // namespace hearth::cli
