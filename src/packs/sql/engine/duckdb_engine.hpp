// DuckDB behind the engine interface: one supervised child process, started when first needed.
//
// The child is this program (`hearthd --engine duckdb`); see duckdb_protocol.hpp. Each connection
// is a socket of its own with a thread of its own at the other end, so a caller writes its request
// and waits for the answer without anybody in between. When the child ends, each connection notices
// at its socket, and the next connect() starts another. Nothing is polled.
#pragma once

#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "packs/sql/engine/engine.hpp"

namespace hearth::packs::sql {

struct DuckDbSettings {
  std::vector<std::string> command;  // that starts the child
  // Where the engine keeps a namespace's databases; made if need be.
  std::function<Result<std::string>(const std::string& name_space)> directory;
  std::uint64_t memory_limit = 0;  // bytes for each persistent database, half of it for a scratch
  std::uint32_t threads = 0;       // 0: as many as there are cores
  bool is_read_only = false;       // another process owns the stores
};

[[nodiscard]] std::unique_ptr<Engine> make_duckdb_engine(DuckDbSettings settings);

}  // namespace hearth::packs::sql
