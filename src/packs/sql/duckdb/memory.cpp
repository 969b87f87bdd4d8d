#include "packs/sql/duckdb/memory.hpp"

#include <malloc.h>

#include "packs/sql/duckdb/api.hpp"

namespace hearth::packs::sql::duckdb {
namespace {

// The C library gives each of the first sixteen threads a heap of its own, and what lies scattered
// in them does not go back to the system: 384 MB after ten connections had each sorted a million
// rows. DuckDB has an allocator of its own for what is large.
constexpr int most_heaps = 2;

}  // namespace

void bound_heaps() {
  ::mallopt(M_ARENA_MAX, most_heaps);
}

bool has_own_allocator() {
  return api().control_allocator != nullptr;
}

void give_freed_memory_back() {
  (void)::malloc_trim(0);
  if (!has_own_allocator()) return;
  // jemalloc's names; 4096 stands for all arenas (MALLCTL_ARENAS_ALL).
  for (const char* each : {"thread.tcache.flush", "arena.4096.purge"})
    (void)api().control_allocator(each, nullptr, nullptr, nullptr, 0);
}

}  // namespace hearth::packs::sql::duckdb
