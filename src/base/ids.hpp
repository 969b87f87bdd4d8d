// Identifiers: time-ordered ids for things that are stored, random tokens for things that are
// secret.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>

#include "base/clock.hpp"

namespace hearth {

// A UUID version 7 (RFC 9562 §5.7) in lower-case text form. Ids of one process are strictly
// increasing, also within a millisecond (method 1 of §6.2: rand_a is a counter). Thread-safe.
[[nodiscard]] std::string make_uuid_v7(WallTime now);

// `bytes` random bytes from the kernel, as lower-case hexadecimal (2 × bytes characters).
[[nodiscard]] std::string random_hex(std::size_t bytes);

// FNV-1a, 64 bits: a fingerprint for telling texts apart where nobody is attacking.
[[nodiscard]] std::uint64_t fingerprint64(std::string_view text);
[[nodiscard]] std::string fingerprint_hex(std::string_view text);

}  // namespace hearth
