// What the tools of the pack take and give, as records of JSON, and how they map to the engine.
// Field names are a contract with clients: they are added to, never renamed.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.hpp"
#include "json/record.hpp"
#include "packs/knowledge/engine/entry.hpp"
#include "packs/knowledge/engine/importer.hpp"
#include "packs/knowledge/engine/search.hpp"

namespace hearth::packs::knowledge::wire {

struct RememberRequest {
  std::string text;
  std::optional<std::string> title;
  std::string kind = "note";
  std::vector<std::string> tags;
  json::Raw properties;
  std::optional<std::string> key;
};
BOOST_DESCRIBE_STRUCT(RememberRequest, (), (text, title, kind, tags, properties, key))
json::Notes notes(const RememberRequest*);

struct RememberAnswer {
  std::string id;
  bool created = true;
  std::string title;
  std::string kind;
  std::int64_t version = 1;
  std::string created_at;
};
BOOST_DESCRIBE_STRUCT(RememberAnswer, (), (id, created, title, kind, version, created_at))
json::Notes notes(const RememberAnswer*);

struct SearchQuery {
  std::string query;
  std::int64_t limit = 10;
  std::int64_t offset = 0;
  std::optional<std::string> kind;
  std::vector<std::string> tags;
};
BOOST_DESCRIBE_STRUCT(SearchQuery, (), (query, limit, offset, kind, tags))
json::Notes notes(const SearchQuery*);

struct SearchHit {
  std::string id;
  std::string title;
  std::string kind;
  std::string snippet;
  double score = 0;
  std::vector<std::string> tags;
  std::optional<std::string> source;
  std::string updated_at;
};
BOOST_DESCRIBE_STRUCT(SearchHit, (), (id, title, kind, snippet, score, tags, source, updated_at))
json::Notes notes(const SearchHit*);

struct SearchAnswer {
  std::vector<SearchHit> hits;
  std::int64_t total = 0;
  bool truncated = false;
  std::string match = "all";
  std::optional<std::int64_t> next_offset;
  std::optional<std::string> degraded;
};
BOOST_DESCRIBE_STRUCT(SearchAnswer, (), (hits, total, truncated, match, next_offset, degraded))
json::Notes notes(const SearchAnswer*);

struct GetRequest {
  std::string id;
};
BOOST_DESCRIBE_STRUCT(GetRequest, (), (id))
json::Notes notes(const GetRequest*);

struct GetAnswer {
  std::string id;
  std::string title;
  std::string kind;
  std::string text;
  std::vector<std::string> tags;
  json::Raw properties;
  std::optional<std::string> source;
  std::int64_t version = 1;
  std::string created_at;
  std::string updated_at;
};
BOOST_DESCRIBE_STRUCT(
    GetAnswer,
    (),
    (id, title, kind, text, tags, properties, source, version, created_at, updated_at))
json::Notes notes(const GetAnswer*);

struct ListQuery {
  std::optional<std::string> kind;
  std::vector<std::string> tags;
  std::int64_t limit = 50;
  std::optional<std::string> cursor;
};
BOOST_DESCRIBE_STRUCT(ListQuery, (), (kind, tags, limit, cursor))
json::Notes notes(const ListQuery*);

struct ListedEntry {
  std::string id;
  std::string title;
  std::string kind;
  std::vector<std::string> tags;
  std::optional<std::string> source;
  std::int64_t version = 1;
  std::string created_at;
  std::string updated_at;
};
BOOST_DESCRIBE_STRUCT(ListedEntry,
                      (),
                      (id, title, kind, tags, source, version, created_at, updated_at))
json::Notes notes(const ListedEntry*);

struct ListAnswer {
  std::vector<ListedEntry> entries;
  std::int64_t total = 0;
  bool truncated = false;
  std::optional<std::string> cursor;
};
BOOST_DESCRIBE_STRUCT(ListAnswer, (), (entries, total, truncated, cursor))
json::Notes notes(const ListAnswer*);

struct UpdateRequest {
  std::string id;
  std::optional<std::string> title;
  std::optional<std::string> text;
  std::optional<std::string> kind;
  std::optional<std::vector<std::string>> tags;
  std::optional<json::Raw> properties;
  std::optional<std::int64_t> expected_version;
  std::optional<std::string> key;
};
BOOST_DESCRIBE_STRUCT(UpdateRequest,
                      (),
                      (id, title, text, kind, tags, properties, expected_version, key))
json::Notes notes(const UpdateRequest*);

struct UpdateAnswer {
  std::string id;
  std::string title;
  std::string kind;
  std::vector<std::string> tags;
  std::int64_t version = 1;
  std::string updated_at;
};
BOOST_DESCRIBE_STRUCT(UpdateAnswer, (), (id, title, kind, tags, version, updated_at))
json::Notes notes(const UpdateAnswer*);

struct DeleteRequest {
  std::string id;
  std::optional<std::string> key;
};
BOOST_DESCRIBE_STRUCT(DeleteRequest, (), (id, key))
json::Notes notes(const DeleteRequest*);

struct DeleteAnswer {
  std::string id;
  std::string title;
  bool deleted = true;
};
BOOST_DESCRIBE_STRUCT(DeleteAnswer, (), (id, title, deleted))
json::Notes notes(const DeleteAnswer*);

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

[[nodiscard]] NewEntry to_new_entry(const RememberRequest& request);
// `invalid_args` when nothing is to change.
[[nodiscard]] Result<EntryChange> to_change(const UpdateRequest& request);
[[nodiscard]] SearchRequest to_search(const SearchQuery& query);
[[nodiscard]] ListRequest to_list(const ListQuery& query);

[[nodiscard]] RememberAnswer to_remembered(const Entry& entry);
[[nodiscard]] UpdateAnswer to_updated(const Entry& entry);
[[nodiscard]] GetAnswer to_answer(Entry entry);
[[nodiscard]] SearchAnswer to_answer(SearchPage page, std::int64_t offset);
[[nodiscard]] ListAnswer to_answer(ListPage page);
[[nodiscard]] StatsAnswer to_answer(const Stats& stats);
[[nodiscard]] ImportAnswer to_answer(const ImportReport& report);

// A stored reply to `remember` that another call is answered with: the entry was there already.
[[nodiscard]] std::string as_not_created(const std::string& stored);

}  // namespace hearth::packs::knowledge::wire
