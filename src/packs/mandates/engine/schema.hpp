// The tables of a store of mandates.
#pragma once

#include "store/migration.hpp"

namespace hearth::packs::mandates {

// "HMAN" in the file's header.
[[nodiscard]] const store::Schema& mandates_schema();

}  // namespace hearth::packs::mandates
