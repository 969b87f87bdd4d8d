#include "packs/sql/duckdb/worker.hpp"

#include <unistd.h>

#include <algorithm>
#include <chrono>
#include <utility>

#include "base/ascii.hpp"
#include "packs/sql/duckdb/memory.hpp"
#include "packs/sql/duckdb/parameters.hpp"

namespace hearth::packs::sql::duckdb {
namespace {

constexpr std::size_t most_known = 64;
// A large statement is quicker with the pages of the last one, so a connection waits this long for
// it: a sort of a million rows takes a tenth more where they come anew from the system.
constexpr std::chrono::seconds pause_before_trim{2};
constexpr std::chrono::milliseconds least_work_that_frees{5};

Response failure(Error error) {
  return {.kind = ResponseKind::failure, .error = std::move(error)};
}

Result<Extracted> extract(duckdb_connection link, const std::string& sql, idx_t& count) {
  Extracted all;
  count = api().duckdb_extract_statements(link, sql.c_str(), all.out());
  if (count > 0) return all;
  const char* why = all ? api().duckdb_extract_statements_error(all.get()) : nullptr;
  if (why != nullptr) return std::unexpected(engine_error(why));
  return fail(Errc::invalid_args, "there is no statement in the text");
}

// DuckDB answers what changes rows with their number, also CREATE TABLE … AS; with RETURNING, with
// the rows themselves.
std::int64_t changed_rows(duckdb_statement_type type, QueryResult& result) {
  duckdb_result& raw = result.get();
  const bool changes = type == DUCKDB_STATEMENT_TYPE_INSERT ||
                       type == DUCKDB_STATEMENT_TYPE_UPDATE || type == DUCKDB_STATEMENT_TYPE_DELETE;
  const auto kind = api().duckdb_result_return_type(raw);
  if (changes && kind == DUCKDB_RESULT_TYPE_QUERY_RESULT) {
    std::int64_t rows = 0;
    while (const Chunk chunk = Chunk(api().duckdb_fetch_chunk(raw)))
      rows += static_cast<std::int64_t>(api().duckdb_data_chunk_get_size(chunk.get()));
    return rows;
  }
  const bool is_made = type == DUCKDB_STATEMENT_TYPE_CREATE && api().duckdb_column_count(&raw) == 1;
  if (kind != DUCKDB_RESULT_TYPE_CHANGED_ROWS && !is_made) return 0;
  const LogicalType counted(api().duckdb_column_logical_type(&raw, 0));
  if (api().duckdb_get_type_id(counted.get()) != DUCKDB_TYPE_BIGINT) return 0;
  const Chunk chunk(api().duckdb_fetch_chunk(raw));
  if (!chunk || api().duckdb_data_chunk_get_size(chunk.get()) == 0) return 0;
  const duckdb_vector count = api().duckdb_data_chunk_get_vector(chunk.get(), 0);
  return *static_cast<const std::int64_t*>(api().duckdb_vector_get_data(count));
}

// DuckDB puts what it knows of the data into a plan (the range of a column's values, a file's
// columns), so that a prepared statement is outdated by the next commit. One that neither reads
// from anything nor calls anything has no such plan, cannot write, and means the same for ever. A
// cast, be it 'x'::mood or mood 'x', may be to a type of the user's, which can be dropped.
bool is_timeless(std::string_view sql) {
  const std::string upper = ascii_upper(sql);
  return upper.starts_with("SELECT ") && upper.find_first_of("('\":") == std::string::npos &&
         !upper.contains("FROM") && !upper.contains("TABLE");
}

// EXPLAIN takes any statement, and what stands behind it need not be what was looked at: only those
// that begin with a word that EXPLAIN has no other use for.
Result<void> check_explainable(duckdb_statement_type type, bool is_run) {
  if (type == DUCKDB_STATEMENT_TYPE_SELECT) return {};
  if (is_run) {
    return fail(Errc::read_only, "to analyze a statement is to run it; of a SELECT only",
                {"explain it without analyze"});
  }
  switch (type) {
    case DUCKDB_STATEMENT_TYPE_INSERT:
    case DUCKDB_STATEMENT_TYPE_UPDATE:
    case DUCKDB_STATEMENT_TYPE_DELETE:
    case DUCKDB_STATEMENT_TYPE_CREATE:
      return {};
    default:
      return fail(Errc::unsupported, "there is no plan for such a statement",
                  {"explain a SELECT, INSERT, UPDATE, DELETE or CREATE TABLE … AS"});
  }
}

}  // namespace

Worker::Worker(Instances& instances, Control open, UniqueFd socket)
    : instances_(instances), open_(std::move(open)), socket_(std::move(socket)) {
  view_.instances = &instances_;
  view_.neighbours = open_.neighbours;
  view_.home = open_.home.path;
  view_.files = open_.files;
}

void Worker::interrupt(std::uint64_t request) {
  const auto running = running_.lock();
  if (running->link == nullptr || running->request != request) return;
  view_.interrupt();
  api().duckdb_interrupt(running->link);
}

// What must not be interrupted: DuckDB would say that it failed, and may have done it.
Result<void> Worker::run_uninterrupted(const char* sql) {
  const duckdb_connection link = std::exchange(running_.lock()->link, nullptr);
  auto done = duckdb::run(link_.get(), sql);
  running_.lock()->link = link;
  if (!done) return std::unexpected(std::move(done.error()));
  return {};
}

void Worker::roll_back() {
  is_spent_ = !run_uninterrupted("ROLLBACK") || is_spent_;
}

void Worker::tell_progress() {
  if (!is_busy_) return;
  double percentage = -1;
  if (const auto running = running_.lock(); running->link != nullptr) {
    percentage = api().duckdb_query_progress(running->link).percentage;
  }
  if (percentage >= 0) send({.kind = ResponseKind::progress, .done = percentage / 100});
}

void Worker::run() {
  const ScopedView scoped(view_);
  if (auto done = set_up(); !done) {
    // Told to the first request, which is on its way.
    if (receive_frame(socket_.get())) send(failure(done.error()));
    return;
  }
  serve();
  running_.lock()->link = nullptr;
  stop_reading();
  known_.clear();
}

Result<void> Worker::set_up() {
  auto instance = instances_.get(open_.home);
  if (!instance) return std::unexpected(std::move(instance.error()));
  instance_ = std::move(*instance);
  if (auto confined = confine_this_thread(instance_->confinement()); !confined) return confined;
  auto link = instance_->connect();
  if (!link) return std::unexpected(std::move(link.error()));
  link_ = std::move(*link);
  // Else DuckDB does not know how far a query is.
  for (const char* each :
       {"SET enable_progress_bar = true", "SET enable_progress_bar_print = false"}) {
    if (auto done = duckdb::run(link_.get(), each); !done) return std::unexpected(done.error());
  }
  if (auto done = forward_files(view_, link_.get()); !done) return done;
  running_.lock()->link = link_.get();
  return {};
}

Result<std::optional<std::string>> Worker::next_frame() {
  if (!std::exchange(has_freed_, false)) return receive_frame(socket_.get());
  auto frame = receive_frame(socket_.get(), std::chrono::steady_clock::now() + pause_before_trim);
  if (!frame || *frame) return frame;
  give_freed_memory_back();
  return receive_frame(socket_.get());
}

void Worker::serve() {
  for (;;) {
    const auto frame = next_frame();
    if (!frame || !*frame) return;
    const auto request = decode_request(**frame);
    if (!request) return send(failure(request.error()));
    ++running_.lock()->request;
    is_busy_ = true;
    const Response response = handle(*request);
    is_busy_ = false;
    send(response);
    if (is_spent_) return;  // in a transaction that does not end: the daemon connects anew
    // DuckDB serves nothing any more after an error of its own: the daemon starts another process.
    const bool is_broken =
        response.kind == ResponseKind::failure && response.error.code == Errc::engine_restarted;
    if (is_broken) ::_exit(70);
    // Nobody waits for it. What is being read here holds a transaction, in which it cannot be done.
    if (!reading_)
      instance_->checkpoints().run_if_due([this] { return run_uninterrupted("CHECKPOINT"); });
  }
}

void Worker::send(const Response& response) {
  const std::string frame = encode(response);
  const auto alone = sending_.lock();
  (void)send_frame(socket_.get(), frame);  // a daemon that is gone closes the socket
}

Response Worker::handle(const Request& request) {
  Result<Response> response = [&]() -> Result<Response> {
    switch (request.kind) {
      case RequestKind::query:
        return query(request);
      case RequestKind::fetch:
        return fetch(request, false);
      case RequestKind::execute:
        return execute(request);
      case RequestKind::explain:
        return explain(request);
      case RequestKind::close_rows:
        break;
    }
    stop_reading();
    return Response{};
  }();
  return response ? std::move(*response) : failure(std::move(response.error()));
}

// ---- Reading -----------------------------------------------------------------------------------

Result<Prepared> Worker::prepare_at(const Extracted& all, std::uint64_t index) {
  Prepared prepared;
  const auto state =
      api().duckdb_prepare_extracted_statement(link_.get(), all.get(), index, prepared.out());
  if (state == DuckDBSuccess) return prepared;
  const char* why = prepared ? api().duckdb_prepare_error(prepared.get()) : nullptr;
  return std::unexpected(engine_error(why != nullptr ? why : "out of memory"));
}

Result<void> Worker::start(duckdb_prepared_statement prepared,
                           const std::vector<Parameter>& parameters) {
  if (auto bound = bind_parameters(prepared, parameters); !bound) return bound;
  auto result = run_streaming(prepared);
  if (!result) return std::unexpected(std::move(result.error()));
  Reading reading{.result = std::move(*result)};
  duckdb_result& raw = reading.result.get();
  for (idx_t i = 0; i < api().duckdb_column_count(&raw); ++i) {
    const LogicalType type(api().duckdb_column_logical_type(&raw, i));
    reading.types.push_back(read_type(type.get()));
    reading.columns.push_back({api().duckdb_column_name(&raw, i), type_name(reading.types.back())});
  }
  reading_ = std::move(reading);
  return {};
}

// Prepared and run in one transaction, so that its plan knows what its snapshot holds. What a
// SELECT calls may write (nextval, through a view or a macro as well): DuckDB keeps the
// transaction from it.
Result<void> Worker::start_anew(const std::string& sql, const std::vector<Parameter>& parameters) {
  if (auto may = check_calls(sql); !may) return may;
  idx_t count = 0;
  const auto all = extract(link_.get(), sql, count);
  if (!all) return std::unexpected(all.error());
  if (count != 1) {
    if (has_pivot(sql)) {
      return fail(Errc::invalid_args, "a PIVOT in a query has to name its values",
                  {"PIVOT … ON column IN (value, …)"});
    }
    return fail(Errc::invalid_args, "expected one statement, got " + std::to_string(count),
                {"sql_execute runs several as one transaction"});
  }
  find_foreign_names(view_, sql);
  Checkpoints::Use use = instance_->checkpoints().use();
  if (auto begun = duckdb::run(link_.get(), "BEGIN TRANSACTION READ ONLY"); !begun) {
    return std::unexpected(std::move(begun.error()));
  }
  auto prepared = prepare_at(*all, 0);
  Result<void> started = prepared
                             ? check_reads(api().duckdb_prepared_statement_type(prepared->get()))
                             : std::unexpected(refusal_of(sql, std::move(prepared.error())));
  if (started) started = check_explained(prepared->get(), sql);
  if (started) started = start(prepared->get(), parameters);
  if (!started) {
    roll_back();
    return started;
  }
  reading_->in_transaction = true;
  reading_->use = std::move(use);
  if (!is_timeless(sql)) {
    reading_->prepared = std::move(*prepared);
    return {};
  }
  known_.push_front({sql, std::move(*prepared)});
  if (known_.size() > most_known) known_.pop_back();
  return {};
}

// EXPLAIN ANALYZE runs what it explains, whatever that is.
Result<void> Worker::check_explained(duckdb_prepared_statement prepared, const std::string& sql) {
  if (api().duckdb_prepared_statement_type(prepared) != DUCKDB_STATEMENT_TYPE_EXPLAIN) return {};
  const auto inner = prepare(link_.get(), std::string(explained(sql)));
  if (inner && api().duckdb_prepared_statement_type(inner->get()) == DUCKDB_STATEMENT_TYPE_SELECT)
    return {};
  return fail(Errc::read_only, "EXPLAIN of a SELECT, without options, is what a query may hold",
              {"sql_explain explains other statements"});
}

Result<Response> Worker::query(const Request& request) {
  stop_reading();
  const Statement& statement = request.statements.front();
  const auto known = std::ranges::find(known_, statement.sql, &Known::sql);
  if (known != known_.end()) known_.splice(known_.begin(), known_, known);
  const auto began = std::chrono::steady_clock::now();
  auto started = known == known_.end() ? start_anew(statement.sql, statement.parameters)
                                       : start(known->prepared.get(), statement.parameters);
  if (!started) return std::unexpected(std::move(started.error()));
  auto response = fetch(request, true);
  has_freed_ = std::chrono::steady_clock::now() - began > least_work_that_frees;
  return response;
}

Result<Response> Worker::fetch(const Request& request, bool with_columns) {
  if (!reading_) return fail(Errc::internal, "nothing is being read");
  Response response{.kind = ResponseKind::rows};
  if (with_columns) response.columns = reading_->columns;
  response.batch = Batch(reading_->types.size());
  auto at_end = fill(response.batch, request.most_rows, request.most_bytes);
  if (!at_end || *at_end) stop_reading();
  if (!at_end) return std::unexpected(std::move(at_end.error()));
  response.is_at_end = *at_end;
  return response;
}

// Whether there are no rows behind those it added: it looks once beyond them.
Result<bool> Worker::fill(Batch& batch, std::uint64_t most_rows, std::uint64_t most_bytes) {
  Reading& reading = *reading_;
  for (;;) {
    const std::uint64_t size =
        reading.chunk ? api().duckdb_data_chunk_get_size(reading.chunk.get()) : 0;
    if (reading.row >= size) {
      reading.chunk = Chunk(api().duckdb_fetch_chunk(reading.result.get()));
      reading.row = 0;
      if (reading.chunk) continue;
      const char* why = api().duckdb_result_error(&reading.result.get());
      if (why != nullptr && *why != '\0') return std::unexpected(engine_error(why));
      return true;
    }
    const bool is_full =
        batch.rows() >= most_rows || (batch.rows() > 0 && batch.bytes() >= most_bytes);
    if (is_full) return false;
    const std::uint64_t end = std::min(size, reading.row + (most_rows - batch.rows()));
    reading.row = add_rows(reading.types, reading.chunk.get(), reading.row, end, most_bytes, batch);
  }
}

void Worker::stop_reading() {
  if (!reading_) return;
  const bool in_transaction = reading_->in_transaction;
  const Checkpoints::Use use = std::move(reading_->use);  // until the transaction has ended
  reading_.reset();
  if (in_transaction) roll_back();
}

Result<Response> Worker::explain(const Request& request) {
  stop_reading();
  const Statement& statement = request.statements.front();
  if (auto may = check_calls(statement.sql); !may) return std::unexpected(std::move(may.error()));
  find_foreign_names(view_, statement.sql);
  const auto inner = prepare(link_.get(), statement.sql);  // one statement
  if (!inner) return std::unexpected(inner.error());
  if (auto may =
          check_explainable(api().duckdb_prepared_statement_type(inner->get()), request.analyze);
      !may) {
    return std::unexpected(std::move(may.error()));
  }
  Checkpoints::Use use = instance_->checkpoints().use();
  // What changes rows is planned as what it is, and not run.
  if (auto begun = duckdb::run(
          link_.get(), request.analyze ? "BEGIN TRANSACTION READ ONLY" : "BEGIN TRANSACTION");
      !begun) {
    return std::unexpected(std::move(begun.error()));
  }
  const auto plan =
      prepare(link_.get(), (request.analyze ? "EXPLAIN ANALYZE " : "EXPLAIN ") + statement.sql);
  auto started =
      plan ? start(plan->get(), statement.parameters) : Result<void>(std::unexpected(plan.error()));
  if (!started) {
    roll_back();
    return std::unexpected(std::move(started.error()));
  }
  reading_->in_transaction = true;
  reading_->use = std::move(use);
  Request all = request;
  all.most_rows = 1000;
  all.most_bytes = std::size_t{4} << 20;
  auto response = fetch(all, true);
  stop_reading();
  return response;
}

// ---- Writing -----------------------------------------------------------------------------------

Result<Response> Worker::execute(const Request& request) {
  stop_reading();
  has_freed_ = true;  // loads and changes of many rows come by here
  if (open_.is_read_only) {
    return fail(Errc::read_only, "this database is open for reading only; nothing was written");
  }
  const Checkpoints::Use use = instance_->checkpoints().use();
  if (auto begun = duckdb::run(link_.get(), "BEGIN TRANSACTION"); !begun) {
    return std::unexpected(std::move(begun.error()));
  }
  auto executed = run_all(request);
  if (executed && !executed->replayed) {
    auto committed = run_uninterrupted("COMMIT");
    if (!committed) return std::unexpected(std::move(committed.error()));
    instance_->checkpoints().committed(instance_->log_bytes());
  } else {
    roll_back();
  }
  if (!executed) return std::unexpected(std::move(executed.error()));
  return Response{.kind = ResponseKind::executed, .executed = std::move(*executed)};
}

Result<Executed> Worker::run_all(const Request& request) {
  const bool has_key = request.key && instance_->spec().keeps_keys;
  if (has_key) {
    auto found = find_key(*request.key);
    if (!found) return std::unexpected(std::move(found.error()));
    if (*found) return std::move(**found);
  }
  Executed executed;
  for (std::size_t i = 0; i < request.statements.size(); ++i) {
    auto done = run_text(request, request.statements[i], executed);
    if (done) continue;
    if (request.statements.size() == 1) return std::unexpected(std::move(done.error()));
    return std::unexpected(std::move(done.error()).within("statement " + std::to_string(i + 1)));
  }
  if (has_key) {
    if (auto kept = keep_key(*request.key, executed); !kept) return std::unexpected(kept.error());
  }
  return executed;
}

// Other databases are read by their alias, and changed by calls of their own.
Error Worker::advised(Error why, std::string_view sql) const {
  const Neighbour* owner = why.code == Errc::not_found ? changed_neighbour(view_, sql) : nullptr;
  if (owner == nullptr) return why;
  why.suggestions.push_back("a statement changes its own database only: give \"" + owner->alias +
                            "\" as the database, and leave it out of the names");
  return why;
}

// One text may hold several statements; each is prepared when those before it have run.
Result<void> Worker::run_text(const Request& request, const Statement& statement, Executed& to) {
  const bool is_trusted = request.is_trusted || statement.is_trusted;
  if (!is_trusted) {
    if (auto may = check_calls(statement.sql); !may) return may;
    if (auto may = check_lasting(statement.sql); !may) return may;
  }
  idx_t count = 0;
  const auto all = extract(link_.get(), statement.sql, count);
  if (!all) return std::unexpected(all.error());
  if (count > 1 && !statement.parameters.empty()) {
    return fail(Errc::invalid_args, "params go with one statement, this text holds several");
  }
  const std::vector<std::string_view> parts = statements_in(statement.sql);
  for (idx_t i = 0; i < count; ++i) {
    // One that DuckDB makes several of (PIVOT) is looked at whole.
    const std::string_view sql = parts.size() == count ? parts[i] : statement.sql;
    const auto failed = [&](Error why) {
      Error error = advised(std::move(why), sql);
      if (count > 1) error = std::move(error).within("its statement " + std::to_string(i + 1));
      return std::unexpected(std::move(error));
    };
    if (const Neighbour* const other = defined_upon(view_, sql)) {
      return failed(
          {Errc::unsupported,
           "a view or macro reads its own database only, and " + other->alias + " is another one",
           {"hearth_query('" + other->alias + "', 'SELECT …') in it reads the other",
            "CREATE TABLE … AS keeps a copy"}});
    }
    find_foreign_names(view_, sql);
    auto prepared = prepare_at(*all, i);
    if (!prepared && is_trusted) return failed(std::move(prepared.error()));
    if (!prepared) return failed(refusal_of(statement.sql, std::move(prepared.error())));
    const auto type = api().duckdb_prepared_statement_type(prepared->get());
    if (count > 1 && type == DUCKDB_STATEMENT_TYPE_EXPLAIN)
      return fail(Errc::unsupported, "EXPLAIN stands alone", {"use sql_explain"});
    if (auto may = check_explained(prepared->get(), statement.sql); !may) return may;
    const bool merges =
        type == DUCKDB_STATEMENT_TYPE_INVALID && count == 1 && is_merge(statement.sql);
    if (const auto effect = effect_of(type); !effect && !is_trusted && !merges) {
      return std::unexpected(effect.error());
    }
    if (auto bound = bind_parameters(prepared->get(), statement.parameters); !bound) return bound;
    QueryResult result;
    if (api().duckdb_execute_prepared(prepared->get(), result.out()) != DuckDBSuccess)
      return failed(engine_error(api().duckdb_result_error(&result.get())));
    to.rows_affected.push_back(changed_rows(type, result));
  }
  return {};
}

}  // namespace hearth::packs::sql::duckdb
