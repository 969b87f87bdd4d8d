// The tools for notes about the project: what everybody who works in the repository should know.
#include <algorithm>

#include "packs/issues/excerpt_wire.hpp"
#include "packs/issues/note_wire.hpp"
#include "packs/issues/tools.hpp"

namespace hearth::packs::issues {
namespace {

Result<wire::NotesAnswer> list_notes(IssueStore& store,
                                     const wire::NotesRequest& request,
                                     const pack::Call& call) {
  const auto reader = store.reader(call.stop());
  if (!reader) return std::unexpected(reader.error());
  const auto events = Cache::events(**reader, project_issue_id);
  if (!events) return std::unexpected(events.error());
  wire::NotesAnswer answer;
  for (const ProjectNote& each : project_notes(*events)) {
    if (request.key && each.key != *request.key) continue;
    if (answer.total++ < request.offset) continue;
    answer.entries.push_back(
        {each.key, each.value, wire::number(each.version.ts_ms), std::nullopt});
  }
  if (request.key && answer.total == 0) {
    return fail(Errc::not_found, "there is no note \"" + *request.key + "\"",
                {"hearth issues notes"});
  }
  const bool is_asked_for = request.key.has_value();
  wire::fit(answer, static_cast<std::size_t>(is_asked_for ? wire::most_room : wire::usual_room));
  answer.count = wire::number(answer.entries.size());
  return answer;
}

}  // namespace

void declare_note_tools(pack::Binder& tools, ToolRunner& runner) {
  runner.bind_write<wire::NoteRequest, wire::NoteAnswer>(
      tools,
      writing("note", "Keep a note about the project",
              "Write down what everybody in this repository should know, under a name.",
              {.destructive = true, .idempotent = true}),
      [](const wire::NoteRequest& request, const Board&, store::Database&,
         const Actor&) -> Result<Batch> {
        return Batch{
            .drafts = {{project_issue_id, ProjectContextUpdated{request.key_name, request.value}}},
            .events = {}};
      },
      [](const wire::NoteRequest& request, const Receipt& receipt) {
        return wire::NoteAnswer{
            .key = request.key_name,
            .value = request.value,
            .event_id = receipt.events.empty() ? "" : hex_of(receipt.events.back().id),
            .wal_head = wire::head_of(receipt)};
      });
  runner.bind<wire::NotesRequest, wire::NotesAnswer>(
      tools,
      reading("notes", "Notes about the project",
              "All notes, long ones cut; or one of a name, whole."),
      pack::Length::brief, list_notes);
}

}  // namespace hearth::packs::issues
