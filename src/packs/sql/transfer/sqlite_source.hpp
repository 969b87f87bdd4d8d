// Tables of SQLite files, read by hearth's own SQLite and handed on as CSV. Blocks.
#pragma once

#include <optional>
#include <stop_token>
#include <string>
#include <utility>
#include <vector>

#include "base/result.hpp"
#include "packs/sql/transfer/exchange.hpp"

namespace hearth::packs::sql {

struct SqliteRows {
  std::string path;  // of the CSV, with a header; NULL is an empty field, an empty text is ""
  // Columns whose declared type says more than their values do. SQLite keeps any value in any
  // column, so that the others' types are found out by all of their values.
  std::vector<std::pair<std::string, std::string>> types;
};

// `not_found` lists the tables when there are several and none is named.
[[nodiscard]] Result<SqliteRows> read_sqlite(const std::string& path,
                                             const std::optional<std::string>& asked,
                                             Exchange& exchange,
                                             const std::stop_token& stop);

}  // namespace hearth::packs::sql
