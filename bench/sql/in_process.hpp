// The peers of the SQL tools without anything in between: DuckDB through its C API, and libpq.
#pragma once

#include <cstdint>
#include <string>

#include "packs/sql/duckdb/handles.hpp"

namespace hearth::bench {

// One database file with one connection.
class DuckDb final {
 public:
  DuckDb(const std::string& path, int threads, std::uint64_t memory_limit);
  // Runs it and reads every row.
  void run(const std::string& sql) const;
  [[nodiscard]] packs::sql::duckdb::Database& database() { return database_; }
  [[nodiscard]] packs::sql::duckdb::Link connect() const;

 private:
  packs::sql::duckdb::Database database_;
  packs::sql::duckdb::Link link_;
};

// The same over a connection of its own.
void run(const packs::sql::duckdb::Link& link, const std::string& sql);

// A connection to a PostgreSQL server whose socket is in `directory`.
class Postgres final {
 public:
  explicit Postgres(const std::string& directory);
  ~Postgres();
  Postgres(const Postgres&) = delete;
  Postgres& operator=(const Postgres&) = delete;
  void run(const std::string& sql) const;

 private:
  void* connection_;  // a PGconn, whose header stays out of here
};

}  // namespace hearth::bench
