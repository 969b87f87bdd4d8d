// What only a person decides: the JSON of pack::Pack::in_person for mandates.
//
//   {"verb": "approve" | "reject" | "elevate", "proposal": ID, "digest": TEXT, "reason": TEXT}
//   {"verb": "happened" | "did_not_happen", "effect": KEY}
//   {"verb": "accept_clock"}
//   {"verb": "budget", "mandate": ID, "digest": TEXT, "limits": {"run_calls": 20, "run_money":
//   null}}
//
// The daemon has seen the person's credential before it calls here; no tool leads here. `digest` is
// that of what the person was shown. What is refused is logged.
#pragma once

#include <string>
#include <string_view>

#include "pack/pack.hpp"
#include "packs/mandates/space.hpp"

namespace hearth::packs::mandates {

// Blocks; the answer's JSON text.
[[nodiscard]] Result<std::string> decide(Space& space,
                                         std::string_view arguments,
                                         const pack::Reviewer& reviewer);

}  // namespace hearth::packs::mandates
