// CRC-32C (Castagnoli 1993; RFC 3720 appendix B.4): finds every single flipped bit and every burst
// of up to 32, and x86 and ARM have an instruction for it.
#pragma once

#include <cstdint>
#include <string_view>

namespace hearth::search {

// `seed` is the checksum of what came before: crc32c(b, crc32c(a)) == crc32c(a + b).
[[nodiscard]] std::uint32_t crc32c(std::string_view bytes, std::uint32_t seed = 0);

}  // namespace hearth::search
