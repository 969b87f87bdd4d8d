#include "packs/sql/transfer/source.hpp"

#include <algorithm>
#include <array>
#include <cctype>

#include "packs/sql/engine/sql_scanner.hpp"
#include "packs/sql/transfer/column_types.hpp"
#include "packs/sql/transfer/sql_text.hpp"

namespace hearth::packs::sql {
namespace {

// What DuckDB reads at once of a CSV. Its own 32 MB are read for the sniffer, and again; what is
// shorter than a few times its longest line (2 MB) gains nothing more.
constexpr std::size_t buffer_bytes = std::size_t{8} << 20;

struct Named {
  std::string_view name;
  FileFormat format;
};
constexpr std::array<Named, 7> formats{{{"csv", FileFormat::csv},
                                        {"tsv", FileFormat::tsv},
                                        {"json", FileFormat::json},
                                        {"json_lines", FileFormat::json_lines},
                                        {"parquet", FileFormat::parquet},
                                        {"sqlite", FileFormat::sqlite},
                                        {"jsonl", FileFormat::json_lines}}};

constexpr std::array<Named, 13> extensions{{{".csv", FileFormat::csv},
                                            {".tsv", FileFormat::tsv},
                                            {".tab", FileFormat::tsv},
                                            {".txt", FileFormat::csv},
                                            {".json", FileFormat::json},
                                            {".jsonl", FileFormat::json_lines},
                                            {".ndjson", FileFormat::json_lines},
                                            {".parquet", FileFormat::parquet},
                                            {".pq", FileFormat::parquet},
                                            {".sqlite", FileFormat::sqlite},
                                            {".sqlite3", FileFormat::sqlite},
                                            {".db", FileFormat::sqlite},
                                            {".db3", FileFormat::sqlite}}};

struct Unread {
  std::string_view magic;  // the first bytes
  std::string_view what;
  std::string_view instead;
};
constexpr std::array<Unread, 6> unread{
    {{"PK\x03\x04", "an Excel workbook or another zip archive, which this DuckDB has no reader for",
      "save the sheet as CSV"},
     {"\xD0\xCF\x11\xE0", "an old Excel workbook, which this DuckDB has no reader for",
      "save the sheet as CSV"},
     {"ARROW1", "an Arrow IPC file, which this DuckDB has no reader for", "write it as Parquet"},
     {"\xFF\xFF\xFF\xFF", "an Arrow IPC stream, which this DuckDB has no reader for",
      "write it as Parquet"},
     {"%PDF", "a PDF, which holds no table", "extract its tables as CSV"},
     {"DUCK", "", ""}}};

std::optional<FileFormat> format_by_name(std::string_view path) {
  const auto found = std::ranges::find_if(
      extensions, [path](const Named& each) { return path.ends_with(each.name); });
  if (found == extensions.end()) return std::nullopt;
  return found->format;
}

Result<void> check_readable(std::string_view path, std::string_view head) {
  const auto refuse = [path](std::string_view what, std::string_view instead) {
    return fail(Errc::unsupported, std::string(path) + " is " + std::string(what),
                {std::string(instead)});
  };
  if (head.size() > 12 && head.substr(8, 4) == "DUCK") {
    return refuse("a DuckDB database", "attach it with sql_attach, then sql_copy its tables");
  }
  for (const Unread& each : unread) {
    if (!each.what.empty() && head.starts_with(each.magic)) return refuse(each.what, each.instead);
  }
  for (const std::string_view each : {".arrow", ".feather", ".ipc"}) {
    if (path.ends_with(each)) {
      return refuse("an Arrow IPC file, which this DuckDB has no reader for",
                    "write it as Parquet");
    }
  }
  for (const std::string_view each : {".xlsx", ".xls", ".ods"}) {
    if (path.ends_with(each)) {
      return refuse("a spreadsheet, which this DuckDB has no reader for", "save the sheet as CSV");
    }
  }
  if (head.find_first_not_of(" \t\r\n\xEF\xBB\xBF") == std::string_view::npos) {
    return fail(Errc::invalid_args, std::string(path) + " is empty: it has not even a header",
                {"wait until it is written, or make the table with sql_execute"});
  }
  return {};
}

FileFormat format_by_content(std::string_view head) {
  const std::size_t first = head.find_first_not_of(" \t\r\n\xEF\xBB\xBF");
  const char begin = first == std::string_view::npos ? '\0' : head[first];
  if (begin == '[') return FileFormat::json;
  if (begin != '{') return FileFormat::csv;
  const std::size_t line = head.find('\n', first);
  const bool has_two = line != std::string_view::npos && head.find('{', line) == line + 1;
  return has_two ? FileFormat::json_lines : FileFormat::json;
}

// The options of read_csv and read_json: "name = value", in order.
class Options final {
 public:
  void add(std::string_view name, const std::string& sql) {
    list_ += ", " + std::string(name) + " = " + sql;
  }
  void add_text(std::string_view name, const std::optional<std::string>& text) {
    if (text) add(name, quoted_text(*text));
  }
  [[nodiscard]] const std::string& list() const { return list_; }

 private:
  std::string list_;
};

void add_compression(Options& options, Compression compression) {
  if (compression == Compression::gzip) options.add("compression", "'gzip'");
  if (compression == Compression::zstd) options.add("compression", "'zstd'");
}

std::string as_struct(const std::vector<std::pair<std::string, std::string>>& types) {
  std::string list;
  for (const auto& [column, type] : types)
    list += (list.empty() ? "" : ", ") + quoted_text(column) + ": " + quoted_text(type);
  return "{" + list + "}";
}

Options csv_options(const SourceKind& kind, const SourceOptions& from) {
  Options options;
  add_compression(options, kind.compression);
  options.add("buffer_size", std::to_string(buffer_bytes));
  if (from.delimiter) {
    options.add_text("delim", from.delimiter);
  } else if (kind.format == FileFormat::tsv) {
    options.add("delim", "chr(9)");
  }
  options.add_text("quote", from.quote);
  options.add_text("escape", from.escape);
  options.add_text("comment", from.comment);
  if (from.header) options.add("header", *from.header ? "true" : "false");
  if (from.skip_rows) options.add("skip", std::to_string(*from.skip_rows));
  if (from.sample_rows) options.add("sample_size", std::to_string(*from.sample_rows));
  options.add_text("dateformat", from.date_format);
  options.add_text("timestampformat", from.timestamp_format);
  options.add_text("decimal_separator", from.decimal_separator);
  if (kind.encoding == Encoding::latin1) options.add("encoding", "'latin-1'");
  if (!from.null_texts.empty()) {
    std::string list;
    for (const std::string& text : from.null_texts) {
      list += (list.empty() ? "" : ", ") + quoted_text(text);
    }
    options.add("nullstr", "[" + list + "]");
  }
  if (from.has_mixed_ends) options.add("strict_mode", "false");
  if (from.keeps_empty_texts) options.add("allow_quoted_nulls", "false");
  if (!from.columns.empty()) {
    options.add("auto_detect", "false");
    options.add("columns", as_struct(from.columns));
  } else if (!from.types.empty()) {
    options.add("types", as_struct(from.types));
  }
  return options;
}

std::string csv_reader(const std::string& path,
                       const SourceKind& kind,
                       const SourceOptions& asked,
                       const std::string& rejects) {
  SourceOptions from = asked;
  std::string made;  // by a cast, since the reader would make NULL of them
  for (auto& [column, type] : from.columns) {
    if (!is_zoned_time_type(type)) continue;
    const std::string name = quoted_name(column);
    made += (made.empty() ? "" : ", ") + (zoned_time_of(name) + " AS " + name);
    type = "VARCHAR";
  }
  Options options = csv_options(kind, from);
  if (from.skips_bad_rows && rejects.empty()) options.add("ignore_errors", "true");
  if (!rejects.empty()) {
    options.add("store_rejects", "true");
    options.add("rejects_table", quoted_text(rejects));
    options.add("rejects_scan", quoted_text(rejects + "_scans"));
  }
  const std::string reader = "system.main.read_csv(" + quoted_text(path) + options.list() + ")";
  return made.empty() ? reader : "(SELECT * REPLACE (" + made + ") FROM " + reader + ")";
}

// Types by a cast, where a reader has no option for them.
std::string with_types(const std::string& reader, const SourceOptions& from) {
  if (from.types.empty()) return reader;
  std::string list;
  for (const auto& [column, type] : from.types) {
    const std::string name = quoted_name(column);
    list += (list.empty() ? "" : ", ") + ("CAST(" + name + " AS " + type + ") AS " + name);
  }
  return "(SELECT * REPLACE (" + list + ") FROM " + reader + ")";
}

}  // namespace

std::string_view format_name(FileFormat format) {
  return std::ranges::find(formats, format, &Named::format)->name;
}

std::optional<FileFormat> format_from_name(std::string_view name) {
  const auto found = std::ranges::find(formats, name, &Named::name);
  if (found == formats.end()) return std::nullopt;
  return found->format;
}

Result<SourceKind> kind_of(std::string_view path,
                           std::string_view head,
                           const SourceOptions& options) {
  std::string name = lower_case(path);
  SourceKind kind;
  if (head.starts_with("\x1F\x8B")) kind.compression = Compression::gzip;
  if (head.starts_with("\x28\xB5\x2F\xFD")) kind.compression = Compression::zstd;
  if (auto readable = check_readable(name, head); !readable) {
    return std::unexpected(std::move(readable.error()));
  }
  for (const std::string_view each : {".gz", ".gzip", ".zst", ".zstd"}) {
    if (name.ends_with(each)) name.resize(name.size() - each.size());
  }
  const bool is_packed = kind.compression != Compression::none;
  if (options.format) {
    kind.format = *options.format;
  } else if (head.starts_with("PAR1")) {
    kind.format = FileFormat::parquet;
  } else if (head.starts_with(std::string_view("SQLite format 3\0", 16))) {
    kind.format = FileFormat::sqlite;
  } else {
    const auto by_name = format_by_name(name);
    kind.format = by_name ? *by_name : is_packed ? FileFormat::csv : format_by_content(head);
  }
  const bool is_text = kind.format == FileFormat::csv || kind.format == FileFormat::tsv;
  if (options.encoding) {
    kind.encoding = *options.encoding;
  } else if (is_text && !is_packed) {
    kind.encoding = guess_encoding(head);
    kind.is_encoding_guessed = true;
  }
  return kind;
}

Result<std::string> reader_sql(const std::string& path,
                               const SourceKind& kind,
                               const SourceOptions& options,
                               const std::string& rejects) {
  for (const auto* types : {&options.types, &options.columns}) {
    for (const auto& [column, type] : *types) {
      if (auto good = checked_type(type); !good) return good;
    }
  }
  switch (kind.format) {
    case FileFormat::csv:
    case FileFormat::tsv:
      return csv_reader(path, kind, options, rejects);
    case FileFormat::parquet:
      return with_types("system.main.read_parquet(" + quoted_text(path) + ")", options);
    case FileFormat::json:
    case FileFormat::json_lines: {
      Options list;
      add_compression(list, kind.compression);
      list.add("format", kind.format == FileFormat::json_lines ? "'newline_delimited'" : "'auto'");
      if (options.sample_rows) list.add("sample_size", std::to_string(*options.sample_rows));
      const std::string reader = "system.main.read_json(" + quoted_text(path) + list.list();
      if (!options.columns.empty())
        return reader + ", columns = " + as_struct(options.columns) + ")";
      return with_types(reader + ")", options);
    }
    case FileFormat::sqlite:
      break;
  }
  return fail(Errc::internal, "a SQLite file has no reader in SQL");
}

Result<std::string> sniffer_sql(const std::string& path,
                                const SourceKind& kind,
                                const SourceOptions& options) {
  for (const auto& [column, type] : options.types) {
    if (auto good = checked_type(type); !good) return good;
  }
  Options list = csv_options(kind, options);
  if (options.skips_bad_rows) list.add("ignore_errors", "true");
  return "SELECT each.name, each.type, Delimiter, Quote, Escape, Comment, SkipRows, HasHeader, "
         "DateFormat, TimestampFormat FROM (SELECT unnest(Columns) AS each, * FROM "
         "system.main.sniff_csv(" +
         quoted_text(path) + list.list() + "))";
}

}  // namespace hearth::packs::sql
