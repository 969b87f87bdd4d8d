#include "packs/knowledge/graph_wire.hpp"

#include <utility>

#include "packs/knowledge/common_wire.hpp"
#include "packs/knowledge/engine/search.hpp"

namespace hearth::packs::knowledge::wire {

using json::anything;
using json::defaulted;
using json::Notes;
using json::one_of;
using json::range;

namespace {

constexpr std::int64_t most_edges_at_once = 1000;
constexpr const char* relation_text = "One word for what it means: depends_on, part_of …";
constexpr const char* weight_text = "Positive: how much it counts";
constexpr const char* direction_text = "Edges from it (out), to it (in), or both";
constexpr const char* relations_text = "Only edges of these relations";
constexpr const char* min_weight_text = "Only edges of at least this weight";
constexpr const char* which_way_text = "out: from it, in: to it";

json::Limits direction_limits() {
  return one_of({"out", "in", "both"}) | defaulted;
}
json::Limits relation_list_limits() {
  return range(0, 32) | defaulted;
}
const char* way(bool is_outgoing) {
  return is_outgoing ? "out" : "in";
}

}  // namespace

Notes notes(const BriefEntry*) {
  return {{"id", ""}, {"title", ""}, {"kind", ""}};
}
Notes notes(const EdgeArguments*) {
  return {{"source", id_text, id_limits()},
          {"relation", relation_text, label_limits()},
          {"target", id_text, id_limits()},
          {"weight", weight_text, defaulted}};
}
Notes notes(const LinkRequest*) {
  return {{"edges", "Several edges, all or none of them", range(1, most_edges_at_once)},
          {"source", "Of a single edge, instead of edges: where it begins", id_limits()},
          {"relation", relation_text, label_limits()},
          {"target", "Where it ends", id_limits()},
          {"weight", weight_text, defaulted},
          {"key", key_text, key_limits()}};
}
Notes notes(const LinkedEdge*) {
  return {{"source", "Id"},
          {"relation", ""},
          {"target", "Id"},
          {"weight", ""},
          {"created", "False when it was there already; it has this weight now"}};
}
Notes notes(const LinkAnswer*) {
  return {{"edges", "In the order in which they were given"}};
}
Notes notes(const UnlinkRequest*) {
  return {{"source", id_text, id_limits()},
          {"target", id_text, id_limits()},
          {"relation", "Only this one; default: all from source to target", label_limits()},
          {"key", key_text, key_limits()}};
}
Notes notes(const UnlinkAnswer*) {
  return {{"removed", "How many edges are gone"}};
}
Notes notes(const NeighborsQuery*) {
  return {{"id", id_text, id_limits()},
          {"direction", direction_text, direction_limits()},
          {"relations", relations_text, relation_list_limits()},
          {"min_weight", min_weight_text, range(0, 1'000'000'000) | defaulted},
          {"limit", "Most neighbours to return", range(1, 500) | defaulted},
          {"offset", "Neighbours to skip, for the next page", range(0, 1'000'000) | defaulted}};
}
Notes notes(const NeighborEntry*) {
  return {
      {"id", ""},    {"title", ""}, {"kind", ""}, {"relation", ""}, {"direction", which_way_text},
      {"weight", ""}};
}
Notes notes(const NeighborsAnswer*) {
  return {{"neighbors", "Heaviest edges first"},
          {"total", "How many there are"},
          {"truncated", "Whether there are more after these"}};
}
Notes notes(const TraverseQuery*) {
  return {{"roots", "Where to begin: ids or titles", range(1, 100)},
          {"depth", "How many edges to go", range(0, deepest_traversal) | defaulted},
          {"direction", direction_text, direction_limits()},
          {"relations", relations_text, relation_list_limits()},
          {"min_weight", min_weight_text, range(0, 1'000'000'000) | defaulted},
          {"limit", "Most entries to return", range(1, 1000) | defaulted}};
}
Notes notes(const ReachedEntry*) {
  return {{"id", ""},
          {"title", ""},
          {"kind", ""},
          {"depth", "Edges from the nearest root"},
          {"from", "The entry by which it was reached first"},
          {"relation", ""},
          {"direction", which_way_text},
          {"weight", ""}};
}
Notes notes(const TraverseAnswer*) {
  return {{"entries", "Nearest first, the roots themselves included"},
          {"truncated", "Whether more lie within the depth"}};
}
Notes notes(const PatternQuery*) {
  return {{"query",
           "A pattern: (a:kind {property: \"x\"})-[:relation]->(b) WHERE a.title CONTAINS \"y\" "
           "AND b.salience > 0.5 RETURN a, b.title LIMIT 10",
           range(1, 4096)},
          {"limit", "Most rows to return", range(1, 1000) | defaulted}};
}
Notes notes(const PatternAnswer*) {
  return {{"columns", "What RETURN names"},
          {"rows", "For each place that fits, a value for each column", anything},
          {"truncated", "Whether there are more"}};
}
Notes notes(const SupersedeRequest*) {
  return {{"older", "The entry that is outdated: id or title", id_limits()},
          {"newer", "The entry that takes its place: id or title", id_limits()},
          {"expected_version", "Refuse (conflict) unless the older one is of this version",
           range(1, INT64_MAX)},
          {"key", key_text, key_limits()}};
}
Notes notes(const SupersedeAnswer*) {
  return {{"older", "Id"}, {"newer", "Id"}};
}
Notes notes(const MergeRequest*) {
  return {
      {"into", "The entry that stays: id or title", id_limits()},
      {"from", "The entry that is taken in, and softly deleted", id_limits()},
      {"dry_run", "Only say what would happen", defaulted},
      {"expected_version", "Refuse (conflict) unless into is of this version", range(1, INT64_MAX)},
      {"key", key_text, key_limits()}};
}
Notes notes(const MergeAnswer*) {
  return {{"id", "Of the entry that stays"},
          {"title", ""},
          {"tags", "Of both"},
          {"merged_from", "Id of the other"},
          {"edges_moved", ""},
          {"edges_dropped", "Between both, or there already"},
          {"properties_kept", "Members that both had, and differently: those of into stay"},
          {"merged", "False in a dry run"}};
}
Notes notes(const ResolveQuery*) {
  return {{"names", "Ids, beginnings of ids, or titles", range(1, 100)}};
}
Notes notes(const ResolvedName*) {
  return {{"name", ""},
          {"status", "", one_of({"resolved", "ambiguous", "not_found"})},
          {"entries", "The one it means; or some that it may mean"}};
}
Notes notes(const ResolveAnswer*) {
  return {{"names", "In the order in which they were given"}};
}
Notes notes(const ContextQuery*) {
  return {{"query", "What the context is for, in your own words", range(1, 4096)},
          {"ids", "Entries to begin with: ids or titles", range(0, 100) | defaulted},
          {"hops", "How far to follow edges", range(0, 2) | defaulted},
          {"budget", "How much text to return", range(100, 1'000'000) | defaulted},
          {"unit", "Of the budget; a token counts as four characters",
           one_of({"characters", "tokens"}) | defaulted},
          {"limit", "Most entries to return", range(1, 200) | defaulted},
          {"kind", kind_filter_text, label_limits()},
          {"tags", tags_filter_text, tag_list_limits() | defaulted}};
}
Notes notes(const ContextItem*) {
  return {{"id", ""},
          {"title", ""},
          {"kind", ""},
          {"text", ""},
          {"cut", "Present and true when the text goes on"},
          {"score", "How sure, 0 to 1; halved with each hop"},
          {"depth", "Edges from what was found or named"},
          {"from", "The entry by which it was reached"},
          {"relation", ""},
          {"direction", which_way_text},
          {"source", source_text}};
}
Notes notes(const ContextAnswer*) {
  return {{"entries", "Surest first"},
          {"dropped", "The first of those for which there was no room"},
          {"dropped_count", ""},
          {"used", "Of the budget, in its unit"},
          {"truncated", "Whether anything was cut or dropped"},
          {"unverified", unverified_text},
          {"degraded", degraded_text}};
}

Result<std::vector<NewEdge>> to_new_edges(const LinkRequest& request) {
  const bool has_one = request.source && request.relation && request.target;
  const bool has_part = request.source || request.relation || request.target;
  if (request.edges.has_value() == has_part || (has_part && !has_one)) {
    return fail(Errc::invalid_args,
                "give either source, relation and target, for one edge, or edges, for several");
  }
  if (has_one) {
    return std::vector<NewEdge>{
        {*request.source, *request.relation, *request.target, request.weight}};
  }
  std::vector<NewEdge> edges;
  for (const EdgeArguments& each : *request.edges) {
    edges.push_back({each.source, each.relation, each.target, each.weight});
  }
  return edges;
}

EdgeFilter to_edge_filter(const std::string& direction,
                          const std::vector<std::string>& relations,
                          double min_weight) {
  return {.direction = direction == "out"  ? Direction::out
                       : direction == "in" ? Direction::in
                                           : Direction::both,
          .relations = relations,
          .least_weight = min_weight};
}

Result<ContextRequest> to_context(const ContextQuery& query) {
  ContextRequest request;
  request.query = query.query.value_or("");
  request.roots = query.ids;
  request.filter.kind = query.kind;
  request.filter.tags = query.tags;
  request.hops = query.hops;
  request.most_characters = query.budget * (query.unit == "tokens" ? characters_of_a_token : 1);
  request.most_entries = query.limit;
  return request;
}

LinkAnswer to_answer(const std::vector<Edge>& edges) {
  LinkAnswer answer;
  for (const Edge& each : edges) {
    answer.edges.push_back({each.source, each.relation, each.target, each.weight, each.is_new});
  }
  return answer;
}

NeighborsAnswer to_answer(Neighbors neighbors, std::int64_t offset) {
  NeighborsAnswer answer;
  answer.total = neighbors.total;
  answer.truncated =
      offset + static_cast<std::int64_t>(neighbors.neighbors.size()) < neighbors.total;
  for (Neighbor& each : neighbors.neighbors) {
    answer.neighbors.push_back({std::move(each.entry.id), std::move(each.entry.title),
                                std::move(each.entry.kind), std::move(each.relation),
                                way(each.is_outgoing), each.weight});
  }
  return answer;
}

TraverseAnswer to_answer(Traversal traversal) {
  TraverseAnswer answer;
  answer.truncated = traversal.is_more;
  for (Reached& each : traversal.reached) {
    ReachedEntry& entry = answer.entries.emplace_back();
    entry.id = std::move(each.entry.id);
    entry.title = std::move(each.entry.title);
    entry.kind = std::move(each.entry.kind);
    entry.depth = each.depth;
    if (each.depth == 0) continue;
    entry.from = std::move(each.from);
    entry.relation = std::move(each.relation);
    entry.direction = way(each.is_outgoing);
    entry.weight = each.weight;
  }
  return answer;
}

PatternAnswer to_answer(PatternRows rows) {
  PatternAnswer answer;
  answer.columns = std::move(rows.columns);
  answer.truncated = rows.is_more;
  for (std::vector<std::string>& row : rows.rows) {
    std::vector<json::Raw>& cells = answer.rows.emplace_back();
    for (std::string& cell : row) cells.push_back({std::move(cell)});
  }
  return answer;
}

MergeAnswer to_answer(Merged merged, bool is_dry_run) {
  return {.id = std::move(merged.into.id),
          .title = std::move(merged.into.title),
          .tags = std::move(merged.into.tags),
          .merged_from = std::move(merged.from.id),
          .edges_moved = merged.edges_moved,
          .edges_dropped = merged.edges_dropped,
          .properties_kept = std::move(merged.properties_kept),
          .merged = !is_dry_run};
}

ResolvedName to_resolved(const std::string& name, Resolved resolved) {
  ResolvedName answer;
  answer.name = name;
  answer.status = resolved.how == Resolved::How::found       ? "resolved"
                  : resolved.how == Resolved::How::ambiguous ? "ambiguous"
                                                             : "not_found";
  for (EntryBrief& each : resolved.entries) {
    answer.entries.push_back({std::move(each.id), std::move(each.title), std::move(each.kind)});
  }
  return answer;
}

ContextAnswer to_answer(Context context, const ContextQuery& query) {
  ContextAnswer answer;
  if (context.is_unverified) answer.unverified = true;
  answer.degraded = joined(context.degraded);
  answer.dropped_count = context.dropped_count;
  const std::int64_t unit = query.unit == "tokens" ? characters_of_a_token : 1;
  answer.used = (context.characters + unit - 1) / unit;
  answer.truncated = context.dropped_count > 0 || context.is_more;
  for (ContextEntry& each : context.entries) {
    ContextItem& item = answer.entries.emplace_back();
    item.id = std::move(each.entry.id);
    item.title = std::move(each.entry.title);
    item.kind = std::move(each.entry.kind);
    item.text = std::move(each.entry.text);
    item.score = rounded(each.score);
    item.depth = each.depth;
    item.source = std::move(each.entry.source);
    if (each.is_cut) {
      item.cut = true;
      answer.truncated = true;
    }
    if (each.depth == 0) continue;
    item.from = std::move(each.from);
    item.relation = std::move(each.relation);
    item.direction = way(each.is_outgoing);
  }
  for (EntryBrief& each : context.dropped) {
    answer.dropped.push_back({std::move(each.id), std::move(each.title), std::move(each.kind)});
  }
  return answer;
}

Result<std::string> union_of_properties(std::string_view first,
                                        std::string_view second,
                                        std::vector<std::string>& kept) {
  auto all = json::parse(first);
  if (!all) return std::unexpected(std::move(all.error()));
  const auto more = json::parse(second);
  if (!more) return std::unexpected(more.error());
  for (const auto& [name, value] : more->get_object()) {
    json::Object& object = all->get_object();
    const auto found = object.find(name);
    if (found == object.end()) {
      object[name] = value;
    } else if (found->value() != value) {
      kept.emplace_back(name);
    }
  }
  return json::dump(*all);
}

}  // namespace hearth::packs::knowledge::wire
