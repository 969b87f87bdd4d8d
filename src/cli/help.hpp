// The help pages.
#pragma once

#include <string>
#include <vector>

#include "cli/usage.hpp"

namespace hearth::cli {

// The page of `hearth COMMAND --help`; `globals` are only named, since `hearth --help` explains
// them.
[[nodiscard]] std::string help_page(const Usage& usage, const std::vector<Parameter>& globals);

// A headed list of options with their descriptions.
[[nodiscard]] std::string options_section(const std::string& heading,
                                          const std::vector<Parameter>& parameters);

// `text` with line breaks at blanks, so that lines stay within `width`; further lines begin with
// `indent` blanks, the first one continues a line of `column` characters.
[[nodiscard]] std::string wrap_text(std::string_view text,
                                    std::size_t width,
                                    std::size_t indent,
                                    std::size_t column);

}  // namespace hearth::cli
