// The tables of a knowledge store.
#pragma once

#include "store/migration.hpp"

namespace hearth::packs::knowledge {

// "HKNO" in the file's header.
[[nodiscard]] const store::Schema& knowledge_schema();

}  // namespace hearth::packs::knowledge
