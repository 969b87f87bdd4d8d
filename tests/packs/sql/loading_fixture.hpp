// Loads, copies and exports with the real DuckDB process.
#pragma once

#include <gtest/gtest.h>

#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <iterator>

#include "packs/sql/copier.hpp"
#include "packs/sql/engine/duckdb_engine.hpp"
#include "packs/sql/exporter.hpp"
#include "packs/sql/inspector.hpp"
#include "packs/sql/loader.hpp"
#include "packs/sql/runner.hpp"
#include "packs/sql/table_text.hpp"
#include "support/scratch_directory.hpp"

namespace hearth::packs::sql {

class Loading : public testing::Test {
 protected:
  void SetUp() override {
    std::filesystem::create_directory(directory_ / "project");
    DuckDbSettings settings;
    settings.command = {std::string(HEARTH_BIN_DIR) + "/hearthd", "--engine", "duckdb"};
    settings.directory = [this](const std::string&) -> Result<std::string> {
      return directory_ / "data";
    };
    settings.threads = 2;
    settings.memory_limit = std::uint64_t{512} << 20;
    databases_.add_engine(make_duckdb_engine(std::move(settings)));
    const auto ready = columns_of(connections_, scratch(), "SELECT 1", {});
    if (!ready && ready.error().code == Errc::unavailable) GTEST_SKIP() << ready.error().message;
    ASSERT_TRUE(ready) << ready.error().message;
  }
  void TearDown() override {
    connections_.close();
    for (const auto& engine : databases_.engines()) engine->stop();
  }

  [[nodiscard]] Target target(const std::string& alias) const {
    SessionRef session{.id = "s1", .name_space = "default", .roots = {directory_ / "project"}};
    auto found = databases_.resolve(alias, std::move(session), Access::read_write);
    EXPECT_TRUE(found) << alias;
    return found.value_or(Target{});
  }
  [[nodiscard]] Target scratch() const { return target("scratch"); }
  [[nodiscard]] Target persistent() const { return target("persistent"); }

  LoadFile file(const std::string& name, std::string_view bytes) const {
    const std::string path = directory_ / ("project/" + name);
    std::ofstream(path, std::ios::binary) << bytes;
    return {name, path, {}};
  }
  Result<LoadReport> load(const Target& to,
                          const std::vector<LoadFile>& files,
                          LoadRequest request = {},
                          const std::string& key = {}) {
    if (request.table.name.empty()) request.table = {{}, "t"};
    request.files = files;
    const std::string id = key.empty() ? "once:" + std::to_string(++keys_) : key;
    bool may_be_done = false;
    return Loader(connections_).load(to, scratch(), request, {id, "load"}, may_be_done, {});
  }
  void must_load(const Target& to, const std::vector<LoadFile>& files, LoadRequest request = {}) {
    const auto done = load(to, files, std::move(request));
    EXPECT_TRUE(done) << done.error().message;
  }
  std::string rows(const Target& from, const std::string& sql = "SELECT * FROM t ORDER BY ALL") {
    const auto page = runner_.query(from, {.sql = sql}, {}, false, {});
    return page ? csv_text(page->columns, page->rows) : page.error().message;
  }
  void execute(const Target& on, const std::string& sql) {
    bool may_be_done = false;
    const auto done = runner_.execute(on, {{.sql = sql}}, {"once:" + std::to_string(++keys_), "x"},
                                      may_be_done, {});
    EXPECT_TRUE(done) << sql << ": " << done.error().message;
  }
  static std::string read(const std::string& path) {
    std::ifstream from(path, std::ios::binary);
    return {std::istreambuf_iterator<char>(from), {}};
  }
  // What a call has left in the exchange directories.
  [[nodiscard]] std::vector<std::string> left_over() const {
    std::vector<std::string> names;
    for (const auto& each : std::filesystem::recursive_directory_iterator(directory_ / "data")) {
      if (each.path().parent_path().filename() == "exchange") names.push_back(each.path());
    }
    return names;
  }

  const test::ScratchDirectory directory_{"loading"};
  Databases databases_;
  Connections connections_{databases_};
  Cursors cursors_;
  Runner runner_{connections_, cursors_};
  int keys_ = 0;
};

}  // namespace hearth::packs::sql
