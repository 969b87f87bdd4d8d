// The packs that a hearthd serves. The one for the conformance suite has others.
#pragma once

#include <memory>
#include <vector>

#include "pack/pack.hpp"

namespace hearth::app {

// In the order in which they are listed.
[[nodiscard]] std::vector<std::unique_ptr<pack::Pack>> make_packs();

}  // namespace hearth::app
