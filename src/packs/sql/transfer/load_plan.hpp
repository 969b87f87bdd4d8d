// The statements that bring files into a table of DuckDB's, as one transaction. Pure.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "base/result.hpp"
#include "packs/sql/transfer/sql_text.hpp"

namespace hearth::packs::sql {

enum class LoadMode : std::uint8_t {
  replace,  // the table becomes what the files hold, with their types
  append,   // their rows are added, by the names of columns; the table is made if need be
  merge     // rows of the same key take their values over, others are added
};

struct LoadPlan {
  TableName table;
  LoadMode mode = LoadMode::replace;
  bool exists = false;               // the table does
  std::vector<std::string> sources;  // relations in SQL, of one file each
  std::vector<std::string> columns;  // of the sources together; of a merge only
  std::vector<std::string> key;      // of a merge
  std::string stage;                 // a name for its temporary table
  bool is_staged = false;            // the rows are there already, and their keys are distinct
};

struct LoadStatements {
  std::vector<std::string> sql;
  // Places in `sql`, and so in Executed::rows_affected, of what counts.
  std::size_t added = 0;
  std::optional<std::size_t> updated;
};

// Without the first the rows that should be merged would replace all others.
[[nodiscard]] Result<void> check_merge(bool has_key, bool merges);

[[nodiscard]] Result<LoadStatements> statements_of(const LoadPlan& plan);

// Fails where two rows of a relation have the same key (quoted names): which of them would win?
[[nodiscard]] std::string check_of_keys(const std::string& relation, const std::string& key);

// All rows of the sources, with columns put together by name.
[[nodiscard]] std::string union_of(const std::vector<std::string>& sources);

}  // namespace hearth::packs::sql
