#include "packs/mandates/upkeep_wire.hpp"

namespace hearth::packs::mandates::wire {

json::Notes notes(const AuditRequest*) {
  return {{"action", "What there is to do with it: verify", json::range(1, 20) | json::defaulted}};
}
json::Notes notes(const AuditAnswer*) {
  return {{"intact", "Nothing was changed, removed or cut"},
          {"records", ""},
          {"head", "Keyed hash of the last record"},
          {"problem", "What does not hold, and where"}};
}
json::Notes notes(const Finding*) {
  return {{"check", ""},
          {"good", ""},
          {"level", "Of a note nothing is wrong, of an error nothing goes on",
           json::one_of({"ok", "note", "error"})},
          {"detail", ""}};
}
json::Notes notes(const DoctorAnswer*) {
  return {{"good", "No finding is an error"}, {"findings", ""}};
}
json::Notes notes(const StatusAnswer*) {
  return {{"mandates", ""},
          {"schedules", "Active ones"},
          {"waiting", "Runs that have not begun"},
          {"running", ""},
          {"blocked", "Runs that wait for an approval, a model, a look or a retry"},
          {"approvals", "Proposals that wait for an answer"},
          {"heartbeat", "When schedules were last looked at; empty: there are none yet"},
          {"next", "When something is due next"},
          {"lateness_ms", "By how much the last schedule fired late"},
          {"clock_lag_ms", "How far the clock is behind what it once was"},
          {"sandbox", "Which of its walls do not hold, or that all do, once they were tried"},
          {"problem", "Why nothing goes on; empty: nothing is wrong"}};
}

}  // namespace hearth::packs::mandates::wire
