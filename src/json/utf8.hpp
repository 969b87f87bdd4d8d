// Whether a text can travel as JSON.
#pragma once

#include <string_view>

namespace hearth::json {

// Well-formed UTF-8 (RFC 3629). json::append_string replaces what is not.
[[nodiscard]] bool is_utf8(std::string_view text);

}  // namespace hearth::json
