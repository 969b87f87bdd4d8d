// The files of a load as relations that DuckDB reads: each is brought to where it may be read, made
// readable, and looked into. No JSON. Blocks: on the pack's pool.
#pragma once

#include <cstdint>
#include <functional>
#include <optional>
#include <set>
#include <string>
#include <string_view>
#include <vector>

#include "packs/sql/connections.hpp"
#include "packs/sql/transfer/exchange.hpp"
#include "packs/sql/transfer/row_error.hpp"
#include "packs/sql/transfer/source.hpp"

namespace hearth::packs::sql {

// A whole number that DuckDB answered as text; 0 for anything else.
[[nodiscard]] std::int64_t number_of(std::string_view text);

// A file by its canonical path, which the caller may read, or its content.
struct LoadFile {
  std::string name;  // as the caller knows it
  std::string path;  // empty: `text` is the content
  std::string text;
  std::optional<Error> problem = {};  // why it cannot be read
};

struct FileReport {
  std::string name;
  SourceKind kind;
  std::optional<Error> problem;      // it was not loaded
  std::int64_t skipped = 0;          // rows that were left out
  std::vector<BadRow> bad_rows;      // the first of them
  std::optional<std::int64_t> rows;  // of a dry run
};
inline constexpr std::size_t most_reported_rows = 100;  // of a file

struct LoadSource {
  FileReport report;
  SourceKind kind;              // of what is read at `path`
  std::string path;             // as the engine knows it
  SourceOptions options;        // with what this file adds
  SourceOptions found;          // of a CSV: the same with all that was found out
  std::vector<Column> columns;  //
  std::string rejects;          // the table that its bad rows go to; empty: none
  // Of JSON: the members whose numbers were made texts, and the rows to take; empty: all.
  std::set<std::string, std::less<>> long_numbers;
  std::string good_rows;
  std::optional<std::int64_t> bad_lines;  // left out before values were looked at
  [[nodiscard]] Result<std::string> reader() const;
  [[nodiscard]] bool is_csv() const;
  [[nodiscard]] bool is_json() const;
};

class LoadSources final {
 public:
  // `reader` is the DuckDB database that reads: its exchange directory is made if need be.
  [[nodiscard]] static Result<LoadSources> open(Connections& connections, const Target& reader);

  // Errors name the file, and in it the row.
  [[nodiscard]] Result<LoadSource> prepare(const LoadFile& file,
                                           const SourceOptions& options,
                                           const Work& work);
  // Finds out what the columns are, with the types that the options have by now.
  [[nodiscard]] Result<void> find_columns(LoadSource& source, const Work& work) const;
  // Of a CSV: `invalid_args` names the first value that reading would change in silence.
  [[nodiscard]] Result<void> check_values(const LoadSource& source, const Work& work) const;
  // Reads all of it, with all values: its rows.
  [[nodiscard]] Result<std::int64_t> count(const LoadSource& source, const Work& work) const;
  // Of a query on the reader: its columns, and its rows where those are few.
  [[nodiscard]] Result<std::vector<Column>> columns_of(const std::string& sql,
                                                       const Work& work) const;
  [[nodiscard]] Result<Batch> rows_of(const std::string& sql, const Work& work) const;
  [[nodiscard]] const Target& reader() const { return reader_; }

 private:
  LoadSources(Connections& connections, Target reader, Exchange exchange)
      : connections_(connections), reader_(std::move(reader)), exchange_(std::move(exchange)) {}

  [[nodiscard]] static Result<void> check_options(const LoadSource& source);
  [[nodiscard]] Result<void> locate(const LoadFile& file, LoadSource& source, const Work& work);
  [[nodiscard]] Result<void> read_ahead(LoadSource& source, const Work& work);
  [[nodiscard]] Result<void> quote_long_numbers(LoadSource& source, const Work& work);
  [[nodiscard]] Result<void> decode_utf16(LoadSource& source, const Work& work);
  [[nodiscard]] Result<void> extract_json(LoadSource& source, const Work& work);
  [[nodiscard]] Result<void> keep_good_lines(LoadSource& source, const Work& work);
  [[nodiscard]] Result<void> sniff(LoadSource& source, const Work& work) const;
  void find_meaning_of_quotes(LoadSource& source, const Work& work) const;
  [[nodiscard]] Result<Batch> sniffed(LoadSource& source, const Work& work) const;
  [[nodiscard]] bool find_moments(LoadSource& source, const Work& work) const;
  [[nodiscard]] Result<void> leave_out_bad_values(LoadSource& source, const Work& work) const;
  void keep_digits(LoadSource& source, const Work& work) const;
  [[nodiscard]] Error changed_value(const LoadSource& source,
                                    std::int64_t row,
                                    const BadRow& value,
                                    const Work& work) const;
  [[nodiscard]] bool keep_digits_of_json(LoadSource& source, const Work& work) const;
  // For each of the columns of `reader`, where they are texts: the type that keeps all digits of
  // its first `rows` (all, if less than 0); nothing for one that holds others than numbers.
  [[nodiscard]] std::vector<std::optional<std::string>> exact_types(
      const std::string& reader,
      const std::vector<std::string>& columns,
      std::int64_t rows,
      const Work& work) const;
  [[nodiscard]] Result<Batch> sniffed(const LoadSource& source,
                                      bool skips_bad_rows,
                                      const Work& work) const;
  // One text of each row of a query on the reader, a line each.
  [[nodiscard]] Result<std::string> lines_of(const std::string& sql, const Work& work);

  Connections& connections_;
  Target reader_;
  Exchange exchange_;
};

// Of several files that go into one table: each name once.
[[nodiscard]] std::vector<Column> columns_together(const std::vector<LoadSource>& sources);
// Whether each column whose type is said is in one of the files, if those could be looked into.
[[nodiscard]] Result<void> check_types(const SourceOptions& options,
                                       const std::vector<LoadSource>& sources);

}  // namespace hearth::packs::sql
