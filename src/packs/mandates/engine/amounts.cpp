#include "packs/mandates/engine/amounts.hpp"

#include <array>

namespace hearth::packs::mandates {

Amounts& operator+=(Amounts& a, const Amounts& b) {
  a.calls += b.calls;
  a.tokens += b.tokens;
  a.money += b.money;
  a.wall_ms += b.wall_ms;
  return a;
}
Amounts& operator-=(Amounts& a, const Amounts& b) {
  a.calls -= b.calls;
  a.tokens -= b.tokens;
  a.money -= b.money;
  a.wall_ms -= b.wall_ms;
  return a;
}

std::optional<std::string_view> exceeded(const Limits& limits,
                                         const Amounts& used,
                                         const Amounts& wanted) {
  struct Kind {
    std::string_view name;
    const std::optional<std::int64_t>& limit;
    std::int64_t used;
    std::int64_t wanted;
  };
  const std::array<Kind, 4> kinds{{{"calls", limits.calls, used.calls, wanted.calls},
                                   {"tokens", limits.tokens, used.tokens, wanted.tokens},
                                   {"money", limits.money, used.money, wanted.money},
                                   {"seconds", limits.wall_ms, used.wall_ms, wanted.wall_ms}}};
  for (const Kind& each : kinds) {
    // Not used + wanted > limit, which a large number could overflow.
    if (each.limit && (each.used > *each.limit || each.wanted > *each.limit - each.used)) {
      return each.name;
    }
  }
  return std::nullopt;
}

}  // namespace hearth::packs::mandates
