#include "packs/sql/loader.hpp"

#include <algorithm>
#include <utility>

#include "base/closest.hpp"
#include "base/ids.hpp"
#include "packs/sql/transaction.hpp"
#include "packs/sql/transfer/column_types.hpp"

namespace hearth::packs::sql {
namespace {

constexpr std::size_t most_named = 10;  // files that an error tells of

std::vector<std::string> names_of(const std::vector<Column>& columns) {
  std::vector<std::string> names;
  for (const Column& column : columns) names.push_back(column.name);
  return names;
}

// What is wrong with several files, as one error.
Error together(const std::vector<std::pair<std::string, Error>>& problems, std::size_t files) {
  Error error = problems.front().second;
  if (files > 1 && problems.size() > 1) {
    error.message = std::to_string(problems.size()) + " of " + std::to_string(files) +
                    " files cannot be loaded: " + error.message;
    for (std::size_t i = 1; i < std::min(problems.size(), most_named); ++i) {
      error.message += "; " + problems[i].second.message;
    }
    if (problems.size() > most_named) {
      error.message += "; and " + std::to_string(problems.size() - most_named) + " more";
    }
  }
  error.message += ". Nothing was changed";
  return error;
}

// One load, from its files to its report.
class Load final {
 public:
  Load(Connections& connections,
       const Target& to,
       const LoadRequest& request,
       LoadSources files,
       const Work& work)
      : connections_(connections),
        to_(to),
        request_(request),
        files_(std::move(files)),
        work_(work) {}

  Result<LoadReport> run(const Key& key, bool& may_be_done);

 private:
  [[nodiscard]] bool reads_itself() const {
    return files_.reader().database.alias == to_.database.alias;
  }
  [[nodiscard]] Result<void> prepare();
  [[nodiscard]] Result<void> try_out();
  [[nodiscard]] Result<void> check_values() const;
  [[nodiscard]] Result<void> count_rows();
  [[nodiscard]] Result<void> take_types_of_table();
  [[nodiscard]] Result<void> find_columns();
  [[nodiscard]] Result<void> check_columns() const;
  [[nodiscard]] Result<Copied> load(const Key& key, bool& may_be_done);
  [[nodiscard]] Result<Copied> load_itself(const Key& key, bool& may_be_done);
  [[nodiscard]] Result<Executed> attempt(Connection& connection, const Key& key);
  [[nodiscard]] Result<void> read_rejects(Connection& connection);
  [[nodiscard]] Result<std::vector<std::string>> readers() const;
  [[nodiscard]] bool is_latin1_after_all();
  [[nodiscard]] Error blame(Error error);
  [[nodiscard]] LoadReport report() const;

  Connections& connections_;
  const Target& to_;
  const LoadRequest& request_;
  LoadSources files_;
  const Work& work_;
  std::vector<LoadSource> sources_;
  std::vector<FileReport> left_out_;
  std::optional<TableDetail> table_;  // what is there, and is not replaced
  std::vector<Column> columns_;       // of all files together, as the table has them
  LoadStatements plan_;
};

Result<LoadReport> Load::run(const Key& key, bool& may_be_done) {
  if (auto done = prepare(); !done) return std::unexpected(std::move(done.error()));
  if (request_.is_dry_run) {
    if (auto done = try_out(); !done) return std::unexpected(std::move(done.error()));
    return report();
  }
  auto copied = load(key, may_be_done);
  if (!copied && is_encoding_error(copied.error()) && is_latin1_after_all()) {
    copied = load(key, may_be_done);
  }
  if (!copied) return std::unexpected(blame(std::move(copied.error())));
  LoadReport done = report();
  done.added = copied->added;
  done.updated = copied->updated;
  done.replayed = copied->replayed;
  return done;
}

Result<void> Load::prepare() {
  std::vector<std::pair<std::string, Error>> problems;
  for (const LoadFile& file : request_.files) {
    auto source = files_.prepare(file, request_.options, work_);
    if (source) {
      sources_.push_back(std::move(*source));
      continue;
    }
    const Errc code = source.error().code;
    if (code == Errc::cancelled || code == Errc::timed_out) return std::unexpected(source.error());
    problems.emplace_back(file.name, source.error());
    left_out_.push_back({.name = file.name, .problem = std::move(source.error())});
  }
  const bool may_go_on = request_.options.skips_bad_rows && !sources_.empty();
  if (!problems.empty() && !may_go_on) {
    return std::unexpected(together(problems, request_.files.size()));
  }
  return check_types(request_.options, sources_);
}

// All that a load would be refused for, but for the constraints of the table.
Result<void> Load::try_out() {
  if (auto done = take_types_of_table(); !done) return done;
  if (auto done = find_columns(); !done) return done;
  if (auto done = check_columns(); !done) return done;
  if (auto done = check_values(); !done) return done;
  if (auto done = count_rows(); !done) return done;
  if (request_.mode != LoadMode::merge || !table_) return {};
  const auto all = readers();
  if (!all) return std::unexpected(all.error());
  const auto twins =
      files_.rows_of(check_of_keys("(" + union_of(*all) + ")", quoted_names(request_.key)), work_);
  if (!twins) return std::unexpected(twins.error());
  return {};
}

Result<void> Load::check_columns() const {
  const auto plan = statements_of({.table = request_.table,
                                   .mode = request_.mode,
                                   .exists = table_.has_value(),
                                   .sources = {"files"},
                                   .columns = names_of(columns_),
                                   .key = request_.key,
                                   .stage = "stage"});
  if (!plan) return std::unexpected(plan.error());
  if (!table_) return {};
  std::vector<std::string> known;
  for (const ColumnInfo& each : table_->columns) known.push_back(each.name);
  for (const Column& column : columns_) {
    if (std::ranges::any_of(known,
                            [&](const auto& each) { return is_same_name(each, column.name); }))
      continue;
    return fail(Errc::invalid_args,
                "table " + request_.table.quoted() + " has no column \"" + column.name + "\"",
                closest_names(column.name, known));
  }
  return {};
}

// Also where bad rows are left out: these are read, and become others.
Result<void> Load::check_values() const {
  std::vector<std::pair<std::string, Error>> problems;
  for (const LoadSource& source : sources_) {
    if (!source.is_csv()) continue;
    auto checked = files_.check_values(source, work_);
    if (checked) continue;
    const Errc code = checked.error().code;
    if (code != Errc::invalid_args) return checked;
    problems.emplace_back(source.report.name, std::move(checked.error()));
  }
  if (problems.empty()) return {};
  return std::unexpected(together(problems, request_.files.size()));
}

Result<void> Load::count_rows() {
  std::vector<std::pair<std::string, Error>> problems;
  for (LoadSource& source : sources_) {
    const auto rows = files_.count(source, work_);
    if (rows) {
      source.report.rows = *rows;
    } else {
      source.report.problem = rows.error();
      problems.emplace_back(source.report.name, rows.error());
    }
  }
  if (problems.empty() || request_.options.skips_bad_rows) return {};
  return std::unexpected(together(problems, request_.files.size()));
}

// Values that are added to a table are read as what its columns are: "007" stays a text.
Result<void> Load::take_types_of_table() {
  table_.reset();
  if (request_.mode == LoadMode::replace) return {};
  auto table = find_table(connections_, to_, request_.table, work_);
  if (!table) return std::unexpected(std::move(table.error()));
  table_ = std::move(*table);
  if (!table_) return {};
  for (LoadSource& source : sources_) {
    // Others have types of their own, which the table's columns take, or refuse as they come; but
    // of JSON, numbers.
    if (!source.is_csv() && !source.is_json() && !request_.is_dry_run) continue;
    bool is_other = false;
    for (const ColumnInfo& info : table_->columns) {
      const auto column = std::ranges::find_if(
          source.columns, [&](const Column& each) { return is_same_name(each.name, info.name); });
      const std::string type = duckdb_type(to_.engine->kind(), info.type);
      if (column == source.columns.end() || !checked_type(type)) continue;
      if (source.is_json() && !request_.is_dry_run && !is_number_type(type)) continue;
      const bool is_given = std::ranges::any_of(source.options.types, [&](const auto& given) {
        return is_same_name(given.first, info.name);
      });
      if (is_given || column->type == type) continue;
      source.options.types.emplace_back(column->name, type);
      is_other = true;
    }
    if (!is_other) continue;
    if (auto found = files_.find_columns(source, work_); !found) return found;
  }
  return {};
}

Result<void> Load::find_columns() {
  columns_ = columns_together(sources_);
  if (sources_.size() > 1) {  // a BIGINT here and a VARCHAR there are a VARCHAR
    const auto all = readers();
    if (!all) return std::unexpected(all.error());
    auto described = files_.columns_of(union_of(*all), work_);
    if (!described) return std::unexpected(std::move(described.error()));
    columns_ = std::move(*described);
  }
  if (!table_) return {};
  for (const ColumnInfo& info : table_->columns) {
    const auto column = std::ranges::find_if(
        columns_, [&](const Column& each) { return is_same_name(each.name, info.name); });
    if (column != columns_.end()) column->type = info.type;
  }
  return {};
}

Result<std::vector<std::string>> Load::readers() const {
  std::vector<std::string> all;
  for (const LoadSource& source : sources_) {
    auto reader = source.reader();
    if (!reader) return std::unexpected(std::move(reader.error()));
    all.push_back(std::move(*reader));
  }
  return all;
}

Result<Copied> Load::load(const Key& key, bool& may_be_done) {
  if (auto done = take_types_of_table(); !done) return std::unexpected(std::move(done.error()));
  if (auto done = find_columns(); !done) return std::unexpected(std::move(done.error()));
  if (auto done = check_values(); !done) return std::unexpected(std::move(done.error()));
  if (reads_itself()) return load_itself(key, may_be_done);
  if (request_.options.skips_bad_rows) {
    return fail(
        Errc::unsupported,
        "bad rows can be left out only in scratch and persistent, since others get the rows "
        "of a finished file",
        {"load into scratch with on_error \"skip\", then sql_copy the table"});
  }
  const auto all = readers();
  if (!all) return std::unexpected(all.error());
  const CopyMode mode = request_.mode == LoadMode::replace ? CopyMode::replace
                        : request_.mode == LoadMode::merge ? CopyMode::merge
                                                           : CopyMode::append;
  return Copier(connections_)
      .copy({.from = files_.reader(),
             .sql = union_of(*all),
             .to = to_,
             .table = request_.table,
             .mode = mode,
             .key = request_.key},
            key, may_be_done, work_);
}

Result<Copied> Load::load_itself(const Key& key, bool& may_be_done) {
  const auto executed =
      in_transaction(connections_, to_, key, may_be_done, work_,
                     [&](Connection& connection) { return attempt(connection, key); });
  if (!executed) return std::unexpected(executed.error());
  Copied copied{.added = executed->rows_affected.at(plan_.added), .replayed = executed->replayed};
  if (plan_.updated) copied.updated = executed->rows_affected.at(*plan_.updated);
  return copied;
}

Result<Executed> Load::attempt(Connection& connection, const Key& key) {
  for (LoadSource& source : sources_) {
    const bool has_rejects = request_.options.skips_bad_rows && source.is_csv();
    source.rejects = has_rejects ? "rejects_" + random_hex(8) : std::string();
  }
  const auto all = readers();
  if (!all) return std::unexpected(all.error());
  auto plan = statements_of({.table = request_.table,
                             .mode = request_.mode,
                             .exists = table_.has_value(),
                             .sources = *all,
                             .columns = names_of(columns_),
                             .key = request_.key,
                             .stage = "stage_" + random_hex(8)});
  if (!plan) return std::unexpected(std::move(plan.error()));
  plan_ = std::move(*plan);
  std::vector<Statement> statements;
  for (const std::string& sql : plan_.sql) statements.push_back({.sql = sql, .is_trusted = true});
  auto executed = connection.execute(statements, key, work_);
  if (!executed || executed->replayed) return executed;
  if (auto read = read_rejects(connection); !read) return std::unexpected(std::move(read.error()));
  return executed;
}

// They are the connection's own, and gone with it.
Result<void> Load::read_rejects(Connection& connection) {
  for (LoadSource& source : sources_) {
    if (source.rejects.empty()) continue;
    const std::string table = quoted_name(source.rejects);
    const auto rows = connection.query(
        {.sql = "SELECT line, any_value(column_name), any_value(error_message), count(*) OVER () "
                "FROM " +
                table + " GROUP BY line ORDER BY line LIMIT " + std::to_string(most_reported_rows)},
        {.rows = most_reported_rows}, work_);
    if (!rows) return std::unexpected(rows.error());
    const auto batch = (*rows)->next(most_reported_rows, std::size_t{4} << 20, work_);
    if (!batch) return std::unexpected(batch.error());
    for (std::size_t row = 0; row < batch->rows(); ++row) {
      source.report.skipped = number_of(batch->at(row, 3).text);
      source.report.bad_rows.push_back(bad_row(number_of(batch->at(row, 0).text),
                                               batch->at(row, 1).text, batch->at(row, 2).text));
    }
  }
  std::vector<Statement> drops;
  for (const LoadSource& source : sources_) {
    if (source.rejects.empty()) continue;
    drops.push_back({.sql = "DROP TABLE IF EXISTS " + quoted_name(source.rejects)});
    drops.push_back({.sql = "DROP TABLE IF EXISTS " + quoted_name(source.rejects + "_scans")});
  }
  if (drops.empty()) return {};
  auto dropped = connection.execute(drops, std::nullopt, work_);
  if (!dropped) return std::unexpected(std::move(dropped.error()));
  return {};
}

// A byte far behind the first ones may be the first that is no UTF-8.
bool Load::is_latin1_after_all() {
  bool is_any = false;
  for (LoadSource& source : sources_) {
    if (!source.kind.is_encoding_guessed || source.kind.encoding != Encoding::utf8) continue;
    source.rejects.clear();
    const auto rows = files_.count(source, work_);
    if (rows || !is_encoding_error(rows.error())) continue;
    source.kind.encoding = Encoding::latin1;
    source.report.kind.encoding = Encoding::latin1;
    is_any = true;
  }
  return is_any;
}

// Which files are at fault, and where in them.
Error Load::blame(Error error) {
  const bool is_about_data = error.code == Errc::invalid_args || error.code == Errc::not_found;
  if (!is_about_data) return error;
  std::vector<std::pair<std::string, Error>> problems;
  for (LoadSource& source : sources_) {
    source.rejects.clear();
    const auto checked = source.is_csv() ? files_.check_values(source, work_) : Result<void>();
    const auto rows = checked ? files_.count(source, work_)
                              : Result<std::int64_t>(std::unexpected(checked.error()));
    if (!rows) problems.emplace_back(source.report.name, rows.error());
  }
  if (!problems.empty()) return together(problems, request_.files.size());
  if (sources_.size() == 1) {
    return file_error(std::move(error), sources_[0].report.name, sources_[0].path);
  }
  return error;
}

LoadReport Load::report() const {
  LoadReport report{.columns = columns_};
  for (const LoadSource& source : sources_) report.files.push_back(source.report);
  report.files.insert(report.files.end(), left_out_.begin(), left_out_.end());
  return report;
}

}  // namespace

Result<LoadReport> Loader::load(const Target& to,
                                const Target& scratch,
                                const LoadRequest& request,
                                const Key& key,
                                bool& may_be_done,
                                const Work& work) const {
  auto own = to.engine->exchange_directory(to.database, to.session);
  if (!own) return std::unexpected(std::move(own.error()));
  auto files = LoadSources::open(connections_, own->empty() || request.is_dry_run ? scratch : to);
  if (!files) return std::unexpected(std::move(files.error()));
  return Load(connections_, to, request, std::move(*files), work).run(key, may_be_done);
}

}  // namespace hearth::packs::sql
