// What an operation came to, as the command line's --json and the routes of HTTP tell it.
#pragma once

#include <string>
#include <string_view>

#include "base/result.hpp"

namespace hearth::json {

// {"schema_version":1,"ok":true,"data":…}; `data` is JSON text.
[[nodiscard]] std::string success_envelope(std::string_view data);
// {"schema_version":1,"ok":false,"error":{"code","message","details":{"suggestions":[]}}}
[[nodiscard]] std::string failure_envelope(const Error& error);

}  // namespace hearth::json
