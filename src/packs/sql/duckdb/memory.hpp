// What the engine's process does with memory that was freed: it keeps some for the next statement,
// and gives it back when there is none for a while.
#pragma once

namespace hearth::packs::sql::duckdb {

// Bounds what the C library keeps. Call before the first thread.
void bound_heaps();

// Returns freed pages to the system, of the C library and of DuckDB's own allocator. Any thread.
void give_freed_memory_back();

// Whether the loaded library lets us do so. One that was built without its own allocator or hides
// it has to be left to do it in the background.
[[nodiscard]] bool has_own_allocator();

}  // namespace hearth::packs::sql::duckdb
