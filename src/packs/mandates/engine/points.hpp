// Every place where the truth changes, in the order of a run's life. The tests kill at each of
// them, before and after; a new write needs a new line here.
#pragma once

#include <array>
#include <cstdint>
#include <functional>
#include <string_view>

namespace hearth::packs::mandates {

enum class Point : std::uint8_t {
  mandate_changed,
  schedule_changed,
  schedule_fired,  // occurrences, runs, cursor: one transaction
  run_begun,       // before anything of it is executed
  phase_begun,
  call_reserved,  // before a model is asked
  call_settled,
  phase_ended,  // with its output
  proposal_made,
  proposal_decided,
  effect_intended,   // uses an approval up; before the world changes
  effect_performed,  // the world has changed, and nothing is recorded yet
  step_ended,        // with its effect
  cycle_ended,
  run_blocked,
  run_ended,
};

struct NamedPoint {
  Point point;
  std::string_view name;
};
inline constexpr std::array<NamedPoint, 16> points{{
    {Point::mandate_changed, "mandate_changed"},
    {Point::schedule_changed, "schedule_changed"},
    {Point::schedule_fired, "schedule_fired"},
    {Point::run_begun, "run_begun"},
    {Point::phase_begun, "phase_begun"},
    {Point::call_reserved, "call_reserved"},
    {Point::call_settled, "call_settled"},
    {Point::phase_ended, "phase_ended"},
    {Point::proposal_made, "proposal_made"},
    {Point::proposal_decided, "proposal_decided"},
    {Point::effect_intended, "effect_intended"},
    {Point::effect_performed, "effect_performed"},
    {Point::step_ended, "step_ended"},
    {Point::cycle_ended, "cycle_ended"},
    {Point::run_blocked, "run_blocked"},
    {Point::run_ended, "run_ended"},
}};

enum class When : std::uint8_t { before, after };
// Called on the thread that changes the truth, around each change. The daemon passes none.
using PointHook = std::function<void(Point, When)>;

}  // namespace hearth::packs::mandates
