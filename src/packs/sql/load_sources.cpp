#include "packs/sql/load_sources.hpp"

#include <sys/stat.h>

#include <algorithm>
#include <array>
#include <charconv>
#include <limits>
#include <utility>

#include "base/closest.hpp"
#include "base/regular_file.hpp"
#include "packs/sql/transfer/column_types.hpp"
#include "packs/sql/transfer/json_numbers.hpp"
#include "packs/sql/transfer/sql_text.hpp"
#include "packs/sql/transfer/sqlite_source.hpp"
#include "packs/sql/transfer/unpack.hpp"

namespace hearth::packs::sql {
namespace {

constexpr std::size_t rows_at_once = 4096;
constexpr std::size_t most_columns = 100'000;
constexpr int rows_looked_at = 20'480;  // for times in JSON

// One line of text a row, whatever is in it.
std::string line_reader(const LoadSource& source) {
  return "system.main.read_csv(" + quoted_text(source.path) +
         ", columns = {'line': 'VARCHAR'}, auto_detect = false, header = false, delim = chr(1), "
         "quote = '', escape = '', parallel = false" +
         (source.kind.compression == Compression::gzip   ? ", compression = 'gzip'"
          : source.kind.compression == Compression::zstd ? ", compression = 'zstd'"
                                                         : "") +
         ")";
}

// Of a compressed CSV, as kind_of() does by the first bytes of others.
void guess_encoding_within(const std::string& path,
                           const SourceOptions& options,
                           SourceKind& kind) {
  const bool is_text = kind.format == FileFormat::csv || kind.format == FileFormat::tsv;
  if (!is_text || options.encoding) return;
  const auto file = Unpacker::open(path, kind.compression);
  std::string head;
  while (file && head.size() < head_bytes) {
    const auto piece = (*file)->next();
    if (!piece || piece->empty()) break;  // reading it will say what is wrong
    head += *piece;
  }
  kind.encoding = guess_encoding(head);
  kind.is_encoding_guessed = true;
}

std::optional<std::string> given_type(const LoadSource& source, const std::string& column) {
  for (const auto& [name, type] : source.options.types) {
    if (is_same_name(name, column)) return type;
  }
  return std::nullopt;
}

// Whether DuckDB's reader of JSON may be told these names and types. Of keys that differ in case
// only, it calls the second "key_1", and would then look for that; and a type within which there is
// a name of any letters is not one to put into a statement.
bool may_be_listed(const std::vector<Column>& columns) {
  return std::ranges::none_of(columns, [&](const Column& column) {
    const std::size_t end = column.name.find_last_not_of("0123456789");
    const bool is_numbered = end != std::string::npos && end + 1 < column.name.size() &&
                             column.name[end] == '_' &&
                             std::ranges::any_of(columns, [&](const Column& each) {
                               return is_same_name(each.name, column.name.substr(0, end));
                             });
    return is_numbered || !checked_type(column.type);
  });
}

}  // namespace

std::int64_t number_of(std::string_view text) {
  std::int64_t number = 0;
  std::from_chars(text.data(), text.data() + text.size(), number);
  return number;
}

bool LoadSource::is_json() const {
  return kind.format == FileFormat::json || kind.format == FileFormat::json_lines;
}

bool LoadSource::is_csv() const {
  return kind.format == FileFormat::csv || kind.format == FileFormat::tsv;
}

Result<std::string> LoadSource::reader() const {
  if (!good_rows.empty()) return good_rows;
  return is_csv() ? reader_sql(path, kind, found, rejects) : reader_sql(path, kind, options);
}

Result<LoadSources> LoadSources::open(Connections& connections, const Target& reader) {
  auto directory = reader.engine->exchange_directory(reader.database, reader.session);
  if (!directory) return std::unexpected(std::move(directory.error()));
  if (directory->empty()) {
    return fail(Errc::internal, "database " + reader.database.alias + " reads no files");
  }
  auto exchange = Exchange::open(*directory);
  if (!exchange) return std::unexpected(std::move(exchange.error()));
  return LoadSources(connections, reader, std::move(*exchange));
}

Result<LoadSource> LoadSources::prepare(const LoadFile& file,
                                        const SourceOptions& options,
                                        const Work& work) {
  if (file.problem) return std::unexpected(*file.problem);
  LoadSource source{.report = {.name = file.name}, .options = options};
  const auto head = file.path.empty() ? Result<std::string>(file.text.substr(0, head_bytes))
                                      : read_head(file.path, head_bytes);
  if (!head) return std::unexpected(head.error());
  auto kind = kind_of(file.name, *head, options);
  if (!kind) return std::unexpected(kind.error());
  if (kind->compression != Compression::none) guess_encoding_within(file.path, options, *kind);
  source.kind = *kind;
  auto done = check_options(source);
  if (done) done = locate(file, source, work);
  if (done && source.is_csv()) find_meaning_of_quotes(source, work);
  if (done) done = find_columns(source, work);
  if (!done && source.kind.is_encoding_guessed && source.kind.encoding == Encoding::utf8 &&
      is_encoding_error(done.error())) {
    source.kind.encoding = Encoding::latin1;
    done = find_columns(source, work);
  }
  source.report.kind = *kind;
  source.report.kind.encoding =
      source.kind.encoding == Encoding::latin1 ? Encoding::latin1 : kind->encoding;
  if (done) return source;
  return std::unexpected(file_error(std::move(done.error()), file.name, source.path));
}

// What is said of another format than the file's would do nothing, unsaid.
Result<void> LoadSources::check_options(const LoadSource& source) {
  const SourceOptions& said = source.options;
  const auto refuse = [&](const char* what, const char* of) {
    return fail(Errc::invalid_args, std::string("params.") + what + " is for " + of +
                                        ", and this is " +
                                        std::string(format_name(source.kind.format)));
  };
  if (said.json_path && !source.is_json()) return refuse("json_path", "JSON");
  if (said.sqlite_table && source.kind.format != FileFormat::sqlite)
    return refuse("sqlite_table", "SQLite files");
  if (source.is_csv()) return {};
  for (const auto& [is_said, name] :
       {std::pair(said.delimiter.has_value(), "read.delimiter"),
        std::pair(said.quote.has_value(), "read.quote"),
        std::pair(said.escape.has_value(), "read.escape"),
        std::pair(said.comment.has_value(), "read.comment"),
        std::pair(said.header.has_value(), "read.header"),
        std::pair(said.skip_rows.has_value(), "read.skip_rows"),
        std::pair(!said.null_texts.empty(), "read.null_texts"),
        std::pair(said.date_format.has_value(), "read.date_format"),
        std::pair(said.timestamp_format.has_value(), "read.timestamp_format"),
        std::pair(said.decimal_separator.has_value(), "read.decimal_separator")}) {
    if (is_said) return refuse(name, "CSV");
  }
  return {};
}

// Where the reader finds it, in a form that it reads.
Result<void> LoadSources::locate(const LoadFile& file, LoadSource& source, const Work& work) {
  if (file.path.empty()) {
    bool is_written = false;
    auto written = exchange_.write(".txt", [&]() -> Result<std::string> {
      return std::exchange(is_written, true) ? std::string() : file.text;
    });
    if (!written) return std::unexpected(std::move(written.error()));
    source.path = std::move(*written);
  } else if (source.kind.format == FileFormat::sqlite) {
    auto rows = read_sqlite(file.path, source.options.sqlite_table, exchange_, work.stop);
    if (!rows) return std::unexpected(std::move(rows.error()));
    source.path = rows->path;
    source.kind = {};
    for (auto& type : rows->types) {
      const auto given = std::ranges::find(source.options.types, type.first,
                                           &std::pair<std::string, std::string>::first);
      if (given == source.options.types.end()) source.options.types.push_back(std::move(type));
    }
    source.options.header = true;
    source.options.keeps_empty_texts = true;
    source.options.sample_rows = -1;
    return {};
  } else {
    auto path = exchange_.bring(file.path, ".data", work.stop);
    if (!path) return std::unexpected(std::move(path.error()));
    source.path = std::move(*path);
  }
  if (auto done = read_ahead(source, work); !done) return done;
  const bool is_utf16 =
      source.kind.encoding == Encoding::utf16le || source.kind.encoding == Encoding::utf16be;
  if (source.is_csv() && is_utf16) return decode_utf16(source, work);
  if (source.is_json() && source.options.json_path) return extract_json(source, work);
  if (source.kind.format == FileFormat::json_lines && source.options.skips_bad_rows) {
    return keep_good_lines(source, work);
  }
  return {};
}

// Whether a compressed file is whole is known at its end only. And what DuckDB would round in JSON
// becomes a text, from which any type is made exactly.
Result<void> LoadSources::read_ahead(LoadSource& source, const Work& work) {
  const bool is_packed = source.kind.compression != Compression::none;
  if (!is_packed && !source.is_json()) return {};
  const auto file = Unpacker::open(source.path, source.kind.compression);
  if (!file) return std::unexpected(file.error());
  LongNumberSearch search;
  auto done = read_through(**file, work.stop, [&](std::string_view piece) {
    if (source.is_json()) search.add(piece);
    return is_packed || !search.has_found();
  });
  if (!done || !search.has_found()) return done;
  return quote_long_numbers(source, work);
}

Result<void> LoadSources::quote_long_numbers(LoadSource& source, const Work& work) {
  const NumberQuoter::Options options{.largest = std::numeric_limits<std::int64_t>::max(),
                                      .spares_parts = true,
                                      .is_lines = source.kind.format == FileFormat::json_lines,
                                      .is_any_depth = source.options.json_path.has_value()};
  const auto searched = Unpacker::open(source.path, source.kind.compression);
  if (!searched) return std::unexpected(searched.error());
  NumberQuoter search(options);
  std::string unused;
  auto done = read_through(**searched, work.stop, [&](std::string_view piece) {
    unused.clear();
    search.add(piece, unused);
    return !search.has_quoted();
  });
  search.finish(unused);
  if (!done || !search.has_quoted()) return done;
  const auto file = Unpacker::open(source.path, source.kind.compression);
  if (!file) return std::unexpected(file.error());
  NumberQuoter quoter(options);
  bool is_done = false;
  auto written = exchange_.write(".json", [&]() -> Result<std::string> {
    std::string text;
    while (text.empty() && !is_done) {
      if (work.stop.stop_requested()) return fail(Errc::cancelled, "the load was cancelled");
      const auto piece = (*file)->next();
      if (!piece) return std::unexpected(piece.error());
      quoter.add(*piece, text);
      is_done = piece->empty();
      if (is_done) quoter.finish(text);
    }
    return text;
  });
  if (!written) return std::unexpected(std::move(written.error()));
  source.path = std::move(*written);
  source.kind.compression = Compression::none;
  source.long_numbers = quoter.members();
  return {};
}

Result<void> LoadSources::decode_utf16(LoadSource& source, const Work& work) {
  const auto file = Unpacker::open(source.path, source.kind.compression);
  if (!file) return std::unexpected(file.error());
  Utf16Reader reader(source.kind.encoding == Encoding::utf16be);
  bool is_done = false;
  auto written = exchange_.write(".csv", [&]() -> Result<std::string> {
    std::string utf8;
    while (utf8.empty() && !is_done) {
      if (work.stop.stop_requested()) return fail(Errc::cancelled, "the load was cancelled");
      const auto piece = (*file)->next();
      if (!piece) return std::unexpected(piece.error());
      reader.add(*piece, utf8);
      is_done = piece->empty();
      if (is_done) reader.finish(utf8);
    }
    return utf8;
  });
  if (!written) return std::unexpected(std::move(written.error()));
  source.path = std::move(*written);
  source.kind.compression = Compression::none;
  source.kind.encoding = Encoding::utf8;
  source.kind.is_encoding_guessed = false;
  return {};
}

// The elements of the array there, or the value itself, as JSON lines.
Result<void> LoadSources::extract_json(LoadSource& source, const Work& work) {
  if (source.kind.compression != Compression::none) {
    return fail(Errc::unsupported, "json_path is not applied to compressed files",
                {"decompress it first"});
  }
  const std::string path = quoted_text(*source.options.json_path);
  auto lines = lines_of(
      "SELECT unnest(CASE json_type(part) WHEN 'ARRAY' THEN json_extract(part, "
      "'$[*]') ELSE [part] END) FROM (SELECT json_extract(CAST(content AS JSON), " +
          path + ") AS part FROM system.main.read_text(" + quoted_text(source.path) +
          ")) WHERE part IS NOT NULL",
      work);
  if (!lines) return std::unexpected(std::move(lines.error()));
  struct ::stat status{};
  if (::stat(lines->c_str(), &status) == 0 && status.st_size == 0) {
    return fail(Errc::not_found, "there is nothing at json_path " + *source.options.json_path);
  }
  source.path = std::move(*lines);
  source.kind.format = FileFormat::json_lines;
  return {};
}

// DuckDB would read a line that is no JSON as a row of NULLs.
Result<void> LoadSources::keep_good_lines(LoadSource& source, const Work& work) {
  const std::string lines = line_reader(source);
  const auto bad = rows_of(
      "SELECT nth, line, count(*) OVER () FROM (SELECT row_number() OVER () AS nth, line FROM " +
          lines + ") WHERE trim(line) <> '' AND NOT json_valid(line) ORDER BY nth LIMIT " +
          std::to_string(most_reported_rows),
      work);
  if (!bad) return std::unexpected(bad.error());
  if (bad->rows() == 0) return {};
  source.report.skipped = number_of(bad->at(0, 2).text);
  for (std::size_t row = 0; row < bad->rows(); ++row) {
    source.report.bad_rows.push_back({.line = number_of(bad->at(row, 0).text),
                                      .column = {},
                                      .value = std::string(bad->at(row, 1).text.substr(0, 200)),
                                      .problem = "is no JSON"});
  }
  auto good = lines_of("SELECT line FROM " + lines + " WHERE json_valid(line)", work);
  if (!good) return std::unexpected(std::move(good.error()));
  source.path = std::move(*good);
  source.kind.compression = Compression::none;
  return {};
}

Result<void> LoadSources::find_columns(LoadSource& source, const Work& work) const {
  if (source.is_csv()) return sniff(source, work);
  LoadSource untyped = source;
  if (source.is_json()) {  // its reader takes types for all columns, or none
    untyped.options.types.clear();
    untyped.options.columns.clear();
  }
  const auto reader = untyped.reader();
  if (!reader) return std::unexpected(reader.error());
  auto columns = columns_of("SELECT * FROM " + *reader, work);
  if (!columns) return std::unexpected(std::move(columns.error()));
  source.columns = std::move(*columns);
  source.options.columns.clear();
  if (!source.is_json() || !may_be_listed(source.columns)) return {};
  const bool has_moments = find_moments(source, work);
  const bool has_digits = keep_digits_of_json(source, work);
  if (!has_moments && !has_digits && source.options.types.empty()) return {};
  for (Column& column : source.columns) {
    column.type = given_type(source, column.name).value_or(column.type);
    source.options.columns.emplace_back(column.name, column.type);
  }
  return source.options.skips_bad_rows ? leave_out_bad_values(source, work) : Result<void>();
}

// A row of JSON with another value than a number where that was said goes, and is reported.
Result<void> LoadSources::leave_out_bad_values(LoadSource& source, const Work& work) const {
  // Of the same file with other types before.
  source.good_rows.clear();
  if (source.bad_lines) {
    source.report.skipped = *source.bad_lines;
    source.report.bad_rows.resize(
        std::min(source.report.bad_rows.size(), static_cast<std::size_t>(*source.bad_lines)));
  }
  source.bad_lines = source.report.skipped;
  LoadSource as_json = source;
  std::string bad;
  std::string names;
  std::string values;
  std::string casts;
  for (auto& [name, type] : as_json.options.columns) {
    if (!given_type(source, name) || !is_number_type(type)) continue;
    const std::string column = quoted_name(name);
    const std::string cast = "CAST(" + column + " AS " + type + ")";
    const std::string is_bad =
        "(CAST(" + column + " AS VARCHAR) <> 'null' AND TRY_" + cast + " IS NULL)";
    bad += (bad.empty() ? "" : " OR ") + is_bad;
    names += " WHEN " + is_bad + " THEN " + quoted_text(name);
    values += " WHEN " + is_bad + " THEN CAST(" + column + " AS VARCHAR)";
    casts += (casts.empty() ? "" : ", ") + cast + " AS " + column;
    type = "JSON";
  }
  if (bad.empty()) return {};
  bad = "coalesce(" + bad + ", false)";
  const auto reader = as_json.reader();
  if (!reader) return std::unexpected(reader.error());
  const auto found = rows_of(
      "SELECT hearth_nth, CASE" + names + " END, CASE" + values +
          " END, count(*) OVER () FROM (SELECT row_number() OVER () AS hearth_nth, * FROM " +
          *reader + ") WHERE " + bad + " ORDER BY hearth_nth LIMIT " +
          std::to_string(most_reported_rows),
      work);
  if (!found) return std::unexpected(found.error());
  if (found->rows() == 0) return {};
  source.report.skipped += number_of(found->at(0, 3).text);
  for (std::size_t row = 0; row < found->rows(); ++row) {
    const std::string column(found->at(row, 1).text);
    const std::string value(found->at(row, 2).text.substr(0, 200));
    source.report.bad_rows.push_back(
        {.line = number_of(found->at(row, 0).text),
         .column = column,
         .value = value,
         .problem = value + " is no " + given_type(source, column).value_or("such value")});
  }
  source.good_rows =
      "(SELECT * REPLACE (" + casts + ") FROM " + *reader + " WHERE NOT " + bad + ")";
  return {};
}

// DuckDB finds times of one format in a file, and takes those with a Z for local ones. Whether some
// columns have other types than it has found.
bool LoadSources::find_moments(LoadSource& source, const Work& work) const {
  constexpr const char* local =
      "[0-9]{4}-[0-9]{2}-[0-9]{2}[T ][0-9]{2}:[0-9]{2}(:[0-9]{2}([.][0-9]+)?)?";
  constexpr const char* zone = "(Z|[+-][0-9]{2}(:?[0-9]{2})?)";
  LoadSource as_text = source;
  std::vector<Column*> candidates;
  std::string sql;
  for (Column& column : source.columns) {
    const bool may_be = column.type == "VARCHAR" || column.type == "TIMESTAMP";
    const bool is_candidate = may_be && !given_type(source, column.name);
    as_text.options.columns.emplace_back(column.name, is_candidate ? "VARCHAR" : column.type);
    if (!is_candidate) continue;
    candidates.push_back(&column);
    for (const std::string& form : {std::string(local) + zone, std::string(local)}) {
      sql += (sql.empty() ? "" : ", ") +
             ("bool_and(regexp_full_match(" + quoted_name(column.name)) + ", '" + form + "'))";
    }
  }
  const auto reader = as_text.reader();
  if (candidates.empty() || !reader) return false;
  const auto found = rows_of("SELECT " + sql + " FROM (SELECT * FROM " + *reader + " LIMIT " +
                                 std::to_string(rows_looked_at) + ")",
                             work);
  if (!found) return false;  // a value is at fault, as reading will say
  bool is_any = false;
  for (std::size_t i = 0; i < candidates.size(); ++i) {
    const bool is_zoned = found->at(0, 2 * i).text == "true";
    if (!is_zoned && found->at(0, 2 * i + 1).text != "true") continue;
    std::string type = is_zoned ? "TIMESTAMP WITH TIME ZONE" : "TIMESTAMP";
    is_any = is_any || type != candidates[i]->type;
    candidates[i]->type = std::move(type);
  }
  return is_any;
}

Result<std::vector<Column>> LoadSources::columns_of(const std::string& sql,
                                                    const Work& work) const {
  const auto rows = rows_of("SELECT column_name, column_type FROM (DESCRIBE " + sql + ")", work);
  if (!rows) return std::unexpected(rows.error());
  std::vector<Column> columns;
  for (std::size_t row = 0; row < rows->rows(); ++row)
    columns.push_back({std::string(rows->at(row, 0).text), std::string(rows->at(row, 1).text)});
  return columns;
}

Result<std::int64_t> LoadSources::count(const LoadSource& source, const Work& work) const {
  const auto reader = source.reader();
  if (!reader) return std::unexpected(reader.error());
  std::string sql = "SELECT count(*)";
  for (const Column& column : source.columns) sql += ", count(" + quoted_name(column.name) + ")";
  const auto rows = rows_of(sql + " FROM " + *reader, work);
  if (!rows) return std::unexpected(file_error(rows.error(), source.report.name, source.path));
  return number_of(rows->at(0, 0).text);
}

Result<std::string> LoadSources::lines_of(const std::string& sql, const Work& work) {
  auto connection = connections_.lease(reader_, work);
  if (!connection) return std::unexpected(std::move(connection.error()));
  const auto rows = (*connection)->query({.sql = sql}, {.rows = rows_at_once}, work);
  if (!rows) return std::unexpected(rows.error());
  return exchange_.write(".jsonl", [&]() -> Result<std::string> {
    const auto batch = (*rows)->next(rows_at_once, piece_bytes, work);
    if (!batch) return std::unexpected(batch.error());
    std::string piece;
    for (std::size_t row = 0; row < batch->rows(); ++row) {
      piece.append(batch->at(row, 0).text).push_back('\n');
    }
    return piece;
  });
}

Result<Batch> LoadSources::rows_of(const std::string& sql, const Work& work) const {
  auto connection = connections_.lease(reader_, work);
  if (!connection) return std::unexpected(std::move(connection.error()));
  const auto rows = (*connection)->query({.sql = sql}, {.rows = most_columns}, work);
  if (!rows) return std::unexpected(rows.error());
  return (*rows)->next(most_columns, std::size_t{64} << 20, work);
}

std::vector<Column> columns_together(const std::vector<LoadSource>& sources) {
  std::vector<Column> all;
  for (const LoadSource& source : sources) {
    for (const Column& column : source.columns) {
      const bool is_known = std::ranges::any_of(
          all, [&](const Column& each) { return is_same_name(each.name, column.name); });
      if (!is_known) all.push_back(column);
    }
  }
  return all;
}

Result<void> check_types(const SourceOptions& options, const std::vector<LoadSource>& sources) {
  std::vector<std::string> known;
  for (const Column& column : columns_together(sources)) known.push_back(column.name);
  if (known.empty()) return {};
  for (const auto& [name, type] : options.types) {
    if (std::ranges::any_of(known, [&](const auto& each) { return is_same_name(each, name); }))
      continue;
    return fail(Errc::invalid_args, "params.types: there is no column \"" + name + "\"",
                closest_names(name, known));
  }
  return {};
}

}  // namespace hearth::packs::sql
