// What model calls and commands cost, and how much of it is allowed. Functions are pure.
#pragma once

#include <cstdint>
#include <optional>
#include <string_view>

namespace hearth::packs::mandates {

struct Amounts {
  std::int64_t calls = 0;
  std::int64_t tokens = 0;
  std::int64_t money = 0;  // millionths of the unit that the prices are in
  std::int64_t wall_ms = 0;
  friend bool operator==(const Amounts&, const Amounts&) = default;
};
Amounts& operator+=(Amounts& a, const Amounts& b);
Amounts& operator-=(Amounts& a, const Amounts& b);

// Nothing: no limit of this kind.
struct Limits {
  std::optional<std::int64_t> calls;
  std::optional<std::int64_t> tokens;
  std::optional<std::int64_t> money;
  std::optional<std::int64_t> wall_ms;
};
// The kind of which `limits` leave too little for `wanted` besides what was used.
[[nodiscard]] std::optional<std::string_view> exceeded(const Limits& limits,
                                                       const Amounts& used,
                                                       const Amounts& wanted);

}  // namespace hearth::packs::mandates
