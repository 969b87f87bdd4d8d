// What the tools for the whole corpus take and give, as records of JSON.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "json/record.hpp"
#include "packs/knowledge/engine/entry.hpp"
#include "packs/knowledge/engine/importer.hpp"

namespace hearth::packs::knowledge::wire {

struct StatsRequest {};
BOOST_DESCRIBE_STRUCT(StatsRequest, (), ())
json::Notes notes(const StatsRequest*);

struct KindStats {
  std::string kind;
  std::int64_t entries = 0;
};
BOOST_DESCRIBE_STRUCT(KindStats, (), (kind, entries))
json::Notes notes(const KindStats*);

struct StatsAnswer {
  std::int64_t entries = 0;
  std::int64_t sources = 0;
  std::int64_t tags = 0;
  std::vector<KindStats> kinds;
  std::int64_t bytes = 0;
  std::string path;
  std::optional<std::string> updated_at;
};
BOOST_DESCRIBE_STRUCT(StatsAnswer, (), (entries, sources, tags, kinds, bytes, path, updated_at))
json::Notes notes(const StatsAnswer*);

struct ImportRequest {
  std::string path;
};
BOOST_DESCRIBE_STRUCT(ImportRequest, (), (path))
json::Notes notes(const ImportRequest*);

struct SkippedCount {
  std::string reason;
  std::int64_t count = 0;
};
BOOST_DESCRIBE_STRUCT(SkippedCount, (), (reason, count))
json::Notes notes(const SkippedCount*);

struct ImportAnswer {
  std::string path;
  std::int64_t files = 0;
  std::int64_t added = 0;
  std::int64_t updated = 0;
  std::int64_t unchanged = 0;
  std::int64_t removed = 0;
  std::int64_t entries_added = 0;
  std::int64_t entries_updated = 0;
  std::int64_t entries_removed = 0;
  std::vector<SkippedCount> skipped;
  bool truncated = false;
};
BOOST_DESCRIBE_STRUCT(ImportAnswer,
                      (),
                      (path,
                       files,
                       added,
                       updated,
                       unchanged,
                       removed,
                       entries_added,
                       entries_updated,
                       entries_removed,
                       skipped,
                       truncated))
json::Notes notes(const ImportAnswer*);

[[nodiscard]] StatsAnswer to_answer(const Stats& stats);
[[nodiscard]] ImportAnswer to_answer(const ImportReport& report);

}  // namespace hearth::packs::knowledge::wire
