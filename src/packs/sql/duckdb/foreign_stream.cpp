#include "packs/sql/duckdb/foreign_stream.hpp"

#include <utility>

#include "packs/sql/duckdb/gate.hpp"

namespace hearth::packs::sql::duckdb {
namespace {

Result<Prepared> prepare_select(duckdb_connection link, const std::string& sql) {
  if (auto may = check_calls(sql); !may) return std::unexpected(std::move(may.error()));
  auto prepared = prepare(link, sql);
  if (!prepared) return prepared;
  if (api().duckdb_prepared_statement_type(prepared->get()) != DUCKDB_STATEMENT_TYPE_SELECT) {
    return fail(Errc::read_only, "hearth_query runs SELECT only");
  }
  return prepared;
}

Result<ForeignColumns> columns_here(const Instance& instance, const std::string& sql) {
  auto link = instance.connect();
  if (!link) return std::unexpected(std::move(link.error()));
  auto prepared = prepare_select(link->get(), sql);
  if (!prepared) return std::unexpected(std::move(prepared.error()));
  ForeignColumns columns;
  const idx_t count = api().duckdb_prepared_statement_column_count(prepared->get());
  for (idx_t i = 0; i < count; ++i) {
    const char* name = api().duckdb_prepared_statement_column_name(prepared->get(), i);
    columns.names.emplace_back(name == nullptr ? "" : name);
    api().duckdb_free(const_cast<char*>(name));
    columns.types.emplace_back(
        api().duckdb_prepared_statement_column_logical_type(prepared->get(), i));
  }
  return columns;
}

}  // namespace

Result<ForeignColumns> columns_of(Spawner& spawner,
                                  const std::shared_ptr<Instance>& instance,
                                  const std::string& sql) {
  Result<ForeignColumns> columns = fail(Errc::internal, "not asked");
  spawner.run([&] {
    auto confined = confine_this_thread(instance->confinement());
    columns = confined ? columns_here(*instance, sql) : std::unexpected(confined.error());
  });
  return columns;
}

ForeignStream::ForeignStream(Spawner& spawner, std::shared_ptr<Instance> instance, std::string sql)
    : instance_(std::move(instance)), sql_(std::move(sql)), thread_(spawner.start([this] {
        auto done = run();
        auto state = state_.lock();
        state->is_done = true;
        if (!done) state->error = std::move(done.error());
        state_.notify_all();
      })) {}

ForeignStream::~ForeignStream() {
  {
    auto state = state_.lock();
    state->is_ended = true;
    if (state->link != nullptr) api().duckdb_interrupt(state->link);
    state_.notify_all();
  }
  thread_.join();
}

void ForeignStream::interrupt() {
  auto state = state_.lock();
  state->is_ended = true;
  if (state->link != nullptr) api().duckdb_interrupt(state->link);
  state_.notify_all();
}

Result<void> ForeignStream::run() {
  if (auto confined = confine_this_thread(instance_->confinement()); !confined) return confined;
  const Checkpoints::Use use = instance_->checkpoints().use();
  auto link = instance_->connect();
  if (!link) return std::unexpected(std::move(link.error()));
  state_.lock()->link = link->get();
  auto done = pump(link->get());
  state_.lock()->link = nullptr;
  return done;
}

// In a transaction that the engine keeps from writing, whatever functions the SELECT calls.
Result<void> ForeignStream::pump(duckdb_connection link) {
  if (auto begun = duckdb::run(link, "BEGIN TRANSACTION READ ONLY"); !begun) {
    return std::unexpected(std::move(begun.error()));
  }
  auto prepared = prepare_select(link, sql_);
  if (!prepared) return std::unexpected(std::move(prepared.error()));
  auto result = run_streaming(prepared->get());
  if (!result) return std::unexpected(std::move(result.error()));
  for (;;) {
    Chunk chunk(api().duckdb_fetch_chunk(result->get()));
    if (!chunk) break;
    if (api().duckdb_data_chunk_get_size(chunk.get()) == 0) continue;
    if (!push(std::move(chunk))) return {};
  }
  const char* why = api().duckdb_result_error(&result->get());
  if (why != nullptr && *why != '\0') return std::unexpected(engine_error(why));
  return {};
}

bool ForeignStream::push(Chunk chunk) {
  auto state = state_.lock();
  state.wait([](const State& now) { return now.is_ended || now.chunks.size() < most_chunks; });
  if (state->is_ended) return false;
  state->chunks.push_back(std::move(chunk));
  state_.notify_all();
  return true;
}

Result<Chunk> ForeignStream::next() {
  auto state = state_.lock();
  state.wait([](const State& now) { return now.is_ended || now.is_done || !now.chunks.empty(); });
  if (state->is_ended) return fail(Errc::cancelled, "the query was interrupted");
  if (!state->chunks.empty()) {
    Chunk chunk = std::move(state->chunks.front());
    state->chunks.pop_front();
    state_.notify_all();
    return chunk;
  }
  if (state->error) return std::unexpected(*state->error);
  return Chunk();
}

}  // namespace hearth::packs::sql::duckdb
