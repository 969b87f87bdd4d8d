// The pack `mandates`: standing orders that the daemon carries out by itself, in cycles, within
// what it was allowed (docs/mandates.md).
#pragma once

#include <memory>

#include "pack/pack.hpp"

namespace hearth::packs::mandates {

[[nodiscard]] std::unique_ptr<pack::Pack> make_pack();

}  // namespace hearth::packs::mandates
