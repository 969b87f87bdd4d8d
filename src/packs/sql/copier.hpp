// Copies what a query gives into a table, within an engine or across two. No JSON. Blocks: on the
// pack's pool.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "packs/sql/connections.hpp"
#include "packs/sql/databases.hpp"
#include "packs/sql/transfer/exchange.hpp"
#include "packs/sql/transfer/load_plan.hpp"

namespace hearth::packs::sql {

enum class CopyMode : std::uint8_t { create, append, replace, merge };

struct CopyRequest {
  Target from;
  std::string sql;  // one statement that reads
  Target to;
  TableName table;
  CopyMode mode = CopyMode::create;
  std::vector<std::string> key = {};  // of a merge
};

struct Copied {
  std::int64_t added = 0;
  std::int64_t updated = 0;
  bool replayed = false;
};

class Copier final {
 public:
  // `connections` outlives it.
  explicit Copier(Connections& connections) : connections_(connections) {}
  // Rows are streamed; nothing changes unless all of them arrive.
  [[nodiscard]] Result<Copied> copy(const CopyRequest& request,
                                    const Key& key,
                                    bool& may_be_done,
                                    const Work& work) const;

 private:
  [[nodiscard]] Result<Copied> within_duckdb(const CopyRequest& request,
                                             const std::string& relation,
                                             const std::vector<std::string>& columns,
                                             const Key& key,
                                             bool& may_be_done,
                                             const Work& work) const;
  [[nodiscard]] Result<Copied> into_duckdb(const CopyRequest& request,
                                           const Key& key,
                                           bool& may_be_done,
                                           const Work& work) const;
  [[nodiscard]] Result<Copied> into_other(const CopyRequest& request,
                                          const Key& key,
                                          bool& may_be_done,
                                          const Work& work) const;
  Connections& connections_;
};

// The columns of the one statement that reads. Anything else is refused by the engine's parser.
[[nodiscard]] Result<std::vector<Column>> columns_of(Connections& connections,
                                                     const Target& target,
                                                     const std::string& sql,
                                                     const Work& work);
// Whether the database has the table, and its columns.
[[nodiscard]] Result<std::optional<TableDetail>> find_table(Connections& connections,
                                                            const Target& target,
                                                            const TableName& table,
                                                            const Work& work);

}  // namespace hearth::packs::sql
