// What followers of the daemon hear of a journal record.
#pragma once

#include <string>
#include <vector>

#include "packs/mandates/engine/journal.hpp"

namespace hearth::packs::mandates {

struct RecordEvent {
  std::string data;                    // a JSON object: the record's fields
  std::vector<std::string> resources;  // that have changed
};
[[nodiscard]] RecordEvent event_of(const JournalEntry& entry);

}  // namespace hearth::packs::mandates
