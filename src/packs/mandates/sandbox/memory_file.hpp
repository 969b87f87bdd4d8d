// A text as a descriptor to read it from, without a file of that name.
#pragma once

#include <string_view>

#include "base/result.hpp"
#include "base/unique_fd.hpp"

namespace hearth::packs::mandates::sandbox {

// At its beginning, and closed to further writes.
[[nodiscard]] Result<UniqueFd> memory_file(std::string_view content);

}  // namespace hearth::packs::mandates::sandbox
