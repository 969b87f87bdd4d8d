#include "packs/sql/engine/pg/copy_rows.hpp"

#include <cstdint>

#include "packs/sql/engine/pg/sql_text.hpp"

namespace hearth::packs::sql::pg {
namespace {

int sextet_of(char digit) {
  if (digit >= 'A' && digit <= 'Z') return digit - 'A';
  if (digit >= 'a' && digit <= 'z') return digit - 'a' + 26;
  if (digit >= '0' && digit <= '9') return digit - '0' + 52;
  if (digit == '+') return 62;
  return digit == '/' ? 63 : -1;
}

void append_hex(std::string& csv, std::string_view base64) {
  static constexpr std::string_view digits = "0123456789abcdef";
  csv += "\\x";
  std::uint32_t bits = 0;
  int count = 0;
  for (const char digit : base64) {
    const int sextet = sextet_of(digit);
    if (sextet < 0) break;  // padding
    bits = bits << 6 | static_cast<std::uint32_t>(sextet);
    count += 6;
    if (count < 8) continue;
    count -= 8;
    csv += digits[bits >> (count + 4) & 15];
    csv += digits[bits >> count & 15];
  }
}

}  // namespace

std::string csv_of(const Batch& batch, const std::vector<bool>& are_bytes) {
  std::string csv;
  csv.reserve(batch.bytes() + batch.rows() * batch.columns() * 3);
  for (std::size_t row = 0; row < batch.rows(); ++row) {
    for (std::size_t column = 0; column < batch.columns(); ++column) {
      if (column > 0) csv += ',';
      const auto [kind, text] = batch.at(row, column);
      if (kind == CellKind::null) continue;
      csv += '"';
      if (column < are_bytes.size() && are_bytes[column]) {
        append_hex(csv, text);
      } else {
        for (const char c : text) csv.append(c == '"' ? 2 : 1, c);
      }
      csv += '"';
    }
    csv += '\n';
  }
  return csv;
}

Result<std::int64_t> copy_rows(Link& link, const BulkInsert& rows, const Work& work) {
  std::string sql = "COPY " + rows.table;
  for (std::size_t i = 0; i < rows.columns.size(); ++i)
    sql += (i == 0 ? " (" : ", ") + quote_name(rows.columns[i]);
  sql += rows.columns.empty() ? "" : ")";
  auto answer = link.copy_in(
      sql + " FROM STDIN WITH (FORMAT csv)",
      [&]() -> Result<std::string> {
        auto batch = rows.next();
        if (!batch) return std::unexpected(std::move(batch.error()));
        return csv_of(*batch, rows.are_bytes);
      },
      work);
  if (!answer) return std::unexpected(std::move(answer.error()));
  return answer->affected();
}

}  // namespace hearth::packs::sql::pg
