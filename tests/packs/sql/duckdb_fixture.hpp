// A DuckDB engine of one test: its own process, data and project; skipped where there is no DuckDB.
#pragma once

#include <gtest/gtest.h>

#include <cstdlib>
#include <fstream>
#include <memory>
#include <string>
#include <vector>

#include "packs/sql/engine/duckdb_engine.hpp"
#include "support/scratch_directory.hpp"

namespace hearth::packs::sql {

class DuckDbTest : public testing::Test {
 protected:
  void SetUp() override {
    engine_ = make_engine();
    auto connection = connect("persistent");
    const bool is_missing = !connection && connection.error().code == Errc::unavailable;
    // CI has it; there its absence is a failure.
    if (is_missing && std::getenv("CI") == nullptr) GTEST_SKIP() << connection.error().message;
    ASSERT_TRUE(connection) << connection.error().message;
    auto opened = (*connection)->query({.sql = "SELECT 1"}, {.rows = 1}, {});
    ASSERT_TRUE(opened) << opened.error().message;
  }

  std::unique_ptr<Engine> make_engine() const {
    return make_duckdb_engine(
        {.command = {HEARTH_BIN_DIR "/hearthd", "--engine", "duckdb"},
         .directory = [data = data_.path()](const std::string& name_space) -> Result<std::string> {
           return data + "/" + name_space;
         },
         .memory_limit = std::uint64_t{256} << 20,
         .threads = 2});
  }

  SessionRef session(const std::string& id = "s1") const {
    return {.id = id,
            .name_space = "default",
            .roots = {project_.path()},
            .directory = project_.path(),
            .visible = visible_};
  }
  Result<std::unique_ptr<Connection>> connect(const std::string& alias,
                                              Access access = Access::read_write,
                                              const std::string& id = "s1") {
    for (const DatabaseRef& each : visible_) {
      if (each.alias != alias) continue;
      DatabaseRef database = each;
      database.access = access;
      return engine_->connect(database, session(id), {});
    }
    return fail(Errc::not_found, alias);
  }

  // All rows as "a|b;c|d", NULL as "-"; or "code: message".
  static std::string rows_of(Connection& connection,
                             const std::string& sql,
                             std::vector<Parameter> parameters = {}) {
    auto rows = connection.query({sql, std::move(parameters)}, {.rows = 100}, {});
    if (!rows) return said(rows.error());
    std::string text;
    for (;;) {
      const auto batch = (*rows)->next(100, 1 << 20, {});
      if (!batch) return said(batch.error());
      if (batch->rows() == 0) return text;
      for (std::size_t row = 0; row < batch->rows(); ++row) {
        if (!text.empty()) text += ";";
        for (std::size_t column = 0; column < batch->columns(); ++column) {
          const auto cell = batch->at(row, column);
          if (column != 0) text += "|";
          text += cell.kind == CellKind::null ? "-" : std::string(cell.text);
        }
      }
    }
  }
  static std::string said(const Error& error) {
    return std::string(errc_name(error.code)) + ": " + error.message;
  }
  std::string query(const std::string& sql, const std::string& alias = "scratch") {
    auto connection = connect(alias, Access::read_only);
    return connection ? rows_of(**connection, sql) : said(connection.error());
  }
  // The rows affected, as "0,2"; or "code: message".
  std::string execute(const std::string& sql,
                      const std::string& alias = "scratch",
                      const std::optional<Key>& key = {}) {
    auto connection = connect(alias);
    if (!connection) return said(connection.error());
    const auto executed = (*connection)->execute({{.sql = sql}}, key, {});
    if (!executed) return said(executed.error());
    std::string text;
    for (const std::int64_t each : executed->rows_affected) {
      text += (text.empty() ? "" : ",") + std::to_string(each);
    }
    return text + (executed->replayed ? " replayed" : "");
  }
  void write_file(const std::string& path, std::string_view text) const {
    std::ofstream(path) << text;
  }

  const test::ScratchDirectory data_{"sql-data"};
  const test::ScratchDirectory project_{"sql-project"};
  std::vector<DatabaseRef> visible_{{.alias = "scratch", .location = {}},
                                    {.alias = "persistent", .location = {}}};
  std::unique_ptr<Engine> engine_;
};

}  // namespace hearth::packs::sql
