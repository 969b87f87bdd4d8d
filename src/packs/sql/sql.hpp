// The pack `sql`: one warm analytic engine for every client, with commits that are really on disk.
//
// Each namespace has a persistent DuckDB database, each session a scratch one of its own; others
// are attached under an alias, of DuckDB or of any engine behind engine/engine.hpp.
#pragma once

#include <memory>
#include <string>

#include "pack/pack.hpp"

namespace hearth::packs::sql {

// `hearthd` is the program that runs as the engine's process.
[[nodiscard]] std::unique_ptr<pack::Pack> make_pack(std::string hearthd);

}  // namespace hearth::packs::sql
