#include "packs/sql/watch_wire.hpp"

#include <filesystem>

namespace hearth::packs::sql::wire {

using json::defaulted;
using json::Notes;
using json::one_of;
using json::range;

Notes notes(const WatchRequest*) {
  return {{"path", "Folder of the project; left out: which are watched", range(1, 4096)},
          {"table", "Where all its files go; left out, each goes into the table of its name",
           range(1, 600)},
          {"mode", "As of sql_load", one_of({"append", "replace", "merge"}) | defaulted},
          {"merge_on", "Of merge: the columns that tell rows apart", range(1, 32)},
          {"read", "How to read CSV; what is left out is found out"},
          {"types", "Types of columns instead of those found"},
          {"json_path", "Of JSON: where the rows are", range(1, 1000)},
          {"on_error", "As of sql_load", one_of({"fail", "skip"}) | defaulted}};
}
Notes notes(const WatchedAnswer*) {
  return {{"path", ""}, {"parameters", "Of its sql_watch"}};
}
Notes notes(const WatchAnswer*) {
  return {{"folders", ""}};
}
Notes notes(const UnwatchRequest*) {
  return {{"path", "As given to sql_watch", range(1, 4096)}};
}
Notes notes(const UnwatchAnswer*) {
  return {{"path", ""}, {"was_watched", ""}};
}

Result<hearth::packs::sql::LoadRequest> to_load(const std::string& parameters,
                                                const std::string& file) {
  const auto value = json::parse(parameters);
  if (!value) return std::unexpected(value.error());
  const auto request = json::decode<WatchRequest>(*value);
  if (!request) return std::unexpected(request.error());
  if (auto fine = check_merge(request->merge_on.has_value(), request->mode == "merge"); !fine)
    return std::unexpected(std::move(fine.error()));
  auto options = to_options(request->read, request->types);
  if (!options) return std::unexpected(std::move(options.error()));
  options->json_path = request->json_path;
  options->skips_bad_rows = request->on_error == "skip";
  const std::string name = std::filesystem::path(file).filename().string();
  // "sales.csv.gz" goes into "sales".
  hearth::packs::sql::LoadRequest load{.table = {{}, name.substr(0, name.find('.', 1))}};
  if (request->table) {
    auto table = parse_table_name(*request->table);
    if (!table) return std::unexpected(std::move(table.error()));
    load.table = std::move(*table);
  }
  load.mode = request->mode == "replace" ? LoadMode::replace
              : request->mode == "merge" ? LoadMode::merge
                                         : LoadMode::append;
  load.key = request->merge_on.value_or(std::vector<std::string>());
  load.files.push_back({name, file, {}});
  load.options = std::move(*options);
  return load;
}

}  // namespace hearth::packs::sql::wire
