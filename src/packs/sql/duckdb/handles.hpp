// Owners of DuckDB's handles. Those of a connection end before it.
#pragma once

#include <duckdb.h>

#include <string>
#include <utility>

#include "base/result.hpp"
#include "packs/sql/duckdb/api.hpp"

namespace hearth::packs::sql::duckdb {

// A handle that one function of the API destroys.
template <typename Handle, auto Destroy>
class Owned final {
 public:
  Owned() = default;
  explicit Owned(Handle handle) : handle_(handle) {}
  Owned(Owned&& other) noexcept : handle_(std::exchange(other.handle_, Handle{})) {}
  Owned& operator=(Owned&& other) noexcept {
    std::swap(handle_, other.handle_);
    return *this;
  }
  ~Owned() {
    if (handle_) (api().*Destroy)(&handle_);
  }
  [[nodiscard]] Handle get() const { return handle_; }
  [[nodiscard]] Handle* out() { return &handle_; }
  explicit operator bool() const { return handle_ != Handle{}; }

 private:
  Handle handle_{};
};

using Database = Owned<duckdb_database, &Api::duckdb_close>;
using Link = Owned<duckdb_connection, &Api::duckdb_disconnect>;
using Extracted = Owned<duckdb_extracted_statements, &Api::duckdb_destroy_extracted>;
using Prepared = Owned<duckdb_prepared_statement, &Api::duckdb_destroy_prepare>;
using Pending = Owned<duckdb_pending_result, &Api::duckdb_destroy_pending>;
using Chunk = Owned<duckdb_data_chunk, &Api::duckdb_destroy_data_chunk>;
using LogicalType = Owned<duckdb_logical_type, &Api::duckdb_destroy_logical_type>;
using OwnedValue = Owned<duckdb_value, &Api::duckdb_destroy_value>;

// A result, which has no null state of its own.
class QueryResult final {
 public:
  QueryResult() = default;
  QueryResult(QueryResult&& other) noexcept
      : result_(other.result_), is_set_(std::exchange(other.is_set_, false)) {}
  QueryResult& operator=(QueryResult&& other) noexcept {
    std::swap(result_, other.result_);
    std::swap(is_set_, other.is_set_);
    return *this;
  }
  ~QueryResult() {
    if (is_set_) api().duckdb_destroy_result(&result_);
  }
  // For the API to fill; to be destroyed from then on, failed or not.
  [[nodiscard]] duckdb_result* out() {
    if (is_set_) api().duckdb_destroy_result(&result_);
    result_ = {};
    is_set_ = true;
    return &result_;
  }
  [[nodiscard]] duckdb_result& get() { return result_; }

 private:
  duckdb_result result_{};
  bool is_set_ = false;
};

// What DuckDB says as an error of ours: its class becomes the code, its advice the suggestions.
[[nodiscard]] Error engine_error(std::string_view message);
// For a function of ours that DuckDB calls: engine_error() makes the same error of it again.
[[nodiscard]] std::string as_text(const Error& error);
// Whether the database cannot be used any more after this.
[[nodiscard]] bool is_fatal(std::string_view message);

[[nodiscard]] Result<Prepared> prepare(duckdb_connection connection, const std::string& sql);
[[nodiscard]] Result<QueryResult> run(duckdb_connection connection, const std::string& sql);
// Runs to the first rows; they come as they are asked for.
[[nodiscard]] Result<QueryResult> run_streaming(duckdb_prepared_statement statement);
[[nodiscard]] std::string sql_literal(std::string_view text);
[[nodiscard]] std::string sql_name(std::string_view name);

}  // namespace hearth::packs::sql::duckdb
