#include "sql/in_process.hpp"

#include <poll.h>

#include <initializer_list>
#include <utility>

#include "packs/sql/engine/pg/libpq.hpp"
#include "support.hpp"

namespace hearth::bench {

namespace duckdb = packs::sql::duckdb;
using duckdb::api;

DuckDb::DuckDb(const std::string& path, int threads, std::uint64_t memory_limit) {
  if (const auto loaded = duckdb::load_api(); !loaded) die(loaded.error().message);
  duckdb_config config = nullptr;
  if (api().duckdb_create_config(&config) != DuckDBSuccess) die("no memory");
  const std::initializer_list<std::pair<const char*, std::string>> options{
      {"threads", std::to_string(threads)}, {"memory_limit", std::to_string(memory_limit) + "B"}};
  for (const auto& [name, value] : options)
    (void)api().duckdb_set_config(config, name, value.c_str());
  char* why = nullptr;
  if (api().duckdb_open_ext(path.c_str(), database_.out(), config, &why) != DuckDBSuccess)
    die("open " + path + ": " + (why == nullptr ? "?" : why));
  api().duckdb_destroy_config(&config);
  link_ = connect();
}

duckdb::Link DuckDb::connect() const {
  duckdb::Link link;
  if (api().duckdb_connect(database_.get(), link.out()) != DuckDBSuccess) die("no connection");
  return link;
}

void DuckDb::run(const std::string& sql) const {
  bench::run(link_, sql);
}

void run(const duckdb::Link& link, const std::string& sql) {
  const auto result = duckdb::run(link.get(), sql);
  if (!result) die(sql + ": " + result.error().message);
  auto& raw = const_cast<duckdb::QueryResult&>(*result).get();
  while (duckdb::Chunk(api().duckdb_fetch_chunk(raw))) continue;
}

namespace {

const packs::sql::pg::Libpq& libpq() {
  static const packs::sql::pg::Libpq* const loaded = [] {
    auto found = packs::sql::pg::load_libpq();
    if (!found) die(found.error().message);
    return *found;
  }();
  return *loaded;
}

}  // namespace

Postgres::Postgres(const std::string& directory) {
  const char* const names[] = {"host", "user", "dbname", nullptr};
  const char* const values[] = {directory.c_str(), "postgres", "postgres", nullptr};
  PGconn* const connection = libpq().connect_start_params(names, values, 0);
  connection_ = connection;
  for (auto state = PGRES_POLLING_WRITING; state != PGRES_POLLING_OK;) {
    if (state == PGRES_POLLING_FAILED) die(libpq().error_message(connection));
    const short wanted = state == PGRES_POLLING_READING ? POLLIN : POLLOUT;
    pollfd one{libpq().socket(connection), wanted, 0};
    (void)::poll(&one, 1, 10'000);
    state = libpq().connect_poll(connection);
  }
  libpq().set_nonblocking(connection, 0);
}

Postgres::~Postgres() {
  libpq().finish(static_cast<PGconn*>(connection_));
}

void Postgres::run(const std::string& sql) const {
  auto* const connection = static_cast<PGconn*>(connection_);
  if (libpq().send_query(connection, sql.c_str()) == 0) die(libpq().error_message(connection));
  while (PGresult* const result = libpq().get_result(connection)) {
    const auto status = libpq().result_status(result);
    if (status != PGRES_TUPLES_OK && status != PGRES_COMMAND_OK)
      die(sql + ": " + libpq().result_error_message(result));
    libpq().clear(result);
  }
}

}  // namespace hearth::bench
