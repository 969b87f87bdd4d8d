// The engine's process: `hearthd --engine duckdb`, started by hearthd with the control socket as
// its standard input.
#pragma once

namespace hearth::packs::sql::duckdb {

// Serves until the daemon closes the control socket. Returns the exit status.
[[nodiscard]] int run_engine_process();

}  // namespace hearth::packs::sql::duckdb
