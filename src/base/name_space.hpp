// The names that namespaces may have: they become directories, and travel in hello.
#pragma once

#include <string_view>

namespace hearth {

// 1–64 letters, digits, '-', '_' or '.', with neither '.' nor '-' in front.
[[nodiscard]] bool is_namespace(std::string_view name);

}  // namespace hearth
