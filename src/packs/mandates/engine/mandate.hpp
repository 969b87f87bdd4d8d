// A mandate as a row. Its text is the pack's business; here it has a name and a state.
// Functions are for any thread.
#pragma once

#include <cstdint>
#include <string>

#include "packs/mandates/engine/mandate_store.hpp"

namespace hearth::packs::mandates {

struct Mandate {
  std::int64_t n = 0;
  std::string id;
  std::string name;
  std::string spec;   // opaque
  std::string state;  // active, paused, stopped
  std::string reason;
};
[[nodiscard]] Result<Mandate> create_mandate(MandateStore& store,
                                             std::string name,
                                             std::string spec);
[[nodiscard]] Result<Mandate> load_mandate(store::Database& database, std::int64_t n);
// Runs that have begun go on by the new one from their next phase. `conflict` when it is not as it
// was before any more: of two who change it at the same time, neither undoes what the other did.
struct MandateChange {
  Digest before;  // of the spec
  std::string spec;
  std::string what;      // for the journal
  std::string reviewer;  // the person whose word it is; empty: an agent's
};
[[nodiscard]] Result<void> update_mandate(MandateStore& store,
                                          std::int64_t mandate,
                                          const MandateChange& wanted);
// "paused" keeps its runs, "stopped" asks them to end; back to "active", what was due of its
// schedules meanwhile is missed. `not_found`, or `conflict` for a stopped one.
[[nodiscard]] Result<void> set_mandate_state(MandateStore& store,
                                             std::int64_t mandate,
                                             std::string state,
                                             std::string reason);

}  // namespace hearth::packs::mandates
