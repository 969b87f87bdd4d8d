// Patterns over names and paths: ? one character, * any within a name, ** any names, [a-z] and
// [!a-z] sets, \ takes the next character as it is.
#pragma once

#include <string_view>

namespace hearth::packs::mandates::workspace {

// Whether the whole of `text` fits. Time: the product of both lengths at most.
[[nodiscard]] bool matches_glob(std::string_view pattern, std::string_view text);
// Whether a path that begins with `directory` and a slash may fit.
[[nodiscard]] bool matches_below(std::string_view pattern, std::string_view directory);

}  // namespace hearth::packs::mandates::workspace
