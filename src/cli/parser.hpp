// From words to arguments, by a Usage. CLI11 stays in parser.cpp.
#pragma once

#include <string>
#include <vector>

#include "base/result.hpp"
#include "cli/usage.hpp"

namespace hearth::cli {

// Parses `words` (without the command's own). `invalid_args` for an unknown option (with the
// nearest names), a missing value, a word too many, a value outside the choices, or a missing
// required parameter; the last is not asked for when --help is among the arguments.
[[nodiscard]] Result<Arguments> parse_words(const Usage& usage,
                                            const std::vector<std::string>& words);

// As above, but leaves alone what `usage` does not know: for the global options before the command
// is known.
[[nodiscard]] Result<Arguments> parse_known_words(const Usage& usage,
                                                  const std::vector<std::string>& words);

}  // namespace hearth::cli
