// What sql_watch and sql_unwatch take and give, as records of JSON.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "json/record.hpp"
#include "packs/sql/data_wire.hpp"

namespace hearth::packs::sql::wire {

struct WatchRequest {
  std::optional<std::string> path;
  std::optional<std::string> table;
  std::string mode = "append";
  std::optional<std::vector<std::string>> merge_on;
  std::optional<ReadOptions> read;
  std::optional<json::Raw> types;
  std::optional<std::string> json_path;
  std::string on_error = "fail";
};
BOOST_DESCRIBE_STRUCT(WatchRequest,
                      (),
                      (path, table, mode, merge_on, read, types, json_path, on_error))
json::Notes notes(const WatchRequest*);

struct WatchedAnswer {
  std::string path;
  json::Raw parameters;
};
BOOST_DESCRIBE_STRUCT(WatchedAnswer, (), (path, parameters))
json::Notes notes(const WatchedAnswer*);

struct WatchAnswer {
  std::vector<WatchedAnswer> folders;
};
BOOST_DESCRIBE_STRUCT(WatchAnswer, (), (folders))
json::Notes notes(const WatchAnswer*);

struct UnwatchRequest {
  std::string path;
};
BOOST_DESCRIBE_STRUCT(UnwatchRequest, (), (path))
json::Notes notes(const UnwatchRequest*);

struct UnwatchAnswer {
  std::string path;
  bool was_watched = false;
};
BOOST_DESCRIBE_STRUCT(UnwatchAnswer, (), (path, was_watched))
json::Notes notes(const UnwatchAnswer*);

// The load of one file of a watched folder. `file` is its path.
[[nodiscard]] Result<hearth::packs::sql::LoadRequest> to_load(const std::string& parameters,
                                                              const std::string& file);

}  // namespace hearth::packs::sql::wire
