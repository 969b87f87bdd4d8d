// A run for a person to read or to keep: its goal, what it saw, thought and did, who allowed what,
// what it cost, and what the journal has of it.
#pragma once

#include <string>

#include "packs/mandates/engine/ledger.hpp"
#include "packs/mandates/engine/mandate_store.hpp"

namespace hearth::packs::mandates {

// Markdown (markdown.hpp) of at most some 4 MiB: texts longer than 16 KiB are cut, and of a long
// run's cycles the last are left out; both are said where it happens. `run` as for find_run();
// Any thread; reads the whole journal.
[[nodiscard]] Result<std::string> run_report(MandateStore& store,
                                             Ledger& ledger,
                                             const std::string& run);

}  // namespace hearth::packs::mandates
