// What a file holds and how it is read: found out by its name and first bytes, unless the caller
// says. Pure.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "base/result.hpp"
#include "packs/sql/transfer/text_encoding.hpp"

namespace hearth::packs::sql {

enum class FileFormat : std::uint8_t { csv, tsv, json, json_lines, parquet, sqlite };
enum class Compression : std::uint8_t { none, gzip, zstd };

[[nodiscard]] std::string_view format_name(FileFormat format);
[[nodiscard]] std::optional<FileFormat> format_from_name(std::string_view name);

// How a caller wants files read; what is not said is found out.
struct SourceOptions {
  std::optional<FileFormat> format;
  std::optional<Encoding> encoding;
  std::optional<std::string> delimiter;
  std::optional<std::string> quote;
  std::optional<std::string> escape;
  std::optional<std::string> comment;
  std::optional<bool> header;
  std::optional<std::int64_t> skip_rows;
  std::vector<std::string> null_texts;
  std::optional<std::string> date_format;       // strptime(3)
  std::optional<std::string> timestamp_format;  //
  std::optional<std::string> decimal_separator;
  std::optional<std::int64_t> sample_rows;  // that types are found out by; -1: all
  std::vector<std::pair<std::string, std::string>> types = {};  // of columns, by name
  // All columns of a CSV or JSON, in order: nothing more is found out, and what is not said is not
  // there.
  std::vector<std::pair<std::string, std::string>> columns = {};
  std::optional<std::string> json_path;     // "$.data.items": the array, or object, to load
  std::optional<std::string> sqlite_table;  // else the only one
  bool skips_bad_rows = false;
  bool keeps_empty_texts = false;  // "" is an empty text, not NULL
  bool has_mixed_ends = false;     // lines end in CR LF, and in LF
};

struct SourceKind {
  FileFormat format = FileFormat::csv;
  Compression compression = Compression::none;
  Encoding encoding = Encoding::utf8;  // of CSV and TSV
  bool is_encoding_guessed = false;
};

inline constexpr std::size_t head_bytes = std::size_t{64} << 10;  // that suffice

// `head`: the first bytes of the file. `unsupported` names what is not read, why, and what to do.
[[nodiscard]] Result<SourceKind> kind_of(std::string_view path,
                                         std::string_view head,
                                         const SourceOptions& options);

// A relation of DuckDB's that reads the file: system.main.read_csv('…', delim = ';' …), past the
// macros of that name (foreign_scan.hpp). Of CSV, TSV, JSON and Parquet, with types of columns.
// `rejects` names the two tables (with "_scans" behind it the second) where bad rows of a CSV are
// put; without a name they fail, or are left out unseen where skips_bad_rows.
[[nodiscard]] Result<std::string> reader_sql(const std::string& path,
                                             const SourceKind& kind,
                                             const SourceOptions& options,
                                             const std::string& rejects = {});

// A query for what DuckDB finds out about a CSV or TSV: a row for each column, with its name and
// type, then delimiter, quote, escape, comment ("(empty)": none), rows to skip, whether there is a
// header, and the formats of dates and times (NULL: ISO).
[[nodiscard]] Result<std::string> sniffer_sql(const std::string& path,
                                              const SourceKind& kind,
                                              const SourceOptions& options);

}  // namespace hearth::packs::sql
