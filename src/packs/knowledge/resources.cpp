// What of a store is read under URIs, and told of when it changes: an entry, the newest ones, what
// a search finds.
#include <string>
#include <utility>

#include "packs/knowledge/engine/entries.hpp"
#include "packs/knowledge/engine/search.hpp"
#include "packs/knowledge/entry_wire.hpp"
#include "packs/knowledge/search_wire.hpp"
#include "packs/knowledge/tools.hpp"

namespace hearth::packs::knowledge {
namespace {

constexpr const char* json_type = "application/json";
constexpr std::int64_t recent_entries = 20;

// Runs read(store, connection) on the pool and answers with the JSON text it returns.
template <typename Read>
void answer_on_pool(ToolRunner& runner, const std::string& uri, pack::Call call, Read read) {
  runner.on_pool(pack::Length::brief, std::move(call),
                 [&runner, uri, read = std::move(read)](pack::Call waiting) {
                   const auto text = [&]() -> Result<std::string> {
                     const auto store = runner.stores().get(waiting.caller().name_space);
                     if (!store) return std::unexpected(store.error());
                     auto reader = (*store)->reader(waiting.stop());
                     if (!reader) return std::unexpected(std::move(reader.error()));
                     return read(**store, **reader);
                   }();
                   if (!text) return waiting.answer(std::unexpected(text.error()));
                   pack::Reply reply;
                   reply.content.push_back({.kind = pack::ContentKind::resource,
                                            .text = *text,
                                            .bytes = {},
                                            .mime_type = json_type,
                                            .uri = uri,
                                            .name = {}});
                   waiting.answer(std::move(reply));
                 });
}

template <typename Answer>
Result<std::string> encoded(Result<Answer> answer) {
  if (!answer) return std::unexpected(std::move(answer.error()));
  return json::encode(wire::to_answer(std::move(*answer)));
}

std::vector<std::string> no_proposals(std::string_view, std::string_view, const pack::Variables&) {
  return {};
}

}  // namespace

void declare_resources(pack::Binder& binder, ToolRunner& runner) {
  binder.add(pack::ResourceSpec{.uri = "hearth://knowledge/recent",
                                .name = "knowledge-recent",
                                .title = "Recent knowledge",
                                .description = "The newest entries of the knowledge store",
                                .mime_type = json_type},
             [&runner](const std::string& uri, const pack::Variables&, pack::Call call) {
               answer_on_pool(
                   runner, uri, std::move(call), [](KnowledgeStore&, store::Database& database) {
                     return encoded(list_entries(
                         database, {.filter = {}, .limit = recent_entries, .cursor = {}}));
                   });
             });
  binder.add(
      pack::TemplateSpec{.uri_template = "hearth://knowledge/{id}",
                         .name = "knowledge-entry",
                         .title = "Entry",
                         .description = "One entry of the knowledge store, whole",
                         .mime_type = json_type},
      [&runner](const std::string& uri, const pack::Variables& variables, pack::Call call) {
        answer_on_pool(runner, uri, std::move(call),
                       [id = variables.at("id")](KnowledgeStore&, store::Database& database) {
                         return encoded(find_entry(database, id));
                       });
      },
      no_proposals);
  binder.add(
      pack::TemplateSpec{.uri_template = "hearth://knowledge/search/{query}",
                         .name = "knowledge-search",
                         .title = "Search",
                         .description = "What a search finds now, by words and by meaning",
                         .mime_type = json_type},
      [&runner](const std::string& uri, const pack::Variables& variables, pack::Call call) {
        answer_on_pool(
            runner, uri, std::move(call),
            [query = variables.at("query")](KnowledgeStore& store,
                                            store::Database& database) -> Result<std::string> {
              SearchRequest request;
              request.query = query;
              request.filter.with_superseded = false;
              auto page = search_entries(store, database, request);
              if (!page) return std::unexpected(std::move(page.error()));
              return json::encode(wire::to_answer(std::move(*page), 0, request.limit));
            });
      },
      no_proposals);
}

}  // namespace hearth::packs::knowledge
