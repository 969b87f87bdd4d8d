// The engine `postgres`: any server that speaks PostgreSQL's protocol, named by its address.
//
// Hearth runs no server here and keeps nothing of it: each Connection is one connection to it. What
// a query may do is what its transaction may: it runs behind a cursor in a READ ONLY one, so that
// the server refuses all else.
#pragma once

#include <memory>
#include <string>
#include <vector>

#include "packs/sql/engine/engine.hpp"

namespace hearth::packs::sql::pg {

// Where passwords come from, besides libpq's own ~/.pgpass and PGPASSFILE.
struct PasswordSource {
  std::string passfile;  // absolute, in the format of ~/.pgpass; empty: libpq's own
  // Prints the password on its first line; finds PGHOST, PGPORT, PGUSER and PGDATABASE in its
  // environment. Empty: none.
  std::vector<std::string> command;
};

struct PostgresSettings {
  PasswordSource password;
  std::string ssl_mode = {};  // the weakest over TCP; empty: libpq's own
};

[[nodiscard]] std::unique_ptr<Engine> make_postgres_engine(PostgresSettings settings);

}  // namespace hearth::packs::sql::pg
