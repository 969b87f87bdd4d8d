// What followers of the daemon hear of a journal record.
#pragma once

#include <string>
#include <vector>

#include "packs/mandates/engine/journal.hpp"

namespace hearth::packs::mandates {

struct RecordEvent {
  std::string data;                    // a JSON object: the record's fields
  std::vector<std::string> resources;  // that have changed
  std::string run;                     // that it is about; empty: none
  std::string said;                    // for whoever follows it: "cycle 1: decide begins"
  bool may_end_runs = false;
  std::string ended_effect;  // the key of the effect whose step has ended; empty: none
};
[[nodiscard]] RecordEvent event_of(const JournalEntry& entry);

}  // namespace hearth::packs::mandates
