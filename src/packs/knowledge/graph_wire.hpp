// What the tools for the graph take and give, as records of JSON.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "base/result.hpp"
#include "json/record.hpp"
#include "packs/knowledge/engine/context.hpp"
#include "packs/knowledge/engine/edges.hpp"
#include "packs/knowledge/engine/graph_query.hpp"

namespace hearth::packs::knowledge::wire {

struct BriefEntry {
  std::string id;
  std::string title;
  std::string kind;
};
BOOST_DESCRIBE_STRUCT(BriefEntry, (), (id, title, kind))
json::Notes notes(const BriefEntry*);

struct EdgeArguments {
  std::string source;
  std::string relation;
  std::string target;
  double weight = 1;
};
BOOST_DESCRIBE_STRUCT(EdgeArguments, (), (source, relation, target, weight))
json::Notes notes(const EdgeArguments*);

struct LinkRequest {
  std::optional<std::vector<EdgeArguments>> edges;
  std::optional<std::string> source;
  std::optional<std::string> relation;
  std::optional<std::string> target;
  double weight = 1;
  std::optional<std::string> key;
};
BOOST_DESCRIBE_STRUCT(LinkRequest, (), (edges, source, relation, target, weight, key))
json::Notes notes(const LinkRequest*);

struct LinkedEdge {
  std::string source;
  std::string relation;
  std::string target;
  double weight = 1;
  bool created = true;
};
BOOST_DESCRIBE_STRUCT(LinkedEdge, (), (source, relation, target, weight, created))
json::Notes notes(const LinkedEdge*);

struct LinkAnswer {
  std::vector<LinkedEdge> edges;
};
BOOST_DESCRIBE_STRUCT(LinkAnswer, (), (edges))
json::Notes notes(const LinkAnswer*);

struct UnlinkRequest {
  std::string source;
  std::string target;
  std::optional<std::string> relation;
  std::optional<std::string> key;
};
BOOST_DESCRIBE_STRUCT(UnlinkRequest, (), (source, target, relation, key))
json::Notes notes(const UnlinkRequest*);

struct UnlinkAnswer {
  std::int64_t removed = 0;
};
BOOST_DESCRIBE_STRUCT(UnlinkAnswer, (), (removed))
json::Notes notes(const UnlinkAnswer*);

struct NeighborsQuery {
  std::string id;
  std::string direction = "both";
  std::vector<std::string> relations;
  double min_weight = 0;
  std::int64_t limit = 50;
  std::int64_t offset = 0;
};
BOOST_DESCRIBE_STRUCT(NeighborsQuery, (), (id, direction, relations, min_weight, limit, offset))
json::Notes notes(const NeighborsQuery*);

struct NeighborEntry {
  std::string id;
  std::string title;
  std::string kind;
  std::string relation;
  std::string direction;
  double weight = 1;
};
BOOST_DESCRIBE_STRUCT(NeighborEntry, (), (id, title, kind, relation, direction, weight))
json::Notes notes(const NeighborEntry*);

struct NeighborsAnswer {
  std::vector<NeighborEntry> neighbors;
  std::int64_t total = 0;
  bool truncated = false;
};
BOOST_DESCRIBE_STRUCT(NeighborsAnswer, (), (neighbors, total, truncated))
json::Notes notes(const NeighborsAnswer*);

struct TraverseQuery {
  std::vector<std::string> roots;
  std::int64_t depth = 2;
  std::string direction = "both";
  std::vector<std::string> relations;
  double min_weight = 0;
  std::int64_t limit = 100;
};
BOOST_DESCRIBE_STRUCT(TraverseQuery, (), (roots, depth, direction, relations, min_weight, limit))
json::Notes notes(const TraverseQuery*);

struct ReachedEntry {
  std::string id;
  std::string title;
  std::string kind;
  std::int64_t depth = 0;
  std::optional<std::string> from;
  std::optional<std::string> relation;
  std::optional<std::string> direction;
  std::optional<double> weight;
};
BOOST_DESCRIBE_STRUCT(ReachedEntry, (), (id, title, kind, depth, from, relation, direction, weight))
json::Notes notes(const ReachedEntry*);

struct TraverseAnswer {
  std::vector<ReachedEntry> entries;
  bool truncated = false;
};
BOOST_DESCRIBE_STRUCT(TraverseAnswer, (), (entries, truncated))
json::Notes notes(const TraverseAnswer*);

struct PatternQuery {
  std::string query;
  std::int64_t limit = 50;
};
BOOST_DESCRIBE_STRUCT(PatternQuery, (), (query, limit))
json::Notes notes(const PatternQuery*);

struct PatternAnswer {
  std::vector<std::string> columns;
  std::vector<std::vector<json::Raw>> rows;
  bool truncated = false;
};
BOOST_DESCRIBE_STRUCT(PatternAnswer, (), (columns, rows, truncated))
json::Notes notes(const PatternAnswer*);

struct SupersedeRequest {
  std::string older;
  std::string newer;
  std::optional<std::int64_t> expected_version;
  std::optional<std::string> key;
};
BOOST_DESCRIBE_STRUCT(SupersedeRequest, (), (older, newer, expected_version, key))
json::Notes notes(const SupersedeRequest*);

struct SupersedeAnswer {
  std::string older;
  std::string newer;
};
BOOST_DESCRIBE_STRUCT(SupersedeAnswer, (), (older, newer))
json::Notes notes(const SupersedeAnswer*);

struct MergeRequest {
  std::string into;
  std::string from;
  bool dry_run = false;
  std::optional<std::int64_t> expected_version;
  std::optional<std::string> key;
};
BOOST_DESCRIBE_STRUCT(MergeRequest, (), (into, from, dry_run, expected_version, key))
json::Notes notes(const MergeRequest*);

struct MergeAnswer {
  std::string id;
  std::string title;
  std::vector<std::string> tags;
  std::string merged_from;
  std::int64_t edges_moved = 0;
  std::int64_t edges_dropped = 0;
  std::vector<std::string> properties_kept;
  bool merged = true;
};
BOOST_DESCRIBE_STRUCT(
    MergeAnswer,
    (),
    (id, title, tags, merged_from, edges_moved, edges_dropped, properties_kept, merged))
json::Notes notes(const MergeAnswer*);

struct ResolveQuery {
  std::vector<std::string> names;
};
BOOST_DESCRIBE_STRUCT(ResolveQuery, (), (names))
json::Notes notes(const ResolveQuery*);

struct ResolvedName {
  std::string name;
  std::string status;
  std::vector<BriefEntry> entries;
};
BOOST_DESCRIBE_STRUCT(ResolvedName, (), (name, status, entries))
json::Notes notes(const ResolvedName*);

struct ResolveAnswer {
  std::vector<ResolvedName> names;
};
BOOST_DESCRIBE_STRUCT(ResolveAnswer, (), (names))
json::Notes notes(const ResolveAnswer*);

struct ContextQuery {
  std::optional<std::string> query;
  std::vector<std::string> ids;
  std::int64_t hops = 1;
  std::int64_t budget = 8000;
  std::string unit = "characters";
  std::int64_t limit = 20;
  std::optional<std::string> kind;
  std::vector<std::string> tags;
};
BOOST_DESCRIBE_STRUCT(ContextQuery, (), (query, ids, hops, budget, unit, limit, kind, tags))
json::Notes notes(const ContextQuery*);

struct ContextItem {
  std::string id;
  std::string title;
  std::string kind;
  std::string text;
  std::optional<bool> cut;
  double score = 0;
  std::int64_t depth = 0;
  std::optional<std::string> from;
  std::optional<std::string> relation;
  std::optional<std::string> direction;
  std::optional<std::string> source;
};
BOOST_DESCRIBE_STRUCT(ContextItem,
                      (),
                      (id, title, kind, text, cut, score, depth, from, relation, direction, source))
json::Notes notes(const ContextItem*);

struct ContextAnswer {
  std::vector<ContextItem> entries;
  std::vector<BriefEntry> dropped;
  std::int64_t dropped_count = 0;
  std::int64_t used = 0;
  bool truncated = false;
  std::optional<bool> unverified;
  std::optional<std::string> degraded;
};
BOOST_DESCRIBE_STRUCT(ContextAnswer,
                      (),
                      (entries, dropped, dropped_count, used, truncated, unverified, degraded))
json::Notes notes(const ContextAnswer*);

// `invalid_args` unless there is either one edge or a list of them.
[[nodiscard]] Result<std::vector<NewEdge>> to_new_edges(const LinkRequest& request);
[[nodiscard]] EdgeFilter to_edge_filter(const std::string& direction,
                                        const std::vector<std::string>& relations,
                                        double min_weight);
[[nodiscard]] Result<ContextRequest> to_context(const ContextQuery& query);

[[nodiscard]] LinkAnswer to_answer(const std::vector<Edge>& edges);
[[nodiscard]] NeighborsAnswer to_answer(Neighbors neighbors, std::int64_t offset);
[[nodiscard]] TraverseAnswer to_answer(Traversal traversal);
[[nodiscard]] PatternAnswer to_answer(PatternRows rows);
[[nodiscard]] MergeAnswer to_answer(Merged merged, bool is_dry_run);
[[nodiscard]] ResolvedName to_resolved(const std::string& name, Resolved resolved);
[[nodiscard]] ContextAnswer to_answer(Context context, const ContextQuery& query);

// One JSON object of two, the first one's members first; names those that both have and differ.
[[nodiscard]] Result<std::string> union_of_properties(std::string_view first,
                                                      std::string_view second,
                                                      std::vector<std::string>& kept);

}  // namespace hearth::packs::knowledge::wire
