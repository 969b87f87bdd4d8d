// What the tools for the whole corpus take and give, as records of JSON.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "json/record.hpp"
#include "packs/knowledge/engine/entry.hpp"
#include "packs/knowledge/engine/exporter.hpp"
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

struct IndexStats {
  std::string index;
  std::int64_t entries = 0;
  std::int64_t bytes = 0;
  std::optional<std::string> model;
  std::optional<std::string> lacks;
};
BOOST_DESCRIBE_STRUCT(IndexStats, (), (index, entries, bytes, model, lacks))
json::Notes notes(const IndexStats*);

struct StatsAnswer {
  std::int64_t entries = 0;
  std::int64_t memories = 0;
  std::int64_t deleted = 0;
  std::int64_t edges = 0;
  std::int64_t sources = 0;
  std::int64_t tags = 0;
  std::vector<KindStats> kinds;
  std::vector<IndexStats> indexes;
  std::vector<std::string> watched;
  std::int64_t bytes = 0;
  std::string path;
  std::optional<std::string> updated_at;
};
BOOST_DESCRIBE_STRUCT(StatsAnswer,
                      (),
                      (entries,
                       memories,
                       deleted,
                       edges,
                       sources,
                       tags,
                       kinds,
                       indexes,
                       watched,
                       bytes,
                       path,
                       updated_at))
json::Notes notes(const StatsAnswer*);

struct ImportRequest {
  std::string path;
  std::optional<bool> watch;
};
BOOST_DESCRIBE_STRUCT(ImportRequest, (), (path, watch))
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
  std::optional<bool> watched;
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
                       truncated,
                       watched))
json::Notes notes(const ImportAnswer*);

struct ExportRequest {
  std::string format = "jsonl";
  std::optional<std::string> path;
  std::optional<std::string> kind;
  std::vector<std::string> tags;
  std::optional<std::string> since;
  std::optional<std::string> before;
  std::int64_t limit = 100;
  std::optional<std::string> cursor;
};
BOOST_DESCRIBE_STRUCT(ExportRequest, (), (format, path, kind, tags, since, before, limit, cursor))
json::Notes notes(const ExportRequest*);

struct ExportAnswer {
  std::optional<std::string> path;
  std::int64_t entries = 0;
  std::int64_t edges = 0;
  std::int64_t bytes = 0;
  std::optional<std::string> text;
  bool truncated = false;
  std::optional<std::string> cursor;
};
BOOST_DESCRIBE_STRUCT(ExportAnswer, (), (path, entries, edges, bytes, text, truncated, cursor))
json::Notes notes(const ExportAnswer*);

[[nodiscard]] StatsAnswer to_answer(const Stats& stats);
[[nodiscard]] ImportAnswer to_answer(const ImportReport& report);

// A page as lines of JSON, an entry a line with its edges; or as Markdown, a heading an entry.
[[nodiscard]] std::string to_json_lines(const ExportPage& page);
[[nodiscard]] std::string to_markdown(const ExportPage& page);

}  // namespace hearth::packs::knowledge::wire
