#include "packs/mandates/engine/day_total.hpp"

namespace hearth::packs::mandates {

std::shared_ptr<void> DayTotal::opening() {
  ++state_.lock()->opening;
  return {nullptr, [this](void*) {
            --state_.lock()->opening;
            state_.notify_all();
          }};
}

std::optional<std::string_view> DayTotal::reserve(std::int64_t day,
                                                  const Amounts& worst,
                                                  const Limits& limits) {
  auto state = state_.lock();
  state.wait([](const State& each) { return each.opening == 0; });
  Amounts& used = state->days[day];
  if (const auto kind = exceeded(limits, used, worst)) return kind;
  used += worst;
  return std::nullopt;
}

void DayTotal::add(std::int64_t day, const Amounts& amounts) {
  state_.lock()->days[day] += amounts;
}

void DayTotal::subtract(std::int64_t day, const Amounts& amounts) {
  state_.lock()->days[day] -= amounts;
}

Amounts DayTotal::of(std::int64_t day) {
  return state_.lock()->days[day];
}

}  // namespace hearth::packs::mandates
