// The pack `sql`: one warm analytic engine for every client, with commits that are really on disk.
//
// Each namespace has a persistent DuckDB database, each session a scratch one of its own; others
// are attached under an alias, of DuckDB or of any engine behind engine/engine.hpp.
#pragma once

#include <memory>

#include "pack/pack.hpp"

namespace hearth::packs::sql {

[[nodiscard]] std::unique_ptr<pack::Pack> make_pack();

}  // namespace hearth::packs::sql
