// The tools that search: search, similar, suggest, reindex.
#include "packs/knowledge/common_wire.hpp"
#include "packs/knowledge/engine/search.hpp"
#include "packs/knowledge/search_wire.hpp"
#include "packs/knowledge/tools.hpp"

namespace hearth::packs::knowledge {
namespace {

Result<wire::ReindexAnswer> reindex(KnowledgeStore& store, const wire::ReindexRequest& request) {
  wire::ReindexAnswer answer;
  if (request.index != "meaning") {
    if (auto done = store.rebuild_text(); !done) return std::unexpected(std::move(done.error()));
    answer.started.emplace_back("words");
  }
  if (request.index != "words") {
    auto done = store.rebuild_vectors();
    if (!done && request.index == "meaning") return std::unexpected(std::move(done.error()));
    if (done) answer.started.emplace_back("meaning");
  }
  return answer;
}

void declare_reindex(pack::Binder& tools, ToolRunner& runner) {
  pack::ToolSpec spec =
      writing("reindex", "Make an index again",
              "Throw an index away and make it again from the entries, in the background; searches "
              "go on meanwhile and say what they lack. Only for when an index is suspected.",
              {.idempotent = true});
  spec.resend = pack::ResendRule::run_again;
  mcp::Tool<wire::ReindexRequest, wire::ReindexAnswer>(std::move(spec))
      .on_pool(tools, runner.context_slot(),
               [&runner](const wire::ReindexRequest& request,
                         const pack::Call& call) -> Result<wire::ReindexAnswer> {
                 const auto counted = runner.running();
                 if (auto may = runner.check_writable(call); !may) {
                   return std::unexpected(std::move(may.error()));
                 }
                 const auto store = runner.stores().get(call.caller().name_space);
                 if (!store) return std::unexpected(store.error());
                 return reindex(**store, request);
               });
}

}  // namespace

void declare_search_tools(pack::Binder& tools, ToolRunner& runner) {
  runner.bind_read<wire::SearchQuery, wire::SearchAnswer>(
      tools,
      reading("search", "Search knowledge",
              "Find entries and imported passages by words and by meaning, best first, with how "
              "sure each is. No hits means that nothing fits. Read a hit whole with "
              "knowledge_get."),
      [&runner](KnowledgeStore& store, store::Database& database, const wire::SearchQuery& query,
                const pack::Call& call) -> Result<wire::SearchAnswer> {
        const auto request = wire::to_search(query, runner.now_ms());
        if (!request) return std::unexpected(request.error());
        auto page = search_entries(store, database, *request, call.stop());
        if (!page) return std::unexpected(std::move(page.error()));
        return wire::to_answer(std::move(*page), query.offset, query.limit);
      });
  runner.bind_read<wire::SimilarQuery, wire::SearchAnswer>(
      tools,
      reading("similar", "Find similar entries", "Find entries about the same as one of them."),
      [](KnowledgeStore& store, store::Database& database, const wire::SimilarQuery& query,
         const pack::Call& call) -> Result<wire::SearchAnswer> {
        auto page = similar_entries(store, database,
                                    {.id = query.id,
                                     .filter = {.kind = query.kind,
                                                .tags = query.tags,
                                                .properties = {},
                                                .since_ms = {},
                                                .before_ms = {},
                                                .with_superseded = false},
                                     .limit = query.limit,
                                     .least_score = query.min_score},
                                    call.stop());
        if (!page) return std::unexpected(std::move(page.error()));
        auto answer = wire::to_answer(std::move(*page), 0, query.limit);
        answer.next_offset.reset();  // there are no pages
        return answer;
      });
  runner.bind_read<wire::SuggestQuery, wire::SuggestAnswer>(
      tools,
      reading("suggest", "Suggest entries",
              "Entries that somebody who is still typing may mean; forgives misspelt words."),
      [](KnowledgeStore& store, store::Database& database, const wire::SuggestQuery& query,
         const pack::Call& call) -> Result<wire::SuggestAnswer> {
        auto page = suggest_entries(store, database, query.typed, query.limit, call.stop());
        if (!page) return std::unexpected(std::move(page.error()));
        return wire::to_suggestions(std::move(*page));
      });
  declare_reindex(tools, runner);
}

}  // namespace hearth::packs::knowledge
