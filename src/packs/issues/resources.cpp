// What of a repository's issues is read under URIs, and told of when it changes.
#include <string>
#include <utility>

#include "json/json.hpp"
#include "packs/issues/issue_wire.hpp"
#include "packs/issues/list_ready.hpp"
#include "packs/issues/shown_claim.hpp"
#include "packs/issues/tools.hpp"

namespace hearth::packs::issues {
namespace {

constexpr const char* json_type = "application/json";

// Runs read(store) on the pool and answers with the JSON text it returns.
template <typename Read>
void answer_on_pool(ToolRunner& runner, const std::string& uri, pack::Call call, Read read) {
  runner.on_pool(pack::Length::brief, std::move(call),
                 [&runner, uri, read = std::move(read)](pack::Call waiting) {
                   const auto store = runner.store_of(waiting);
                   if (!store) return ToolRunner::answer_without_store(waiting, store.error());
                   const Result<std::string> text = read(**store);
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

Result<std::string> read_issue(IssueStore& store, const std::string& prefix) {
  const auto id = store.board()->resolve(prefix);
  if (!id) return std::unexpected(id.error());
  const auto reader = store.reader();
  if (!reader) return std::unexpected(reader.error());
  const auto events = Cache::events(**reader, *id);
  if (!events) return std::unexpected(events.error());
  const auto issue = project_issue(*events);
  if (!issue) return fail(Errc::not_found, "there is no issue " + prefix);
  const auto claim = shown_claim(store, *id);
  if (!claim) return std::unexpected(claim.error());
  const auto shown = wire::excerpt_of(wire::to_shown(*issue, *store.board(), *claim), {});
  if (!shown) return std::unexpected(shown.error());
  return json::encode(*shown);
}

std::vector<std::string> no_proposals(std::string_view, std::string_view, const pack::Variables&) {
  return {};
}

}  // namespace

void declare_resources(pack::Binder& binder, ToolRunner& runner) {
  binder.add(pack::ResourceSpec{.uri = "hearth://issues/ready",
                                .name = "issues-ready",
                                .title = "Ready issues",
                                .description = "What can be done now in the caller's repository",
                                .mime_type = json_type},
             [&runner](const std::string& uri, const pack::Variables&, pack::Call call) {
               answer_on_pool(runner, uri, std::move(call),
                              [](IssueStore& store) -> Result<std::string> {
                                const auto answer = list_ready(store, {});
                                if (!answer) return std::unexpected(answer.error());
                                return json::encode(*answer);
                              });
             });
  binder.add(
      pack::TemplateSpec{
          .uri_template = "hearth://issues/{id}",
          .name = "issues-issue",
          .title = "Issue",
          .description =
              "One issue of the caller's repository, as issues_show has it; followed by its whole "
              "id or as lists name it",
          .mime_type = json_type},
      [&runner](const std::string& uri, const pack::Variables& variables, pack::Call call) {
        answer_on_pool(runner, uri, std::move(call), [id = variables.at("id")](IssueStore& store) {
          return read_issue(store, id);
        });
      },
      no_proposals);
}

}  // namespace hearth::packs::issues
