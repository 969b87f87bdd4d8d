// Worker's part that keeps the key of a write with the write.
#include <charconv>
#include <chrono>

#include "packs/sql/duckdb/parameters.hpp"
#include "packs/sql/duckdb/worker.hpp"

namespace hearth::packs::sql::duckdb {
namespace {

std::string joined(const std::vector<std::int64_t>& numbers) {
  std::string text;
  for (const std::int64_t each : numbers) text += (text.empty() ? "" : ",") + std::to_string(each);
  return text;
}

std::vector<std::int64_t> split(std::string_view text) {
  std::vector<std::int64_t> numbers;
  while (!text.empty()) {
    std::int64_t value = 0;
    const char* end = std::from_chars(text.data(), text.data() + text.size(), value).ptr;
    numbers.push_back(value);
    text.remove_prefix(std::min(text.size(), static_cast<std::size_t>(end - text.data()) + 1));
  }
  return numbers;
}

Parameter text_parameter(std::string text) {
  return {.name = {}, .value = {CellKind::text, std::move(text)}};
}

}  // namespace

Result<std::optional<Executed>> Worker::find_key(const Key& key) {
  auto look_up = prepare(link_.get(), "SELECT fingerprint, rows_affected FROM " +
                                          std::string(internal_schema) + ".calls WHERE id = $1");
  if (!look_up) return std::unexpected(std::move(look_up.error()));
  if (auto bound = bind_parameters(look_up->get(), {text_parameter(key.id)}); !bound) {
    return std::unexpected(std::move(bound.error()));
  }
  auto result = run_streaming(look_up->get());
  if (!result) return std::unexpected(std::move(result.error()));
  const Chunk chunk(api().duckdb_fetch_chunk(result->get()));
  if (!chunk || api().duckdb_data_chunk_get_size(chunk.get()) == 0) return std::nullopt;
  std::vector<Type> types(2);
  types[0].id = types[1].id = DUCKDB_TYPE_VARCHAR;
  Batch row(2);
  (void)add_rows(types, chunk.get(), 0, 1, 1, row);
  if (row.at(0, 0).text != key.fingerprint) {
    return fail(Errc::conflict, "the key was used for another request; nothing was done",
                {"use a new key for a new request"});
  }
  return Executed{.rows_affected = split(row.at(0, 1).text), .replayed = true};
}

Result<void> Worker::keep_key(const Key& key, const Executed& executed) {
  const auto now = std::chrono::duration_cast<std::chrono::milliseconds>(
      std::chrono::system_clock::now().time_since_epoch());
  auto insert = prepare(link_.get(), "INSERT INTO " + std::string(internal_schema) +
                                         ".calls VALUES ($1, $2, $3, $4)");
  if (!insert) return std::unexpected(std::move(insert.error()));
  const std::vector<Parameter> values{
      text_parameter(key.id),
      text_parameter(key.fingerprint),
      text_parameter(joined(executed.rows_affected)),
      {.name = {}, .value = {CellKind::integer, std::to_string(now.count())}}};
  if (auto bound = bind_parameters(insert->get(), values); !bound) return bound;
  QueryResult result;
  if (api().duckdb_execute_prepared(insert->get(), result.out()) != DuckDBSuccess) {
    return std::unexpected(engine_error(api().duckdb_result_error(&result.get())));
  }
  return {};
}

}  // namespace hearth::packs::sql::duckdb
