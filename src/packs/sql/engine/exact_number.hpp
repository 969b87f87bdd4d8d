// What a double of IEEE 754 gives back digit by digit: all that most readers of JSON keep of a
// number.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string_view>

namespace hearth::packs::sql {

inline constexpr std::size_t digits_kept = 15;  // of any decimal
// Of whole numbers up to this one each is itself, and none is another's rounding.
inline constexpr std::uint64_t largest_exact = (std::uint64_t{1} << 53) - 1;

// Of a number as JSON has it; a whole one is exact if it is no larger than `largest`.
[[nodiscard]] bool is_exact(std::string_view number, std::uint64_t largest = largest_exact);

}  // namespace hearth::packs::sql
