// One line that says what a file holds, from its symbols: "defines A, B; 3 functions".
#pragma once

#include <span>
#include <string>
#include <string_view>

#include "packs/issues/engine/event.hpp"
#include "packs/issues/engine/symbols/language.hpp"

namespace hearth::packs::issues {

[[nodiscard]] std::string summary_of(std::string_view path,
                                     Language language,
                                     std::span<const Symbol> symbols);

}  // namespace hearth::packs::issues
