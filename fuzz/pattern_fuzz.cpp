// Patterns over the graph: any text is parsed or refused with its place, and what parses runs,
// gives rows of its columns, or names a kind or relation that nothing has.
#include <algorithm>
#include <cstdint>
#include <cstdlib>
#include <string>
#include <string_view>

#include "packs/knowledge/engine/edges.hpp"
#include "packs/knowledge/engine/entries.hpp"
#include "packs/knowledge/engine/graph_query.hpp"
#include "packs/knowledge/engine/schema.hpp"
#include "store/migration.hpp"
#include "support/scratch_directory.hpp"

namespace {

using namespace hearth;
using namespace hearth::packs::knowledge;

void require(bool holds) {
  if (!holds) std::abort();
}

constexpr WallTime now(std::chrono::seconds(1'760'000'000));
constexpr std::int64_t most_rows = 20;

// Its files have lost their names by the time it is used: a fuzzer ends in many ways.
store::Database filled() {
  const test::ScratchDirectory directory("pattern-fuzz");
  auto database = store::Database::open(directory / "graph.db", {});
  require(database.has_value() && store::migrate(*database, knowledge_schema()).has_value());
  for (const char* title : {"lock", "socket", "daemon", "bridge"}) {
    const NewEntry entry{.text = std::string("the ") + title,
                         .title = title,
                         .kind = std::string_view(title) == "lock" ? "decision" : "note",
                         .tags = {"tag"},
                         .properties = R"({"size":4,"name":"x","is":true,"a \"b\\c":[1]})"};
    require(add_entry(*database, entry, now).has_value());
  }
  require(link(*database, {"lock", "part_of", "daemon", 2}, now).has_value());
  require(link(*database, {"socket", "part_of", "daemon", 1}, now).has_value());
  require(link(*database, {"bridge", "needs", "socket", 1}, now).has_value());
  return std::move(*database);
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  static store::Database database = filled();
  const std::string_view text(reinterpret_cast<const char*>(data),
                              std::min<std::size_t>(size, 4096));
  const auto pattern = parse_pattern(text);
  if (!pattern) {
    require(pattern.error().code == Errc::invalid_args && !pattern.error().message.empty());
    return 0;
  }
  require(pattern->nodes.size() == pattern->edges.size() + 1);
  require(!pattern->columns.empty());
  for (const PatternColumn& column : pattern->columns) require(column.node < pattern->nodes.size());
  for (const PatternTest& test : pattern->tests) require(test.node < pattern->nodes.size());
  const auto rows = run_pattern(database, *pattern, most_rows);
  if (!rows) {
    require(rows.error().code == Errc::not_found || rows.error().code == Errc::invalid_args);
    return 0;
  }
  require(rows->columns.size() == pattern->columns.size());
  require(rows->rows.size() <= static_cast<std::size_t>(most_rows));
  for (const auto& row : rows->rows) {
    require(row.size() == rows->columns.size());
    for (const std::string& cell : row) require(!cell.empty());
  }
  return 0;
}
