// The tools for single entries: create, get, list, update, delete.
#include "packs/knowledge/common_wire.hpp"
#include "packs/knowledge/engine/entries.hpp"
#include "packs/knowledge/entry_wire.hpp"
#include "packs/knowledge/tools.hpp"

namespace hearth::packs::knowledge {
namespace {

void declare_reads(pack::Binder& tools, ToolRunner& runner) {
  runner.bind_read<wire::GetRequest, wire::GetAnswer>(
      tools,
      reading("get", "Get an entry",
              "Read one entry whole, by id, a unique prefix of it, or its exact title."),
      [](KnowledgeStore&, store::Database& database, const wire::GetRequest& request,
         const pack::Call&) -> Result<wire::GetAnswer> {
        auto entry =
            find_entry(database, request.id, request.deleted ? Which::deleted_too : Which::living);
        if (!entry) return std::unexpected(std::move(entry.error()));
        return wire::to_answer(std::move(*entry));
      });
  runner.bind_read<wire::ListQuery, wire::ListAnswer>(
      tools,
      reading("list", "List entries",
              "List entries, newest first, without their texts; by kind, tags, properties and "
              "time. Go on with the cursor of the answer."),
      [&runner](KnowledgeStore&, store::Database& database, const wire::ListQuery& query,
                const pack::Call&) -> Result<wire::ListAnswer> {
        auto filter = wire::to_filter(
            {query.kind, query.tags, query.properties, query.since, query.before}, runner.now_ms());
        if (!filter) return std::unexpected(std::move(filter.error()));
        auto page = list_entries(
            database, {.filter = std::move(*filter), .limit = query.limit, .cursor = query.cursor});
        if (!page) return std::unexpected(std::move(page.error()));
        return wire::to_answer(std::move(*page));
      });
}

void declare_writes(pack::Binder& tools, ToolRunner& runner) {
  runner.bind_write<wire::CreateRequest, wire::CreateAnswer>(
      tools,
      writing("create", "Create entries",
              "Store one entry, or up to 1,000 at once, all or none. For what you learn while "
              "working use knowledge_remember. Answered when it is safe on disk.",
              {}),
      [](KnowledgeStore& store, store::Database& database, const wire::CreateRequest& request,
         WallTime now) -> Result<wire::CreateAnswer> {
        const auto wanted = wire::to_new_entries(request);
        if (!wanted) return std::unexpected(wanted.error());
        const auto model = store.supplied_model();
        std::vector<Entry> made;
        for (const NewEntry& each : *wanted) {
          auto entry = add_entry(database, each, now, model);
          if (!entry) {
            const bool is_one = wanted->size() == 1;
            const std::string which = "entries[" + std::to_string(made.size()) + "]";
            return std::unexpected(is_one ? std::move(entry.error())
                                          : std::move(entry.error()).within(which));
          }
          made.push_back(std::move(*entry));
        }
        return wire::to_created(made);
      });
  runner.bind_write<wire::UpdateRequest, wire::UpdateAnswer>(
      tools,
      writing("update", "Update an entry",
              "Change an entry. What is not given stays; text and tags are replaced, properties "
              "merged. With expected_version nothing that another session wrote is overwritten.",
              {.destructive = true}),
      [](KnowledgeStore& store, store::Database& database, const wire::UpdateRequest& request,
         WallTime now) -> Result<wire::UpdateAnswer> {
        const auto change = wire::to_change(request);
        if (!change) return std::unexpected(change.error());
        const auto changed =
            change_entry(database, request.id, *change, now, store.supplied_model());
        if (!changed) return std::unexpected(changed.error());
        return wire::to_updated(*changed);
      });
  runner.bind_write<wire::DeleteRequest, wire::DeleteAnswer>(
      tools,
      writing("delete", "Delete an entry",
              "Hide one entry from everything, so that it can be restored; or end it for good with "
              "hard. A passage of an imported file comes back when that passage changes.",
              {.destructive = true, .idempotent = true}),
      [](KnowledgeStore&, store::Database& database, const wire::DeleteRequest& request,
         WallTime now) -> Result<wire::DeleteAnswer> {
        const auto removed =
            remove_entry(database, request.id, request.hard ? Deletion::hard : Deletion::soft, now,
                         request.expected_version);
        if (!removed) return std::unexpected(removed.error());
        return wire::DeleteAnswer{.id = removed->id, .title = removed->title};
      });
}

}  // namespace

void declare_entry_tools(pack::Binder& tools, ToolRunner& runner) {
  declare_reads(tools, runner);
  declare_writes(tools, runner);
}

}  // namespace hearth::packs::knowledge
