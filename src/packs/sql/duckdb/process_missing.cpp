// The engine's process of a hearthd that was built without DuckDB's header: reports that, so that
// the tools can say it.
#include <sys/socket.h>

#include <string>

#include "packs/sql/duckdb/process.hpp"
#include "packs/sql/engine/duckdb_protocol.hpp"

namespace hearth::packs::sql::duckdb {

int run_engine_process() {
  const std::string bytes = encode(
      Report{.version = {}, .problem = "this hearthd was built without DuckDB", .notes = {}});
  (void)::send(0, bytes.data(), bytes.size(), MSG_NOSIGNAL);
  char end = 0;
  (void)::recv(0, &end, sizeof end, 0);  // until the daemon has read it
  return 0;
}

}  // namespace hearth::packs::sql::duckdb
