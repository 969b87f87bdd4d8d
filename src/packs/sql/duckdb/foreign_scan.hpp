// Rows of one database in a query on another: `FROM persistent.orders` in a session's scratch, and
// `FROM 'orders.csv'` in a query on the persistent database.
//
// Each database has a kernel-enforced confinement of its own (confinement.hpp), so one never opens
// what belongs to the other. Instead a table function, hearth_query(alias, sql), runs a SELECT on
// the other database, on a thread confined like that one, and takes the chunks of its result over
// by reference, through a short queue. Replacement scans call it for names that do not exist here;
// only the columns that are needed are asked for. Each scan sees a snapshot of its own.
//
// DuckDB binds a statement on the thread that prepares it and tells the callbacks no connection, so
// what a session sees is known by thread: ScopedView.
#pragma once

#include <duckdb.h>

#include <map>
#include <memory>
#include <set>
#include <string>
#include <string_view>
#include <vector>

#include "base/guarded.hpp"
#include "base/result.hpp"
#include "packs/sql/engine/duckdb_protocol.hpp"

namespace hearth::packs::sql::duckdb {

class Instances;
class ForeignStream;

// What the queries of one connection see besides their own database.
struct SessionView {
  Instances* instances = nullptr;
  std::vector<Neighbour> neighbours;
  std::string home;   // path of its own database
  std::string files;  // path of the neighbour that reads files; its own, if that does
  // Of the statement at hand: which neighbour's table a bare name stands for, as SQL:
  // "orders" -> {"persistent", "\"orders\""}. DuckDB gives replacement scans the last part only.
  struct Target {
    std::string alias;
    std::string table;
    bool is_ambiguous = false;
  };
  std::map<std::string, Target, std::less<>> names;
  // What is being read from neighbours, to be interrupted with the connection.
  Guarded<std::set<ForeignStream*>> streams;

  [[nodiscard]] const Neighbour* neighbour(std::string_view alias) const;
  void interrupt();
};

// Makes `view` that of the calling thread as long as this lives.
class ScopedView final {
 public:
  explicit ScopedView(SessionView& view);
  ~ScopedView();
  ScopedView(const ScopedView&) = delete;
  ScopedView& operator=(const ScopedView&) = delete;
};

// Fills `view.names` for a statement that is about to be prepared.
void find_foreign_names(SessionView& view, std::string_view sql);
// Of which other database a statement would change something, as INSERT INTO persistent.orders;
// null: of none.
[[nodiscard]] const Neighbour* changed_neighbour(const SessionView& view, std::string_view sql);
// Which other database a view or a macro would read by name, that a statement defines; null: none.
// It is kept without what its session sees, and could be read by nobody.
[[nodiscard]] const Neighbour* defined_upon(const SessionView& view, std::string_view sql);
// The statements of a text, parted at its semicolons.
[[nodiscard]] std::vector<std::string_view> statements_in(std::string_view sql);

// At the opening of each database.
[[nodiscard]] Result<void> register_foreign_scan(duckdb_database database, duckdb_connection link);
// At the opening of each connection to a database that reads no files itself: makes file names
// work.
[[nodiscard]] Result<void> forward_files(const SessionView& view, duckdb_connection link);

}  // namespace hearth::packs::sql::duckdb
