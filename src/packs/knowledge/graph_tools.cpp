// The tools for the graph: link, unlink, neighbors, traverse, query, supersede, merge, resolve,
// context.
#include <chrono>
#include <utility>

#include "packs/knowledge/engine/context.hpp"
#include "packs/knowledge/engine/edges.hpp"
#include "packs/knowledge/engine/entries.hpp"
#include "packs/knowledge/engine/graph_query.hpp"
#include "packs/knowledge/graph_wire.hpp"
#include "packs/knowledge/tools.hpp"

namespace hearth::packs::knowledge {
namespace {

// A long read keeps the journal from being emptied.
constexpr std::chrono::milliseconds pattern_time_limit{1000};

void declare_edges(pack::Binder& tools, ToolRunner& runner) {
  runner.bind_write<wire::LinkRequest, wire::LinkAnswer>(
      tools,
      writing("link", "Link entries",
              "Say how entries belong together: one edge, or up to 1,000 at once, all or none. An "
              "edge that is there already gets the new weight.",
              {.idempotent = true}),
      [](KnowledgeStore&, store::Database& database, const wire::LinkRequest& request,
         WallTime now) -> Result<wire::LinkAnswer> {
        const auto wanted = wire::to_new_edges(request);
        if (!wanted) return std::unexpected(wanted.error());
        std::vector<Edge> edges;
        for (const NewEdge& each : *wanted) {
          auto edge = link(database, each, now);
          if (!edge) {
            const std::string which = "edges[" + std::to_string(edges.size()) + "]";
            return std::unexpected(request.edges ? std::move(edge.error()).within(which)
                                                 : std::move(edge.error()));
          }
          edges.push_back(std::move(*edge));
        }
        return wire::to_answer(edges);
      });
  runner.bind_write<wire::UnlinkRequest, wire::UnlinkAnswer>(
      tools,
      writing("unlink", "Unlink entries", "Remove the edges from one entry to another.",
              {.destructive = true, .idempotent = true}),
      [](KnowledgeStore&, store::Database& database, const wire::UnlinkRequest& request,
         WallTime) -> Result<wire::UnlinkAnswer> {
        const auto removed = unlink(database, request.source, request.target, request.relation);
        if (!removed) return std::unexpected(removed.error());
        return wire::UnlinkAnswer{*removed};
      });
  runner.bind_write<wire::SupersedeRequest, wire::SupersedeAnswer>(
      tools,
      writing("supersede", "Supersede an entry",
              "Say that one entry has taken the place of another: the older one is kept, and found "
              "only by who asks for what is superseded.",
              {.idempotent = true}),
      [](KnowledgeStore&, store::Database& database, const wire::SupersedeRequest& request,
         WallTime now) -> Result<wire::SupersedeAnswer> {
        const auto older = find_entry(database, request.older);
        if (!older) return std::unexpected(older.error());
        const auto newer = find_entry(database, request.newer);
        if (!newer) return std::unexpected(newer.error());
        auto done = supersede(database, older->id, newer->id, now, request.expected_version);
        if (!done) return std::unexpected(std::move(done.error()));
        return wire::SupersedeAnswer{older->id, newer->id};
      });
  runner.bind_write<wire::MergeRequest, wire::MergeAnswer>(
      tools,
      writing("merge", "Merge entries",
              "Take one entry into another: text, tags, properties and edges; the other is softly "
              "deleted. Try dry_run first.",
              {.destructive = true}),
      [](KnowledgeStore&, store::Database& database, const wire::MergeRequest& request,
         WallTime now) -> Result<wire::MergeAnswer> {
        auto merged = merge_entries(database,
                                    {.into = request.into,
                                     .from = request.from,
                                     .is_dry_run = request.dry_run,
                                     .expected_version = request.expected_version},
                                    wire::union_of_properties, now);
        if (!merged) return std::unexpected(std::move(merged.error()));
        return wire::to_answer(std::move(*merged), request.dry_run);
      });
}

void declare_walks(pack::Binder& tools, ToolRunner& runner) {
  runner.bind_read<wire::NeighborsQuery, wire::NeighborsAnswer>(
      tools, reading("neighbors", "Neighbours of an entry", "What an entry is linked with."),
      [](KnowledgeStore&, store::Database& database, const wire::NeighborsQuery& query,
         const pack::Call&) -> Result<wire::NeighborsAnswer> {
        auto found =
            neighbors(database, query.id,
                      wire::to_edge_filter(query.direction, query.relations, query.min_weight),
                      query.limit, query.offset);
        if (!found) return std::unexpected(std::move(found.error()));
        return wire::to_answer(std::move(*found), query.offset);
      });
  runner.bind_read<wire::TraverseQuery, wire::TraverseAnswer>(
      tools,
      reading("traverse", "Walk the graph",
              "All that can be reached from some entries within a number of edges, nearest first."),
      [](KnowledgeStore&, store::Database& database, const wire::TraverseQuery& query,
         const pack::Call& call) -> Result<wire::TraverseAnswer> {
        auto reached =
            traverse(database, query.roots,
                     wire::to_edge_filter(query.direction, query.relations, query.min_weight),
                     query.depth, query.limit, call.stop());
        if (!reached) return std::unexpected(std::move(reached.error()));
        return wire::to_answer(std::move(*reached));
      });
  pack::ToolSpec query =
      reading("query", "Query the graph",
              "Find where a pattern of entries and edges fits, in openCypher's notation; reads "
              "only, for at most a second.");
  query.time_limit = pattern_time_limit;
  runner.bind_read<wire::PatternQuery, wire::PatternAnswer>(
      tools, std::move(query),
      [](KnowledgeStore&, store::Database& database, const wire::PatternQuery& query,
         const pack::Call&) -> Result<wire::PatternAnswer> {
        const auto pattern = parse_pattern(query.query);
        if (!pattern) return std::unexpected(pattern.error());
        auto rows = run_pattern(database, *pattern, query.limit);
        if (!rows) return std::unexpected(std::move(rows.error()));
        return wire::to_answer(std::move(*rows));
      });
  runner.bind_read<wire::ResolveQuery, wire::ResolveAnswer>(
      tools,
      reading("resolve", "Resolve names",
              "Which entries are meant by ids, beginnings of ids, or titles."),
      [](KnowledgeStore&, store::Database& database, const wire::ResolveQuery& query,
         const pack::Call&) -> Result<wire::ResolveAnswer> {
        wire::ResolveAnswer answer;
        for (const std::string& name : query.names) {
          auto resolved = resolve_reference(database, name);
          if (!resolved) return std::unexpected(std::move(resolved.error()));
          answer.names.push_back(wire::to_resolved(name, std::move(*resolved)));
        }
        return answer;
      });
  runner.bind_read<wire::ContextQuery, wire::ContextAnswer>(
      tools,
      reading("context", "Gather context",
              "What to read about something within a budget: the entries that fit a query, or that "
              "are named, and what they are linked with. Says what it left out."),
      [](KnowledgeStore& store, store::Database& database, const wire::ContextQuery& query,
         const pack::Call& call) -> Result<wire::ContextAnswer> {
        const auto request = wire::to_context(query);
        if (!request) return std::unexpected(request.error());
        auto context = gather_context(store, database, *request, call.stop());
        if (!context) return std::unexpected(std::move(context.error()));
        return wire::to_answer(std::move(*context), query);
      });
}

}  // namespace

void declare_graph_tools(pack::Binder& tools, ToolRunner& runner) {
  declare_edges(tools, runner);
  declare_walks(tools, runner);
}

}  // namespace hearth::packs::knowledge
