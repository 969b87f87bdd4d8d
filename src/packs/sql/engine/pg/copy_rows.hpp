// Rows on their way into a table, as COPY … FROM STDIN takes them.
#pragma once

#include <string>
#include <vector>

#include "packs/sql/engine/engine.hpp"
#include "packs/sql/engine/pg/link.hpp"

namespace hearth::packs::sql::pg {

// CSV as PostgreSQL and hyperd agree on it: every value in quotes, NULL as nothing. Columns of
// `are_bytes` come in base64 and go as bytea's hexadecimal spelling.
[[nodiscard]] std::string csv_of(const Batch& batch, const std::vector<bool>& are_bytes);

// Copies all of `rows` into its table; returns how many they were.
[[nodiscard]] Result<std::int64_t> copy_rows(Link& link, const BulkInsert& rows, const Work& work);

}  // namespace hearth::packs::sql::pg
