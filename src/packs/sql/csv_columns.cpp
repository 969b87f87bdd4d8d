// What LoadSources finds out about a CSV: its dialect and its columns, by DuckDB's sniffer, and
// what that gets wrong by the file's first bytes.
#include <algorithm>

#include "packs/sql/load_sources.hpp"
#include "packs/sql/transfer/changed_values.hpp"
#include "packs/sql/transfer/sql_text.hpp"
#include "packs/sql/transfer/unpack.hpp"

namespace hearth::packs::sql {
namespace {

constexpr std::size_t longest_sample = std::size_t{8} << 20;  // that columns are found out by
constexpr std::int64_t sample_rows = 20'480;                  // that DuckDB looks at

// Shows the beginning of a file piece by piece until one says that it has seen enough; false when
// the file is not one to look into.
template <typename Look>
bool looked_through(const LoadSource& source, const Look& has_seen_enough) {
  const auto file = Unpacker::open(source.path, source.kind.compression);
  if (!file) return false;
  for (std::size_t seen = 0; seen < longest_sample;) {
    const auto piece = (*file)->next();
    if (!piece) return false;
    if (piece->empty() || has_seen_enough(*piece)) break;
    seen += piece->size();
  }
  return true;
}

// Whether the rows that DuckDB has looked at say nothing about quotes, which may yet come: then
// they are those of RFC 4180.
bool has_no_quotes(const LoadSource& source) {
  std::int64_t rows = source.options.sample_rows.value_or(sample_rows);
  bool is_any = false;
  const bool is_known = looked_through(source, [&](std::string_view piece) {
    const auto end = std::ranges::find_if(piece, [&](char c) { return c == '\n' && --rows == 0; });
    is_any = std::find(piece.begin(), end, '"') != end;
    return is_any || end != piece.end();
  });
  return is_known && !is_any;
}

// Whether there is a field "" among the first.
bool has_quoted_nothing(const LoadSource& source) {
  static constexpr std::string_view wanted = "\"\"";
  const auto is_between_fields = [](char each) {
    return std::string_view(",;|\t\r\n").contains(each);
  };
  std::string before;
  bool is_any = false;
  (void)looked_through(source, [&](std::string_view piece) {
    const std::string seen = before + std::string(piece);
    for (std::size_t at = seen.find(wanted); at != std::string::npos && !is_any;
         at = seen.find(wanted, at + 1)) {
      const char left = at == 0 ? '\n' : seen[at - 1];
      const char right = at + 2 < seen.size() ? seen[at + 2] : '\n';
      is_any = is_between_fields(left) && is_between_fields(right);
    }
    before = seen.substr(seen.size() - std::min<std::size_t>(seen.size(), 3));
    return is_any;
  });
  return is_any;
}

// Whether the first lines of a file hold nothing.
bool are_blank(const LoadSource& source, std::int64_t lines) {
  if (lines == 0) return true;
  bool has_text = false;
  const bool is_known = looked_through(source, [&](std::string_view piece) {
    for (const char each : piece) {
      if (each == '\n' && --lines == 0) return true;
      has_text = each != '\n' && each != '\r' && each != ' ' && each != '\t';
      if (has_text) return true;
    }
    return false;
  });
  return is_known && !has_text && lines == 0;
}

// Whether lines at the beginning would be left out that hold something, though nobody said so.
bool passes_over(const LoadSource& source, const Batch& sniffed) {
  return sniffed.rows() > 0 && !source.options.skip_rows &&
         !are_blank(source, number_of(sniffed.at(0, 6).text));
}

// DuckDB would leave them out unsaid, be it a preamble or all but one row.
std::unexpected<Error> unlike_the_rest(const LoadSource& source, std::int64_t lines) {
  const std::string number = std::to_string(lines);
  return fail(Errc::invalid_args,
              source.report.name + ": the first " + number +
                  " lines do not have the columns of those behind them",
              {"mend the lines that have other columns than the rest",
               "or say read.skip_rows " + number + " to leave them out"});
}

// Whether there may be a number of 16 digits among the rows that DuckDB has looked at.
bool may_have_long_numbers(const LoadSource& source) {
  std::int64_t rows = source.options.sample_rows.value_or(sample_rows);
  int digits = 0;
  const bool is_known = looked_through(source, [&](std::string_view piece) {
    for (const char each : piece) {
      digits = each >= '0' && each <= '9' ? digits + 1 : 0;
      if (digits > 15 || (each == '\n' && --rows == 0)) return true;
    }
    return false;
  });
  return !is_known || digits > 15;
}

// Lines before the first row.
std::int64_t lines_before_rows(const SourceOptions& found) {
  return found.skip_rows.value_or(0) + (found.header.value_or(false) ? 1 : 0);
}

char quote_of(const SourceOptions& found) {
  return found.quote && found.quote->size() == 1 ? found.quote->front() : '\0';
}

// Whether the bytes are such that ChangedValueSearch understands them.
bool is_searchable(const SourceOptions& found) {
  return found.delimiter && found.delimiter->size() == 1 && found.comment.value_or("").empty() &&
         (found.quote.value_or("").empty() || found.escape.value_or("").empty() ||
          found.escape == found.quote);
}

// For decimals with so many digits before and behind the point.
std::string exact_type(std::int64_t whole, std::int64_t fraction) {
  constexpr std::int64_t most_digits = 38;
  if (whole <= 15) return "DOUBLE";
  if (whole + fraction > most_digits) return "VARCHAR";
  return fraction == 0 ? "HUGEINT" : "DECIMAL(38," + std::to_string(fraction) + ")";
}

// Whether lines end in both ways, of which DuckDB's strict parser reads neither.
bool has_mixed_ends(const LoadSource& source) {
  bool has_crlf = false;
  bool has_lf = false;
  char before = '\0';
  const bool is_known = looked_through(source, [&](std::string_view piece) {
    for (const char each : piece) {
      if (each == '\n') (before == '\r' ? has_crlf : has_lf) = true;
      before = each;
    }
    return has_crlf && has_lf;
  });
  return is_known && has_crlf && has_lf;
}

// Whether each line is one value, and the name of all of them looks like several.
bool holds_lines(const Batch& columns) {
  return columns.rows() == 1 &&
         columns.at(0, 0).text.find_first_of(",;|\t") != std::string_view::npos;
}

}  // namespace

// A file that writes NULL as nothing has "" for an empty text. Where "" is among numbers or dates,
// it is how the file writes NULL.
void LoadSources::find_meaning_of_quotes(LoadSource& source, const Work& work) const {
  if (source.options.keeps_empty_texts || !source.options.null_texts.empty() ||
      !has_quoted_nothing(source)) {
    return;
  }
  LoadSource as_null = source;
  as_null.options.types.clear();
  LoadSource as_text = as_null;
  as_text.options.keeps_empty_texts = true;
  source.options.keeps_empty_texts = sniff(as_null, work) && sniff(as_text, work) &&
                                     as_null.found.columns == as_text.found.columns;
}

Result<Batch> LoadSources::sniffed(const LoadSource& source,
                                   bool skips_bad_rows,
                                   const Work& work) const {
  SourceOptions options = source.options;
  options.skips_bad_rows = skips_bad_rows;
  const auto sql = sniffer_sql(source.path, source.kind, options);
  if (!sql) return std::unexpected(sql.error());
  return rows_of(*sql, work);
}

// The strict way, unless that finds no columns, one that looks like several, or lines to pass over
// at the beginning: then a row may be at fault that has other columns than the rest. Without it
// they are found, and reading names it.
Result<Batch> LoadSources::sniffed(LoadSource& source, const Work& work) const {
  auto strict = sniffed(source, false, work);
  if (!strict && !source.options.has_mixed_ends && has_mixed_ends(source)) {
    source.options.has_mixed_ends = true;
    // Of what is not strict, DuckDB takes quotes without an escape for as good.
    if (!source.options.quote) source.options.quote = "\"";
    if (!source.options.escape) source.options.escape = source.options.quote;
    strict = sniffed(source, false, work);
  }
  const bool is_plain = strict && !holds_lines(*strict) && !passes_over(source, *strict);
  if (is_plain && !source.options.skips_bad_rows) return strict;
  auto lenient = sniffed(source, true, work);
  if (lenient && (!strict || lenient->rows() > 1) && !passes_over(source, *lenient)) return lenient;
  if (strict || !strict.error().message.contains("Error when sniffing file") ||
      is_encoding_error(strict.error())) {
    return strict;
  }
  return fail(Errc::invalid_args, "no delimiter was found by which all lines have the same columns",
              {"say how it is written: read.delimiter, read.quote, read.skip_rows",
               "or name what it is: read.format"});
}

// Once: a reader that finds out by itself does so each time that DuckDB plans it.
Result<void> LoadSources::sniff(LoadSource& source, const Work& work) const {
  const auto rows = sniffed(source, work);
  if (!rows) return std::unexpected(rows.error());
  const auto text_at = [&](std::size_t column) -> std::optional<std::string> {
    const Batch::View cell = rows->at(0, column);
    if (cell.kind == CellKind::null) return std::nullopt;
    return cell.text == "(empty)" ? std::string() : std::string(cell.text);
  };
  source.columns.clear();
  source.found = source.options;
  for (std::size_t row = 0; row < rows->rows(); ++row) {
    source.columns.push_back(
        {std::string(rows->at(row, 0).text), std::string(rows->at(row, 1).text)});
    source.found.columns.emplace_back(source.columns.back().name, source.columns.back().type);
  }
  if (source.columns.empty()) return fail(Errc::internal, "DuckDB found no columns");
  source.found.delimiter = text_at(2);
  source.found.quote = text_at(3);
  source.found.escape = text_at(4);
  source.found.comment = text_at(5);
  if (!source.options.quote && source.found.quote == "" && has_no_quotes(source)) {
    source.found.quote = "\"";
    source.found.escape = source.options.escape.value_or("\"");
  }
  source.found.skip_rows = number_of(rows->at(0, 6).text);
  if (passes_over(source, *rows)) return unlike_the_rest(source, *source.found.skip_rows);
  source.found.header = rows->at(0, 7).text == "true";
  source.found.date_format = text_at(8);
  source.found.timestamp_format = text_at(9);
  keep_digits(source, work);
  return {};
}

// DuckDB takes numbers that a BIGINT cannot hold, and decimals of any length, for DOUBLE, which
// rounds what has more than 15 digits before its point.
void LoadSources::keep_digits(LoadSource& source, const Work& work) const {
  if (source.options.decimal_separator || !may_have_long_numbers(source)) return;
  LoadSource as_text = source;
  std::vector<std::size_t> doubles;
  std::vector<std::string> names;
  for (std::size_t i = 0; i < source.columns.size(); ++i) {
    const auto& [name, type] = source.found.columns[i];
    const bool is_given = std::ranges::any_of(
        source.options.types, [&](const auto& given) { return is_same_name(given.first, name); });
    if (type != "DOUBLE" || is_given) continue;
    as_text.found.columns[i].second = "VARCHAR";
    doubles.push_back(i);
    names.push_back(name);
  }
  const auto reader = as_text.reader();
  if (doubles.empty() || !reader) return;
  const auto types =
      exact_types(*reader, names, source.options.sample_rows.value_or(sample_rows), work);
  for (std::size_t i = 0; i < doubles.size(); ++i) {
    if (types[i])
      source.columns[doubles[i]].type = source.found.columns[doubles[i]].second = *types[i];
  }
}

// Of what quote_long_numbers() has made texts. Whether some columns have other types than DuckDB
// has found.
bool LoadSources::keep_digits_of_json(LoadSource& source, const Work& work) const {
  LoadSource as_text = source;
  std::vector<std::size_t> places;
  std::vector<std::string> names;
  for (std::size_t i = 0; i < source.columns.size(); ++i) {
    const auto& [name, type] = source.columns[i];
    const auto is_it = [&name](std::string_view each) { return is_same_name(each, name); };
    const bool is_given = std::ranges::any_of(
        source.options.types, [&](const auto& given) { return is_it(given.first); });
    const bool is_long = !is_given && std::ranges::any_of(source.long_numbers, is_it);
    as_text.options.columns.emplace_back(name, is_long ? "VARCHAR" : type);
    if (!is_long) continue;
    places.push_back(i);
    names.push_back(name);
  }
  const auto reader = as_text.reader();
  if (places.empty() || !reader) return false;
  const auto types = exact_types(*reader, names, -1, work);
  for (std::size_t i = 0; i < places.size(); ++i)
    source.columns[places[i]].type = types[i].value_or("VARCHAR");
  return true;
}

// In a format of their own, dates and times are read as that says and not otherwise.
Result<void> LoadSources::check_values(const LoadSource& source, const Work& work) const {
  const SourceOptions& found = source.found;
  LoadSource as_text = source;
  as_text.rejects.clear();
  std::vector<Exactness> columns;
  std::string names;
  std::string types;
  std::string values;
  std::string is_any;
  for (auto& [name, type] : as_text.found.columns) {
    Exactness exactness = exactness_of(type);
    const bool has_format = (exactness == Exactness::date && found.date_format) ||
                            (exactness == Exactness::timestamp && found.timestamp_format);
    if (has_format) exactness = Exactness::other;
    columns.push_back(exactness);
    const std::string given = std::exchange(type, "VARCHAR");
    if (exactness == Exactness::other) continue;
    const std::string column = quoted_name(name);
    const std::string is_changed = is_changed_sql(column, given);
    is_any += (is_any.empty() ? "" : " OR ") + is_changed;
    names += " WHEN " + is_changed + " THEN " + quoted_text(name);
    types += " WHEN " + is_changed + " THEN " + quoted_text(given);
    values += " WHEN " + is_changed + " THEN " + column;
  }
  if (is_any.empty()) return {};
  if (is_searchable(found)) {
    const auto file = Unpacker::open(source.path, source.kind.compression);
    if (!file) return std::unexpected(file.error());
    ChangedValueSearch search(found.delimiter->front(), quote_of(found), lines_before_rows(found),
                              std::move(columns));
    auto done = read_through(**file, work.stop, [&](std::string_view piece) {
      search.add(piece);
      return !search.has_found();
    });
    if (!done || !search.has_found()) return done;
  }
  const auto reader = as_text.reader();
  if (!reader) return std::unexpected(reader.error());
  const auto bad =
      rows_of("SELECT hearth_nth, CASE" + names + " END, CASE" + types + " END, CASE" + values +
                  " END FROM (SELECT row_number() OVER () AS hearth_nth, * FROM " + *reader +
                  ") WHERE " + is_any + " ORDER BY hearth_nth LIMIT 1",
              work);
  const bool is_over =
      !bad && (bad.error().code == Errc::cancelled || bad.error().code == Errc::timed_out);
  if (is_over) return std::unexpected(bad.error());
  if (!bad || bad->rows() == 0) return {};  // of rows that cannot be read, reading tells
  return std::unexpected(changed_value(source, number_of(bad->at(0, 0).text),
                                       {.line = 0,
                                        .column = std::string(bad->at(0, 1).text),
                                        .value = std::string(bad->at(0, 3).text.substr(0, 200)),
                                        .problem = std::string(bad->at(0, 2).text)},
                                       work));
}

// `value.problem` is the type.
Error LoadSources::changed_value(const LoadSource& source,
                                 std::int64_t row,
                                 const BadRow& value,
                                 const Work& work) const {
  std::string place = ", row " + std::to_string(row) + " of those that can be read";
  if (!source.options.skips_bad_rows) {
    const auto file = Unpacker::open(source.path, source.kind.compression);
    LineOfRow search(quote_of(source.found), lines_before_rows(source.found), row);
    if (file) {
      (void)read_through(**file, work.stop, [&](std::string_view piece) {
        search.add(piece);
        return !search.line();
      });
    }
    if (search.line()) place = ", line " + std::to_string(*search.line());
  }
  return {Errc::invalid_args,
          source.report.name + place + ", column \"" + value.column + "\": \"" + value.value +
              "\" is no " + value.problem + ", and would be changed",
          {"say a type that holds it: types {\"" + value.column + "\": \"VARCHAR\"}",
           "or mend the value"}};
}

std::vector<std::optional<std::string>> LoadSources::exact_types(
    const std::string& reader,
    const std::vector<std::string>& columns,
    std::int64_t rows,
    const Work& work) const {
  std::string sql;
  for (const std::string& name : columns) {
    const std::string quoted = quoted_name(name);
    sql += (sql.empty() ? "" : ", ") + ("bool_and(regexp_full_match(" + quoted) +
           ", '[-+]?[0-9]+([.][0-9]+)?')), bool_and(regexp_full_match(" + quoted +
           ", '[-+]?[0-9]+([.][0-9]+)?([eE][-+]?[0-9]+)?')), max(length(regexp_extract(" + quoted +
           ", '^[-+]?0*([0-9]*)', 1))), max(length(regexp_extract(" + quoted +
           ", '[.]([0-9]+)$', 1)))";
  }
  std::vector<std::optional<std::string>> types(columns.size());
  const auto found = rows_of("SELECT " + sql + " FROM (SELECT * FROM " + reader +
                                 (rows < 0 ? "" : " LIMIT " + std::to_string(rows)) + ")",
                             work);
  if (!found) return types;  // a row is at fault, as reading will say
  for (std::size_t i = 0; i < columns.size(); ++i) {
    if (found->at(0, 4 * i + 1).text != "true") continue;
    const bool has_powers = found->at(0, 4 * i).text != "true";
    types[i] = has_powers ? "DOUBLE"
                          : exact_type(number_of(found->at(0, 4 * i + 2).text),
                                       number_of(found->at(0, 4 * i + 3).text));
  }
  return types;
}

}  // namespace hearth::packs::sql
