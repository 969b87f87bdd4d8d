// What a mandate may be called. People type names where ids, and beginnings of them, do as well,
// and read them in what they are asked.
#pragma once

#include <string_view>

#include "base/result.hpp"

namespace hearth::packs::mandates {

// `invalid_args` for a name that could be taken for (the beginning of) an id, which it would hide;
// that shows as nothing, or as more than one line; or with a slash, which parts the keys of
// effects.
[[nodiscard]] Result<void> check_name(std::string_view name);

}  // namespace hearth::packs::mandates
