// DuckDB's complaints about a file, as a person would say them: file, line, column, value.
#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "base/result.hpp"

namespace hearth::packs::sql {

struct BadRow {
  std::int64_t line = 0;  // of the file, from 1
  std::string column;     // may be empty
  std::string value;      // likewise
  std::string problem;    // "\"x\" is no BIGINT", "2 columns were expected, 3 or more found"
};

// What read_csv says about one row, as it does in its errors and in its table of rejects.
[[nodiscard]] BadRow bad_row(std::int64_t line, std::string_view column, std::string_view message);

// `error` of reading a file that the caller knows as `path` and the engine as `read_as`.
[[nodiscard]] Error file_error(Error error, const std::string& path, const std::string& read_as);

[[nodiscard]] bool is_encoding_error(const Error& error);

}  // namespace hearth::packs::sql
