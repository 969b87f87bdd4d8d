// The tools for memories: remember, recall, feedback, prune.
#include "packs/knowledge/engine/entries.hpp"
#include "packs/knowledge/engine/memory.hpp"
#include "packs/knowledge/engine/search.hpp"
#include "packs/knowledge/memory_wire.hpp"
#include "packs/knowledge/tools.hpp"

namespace hearth::packs::knowledge {

void declare_memory_tools(pack::Binder& tools, ToolRunner& runner) {
  runner.bind_write<wire::RememberRequest, wire::RememberAnswer>(
      tools,
      writing("remember", "Remember",
              "Store a memory for all later sessions: a decision, a fact, how something is done, "
              "what happened. One subject a memory. Answered when it is safe on disk.",
              {}),
      [](KnowledgeStore& store, store::Database& database, const wire::RememberRequest& request,
         WallTime now) -> Result<wire::RememberAnswer> {
        const auto made =
            add_entry(database, wire::to_new_entry(request), now, store.supplied_model());
        if (!made) return std::unexpected(made.error());
        return wire::to_remembered(*made);
      });
  runner.bind_read<wire::RecallQuery, wire::RecallAnswer>(
      tools,
      reading(
          "recall", "Recall",
          "Memories about something, or what matters now, best first: by relevance, by how much "
          "they matter, which fades with time, and by recency. Tell with knowledge_feedback "
          "what was of use."),
      [&runner](KnowledgeStore& store, store::Database& database, const wire::RecallQuery& query,
                const pack::Call& call) -> Result<wire::RecallAnswer> {
        const auto request = wire::to_recall(query, runner.now_ms());
        if (!request) return std::unexpected(request.error());
        auto found =
            recall(store, database, *request, runner.context().clock().wall(), call.stop());
        if (!found) return std::unexpected(std::move(found.error()));
        return wire::to_answer(std::move(*found), query);
      });
  runner.bind_write<wire::FeedbackRequest, wire::FeedbackAnswer>(
      tools,
      writing("feedback", "Rate a memory",
              "Say whether a memory was of use, so that it comes back sooner or later.", {}),
      [](KnowledgeStore&, store::Database& database, const wire::FeedbackRequest& request,
         WallTime now) -> Result<wire::FeedbackAnswer> {
        const auto entry = give_feedback(database, request.id, wire::to_feedback(request), now,
                                         request.expected_version);
        if (!entry) return std::unexpected(entry.error());
        return wire::FeedbackAnswer{entry->id, entry->title, rounded(entry->salience)};
      });
  runner.bind_write<wire::PruneQuery, wire::PruneAnswer>(
      tools,
      writing("prune", "Forget what has faded",
              "Softly delete memories that matter less than a bound by now, most faded first, some "
              "thousands a call; try dry_run first.",
              {.destructive = true}),
      [](KnowledgeStore&, store::Database& database, const wire::PruneQuery& query,
         WallTime now) -> Result<wire::PruneAnswer> {
        const auto request = wire::to_prune(query, now.time_since_epoch().count());
        if (!request) return std::unexpected(request.error());
        const auto pruned = prune(database, *request, now);
        if (!pruned) return std::unexpected(pruned.error());
        return wire::to_answer(*pruned, query.dry_run);
      });
}

}  // namespace hearth::packs::knowledge
