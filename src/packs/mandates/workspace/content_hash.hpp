// What a file's content is compared by: SHA-256, as sha256sum prints it.
#pragma once

#include <string>
#include <string_view>

namespace hearth::packs::mandates::workspace {

[[nodiscard]] std::string content_hash(
    std::string_view content);  // 64 lower-case hexadecimal digits

}  // namespace hearth::packs::mandates::workspace
