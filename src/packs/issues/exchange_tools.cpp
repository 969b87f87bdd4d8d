// The tools that write issues for others and read theirs: export, import.
#include <algorithm>
#include <array>
#include <unordered_set>

#include "base/regular_file.hpp"
#include "packs/issues/caller_files.hpp"
#include "packs/issues/engine/chunk.hpp"
#include "packs/issues/engine/views/export_text.hpp"
#include "packs/issues/exchange_tools_wire.hpp"
#include "packs/issues/tools.hpp"
#include "store/atomic_file.hpp"

namespace hearth::packs::issues {
namespace {

constexpr std::chrono::milliseconds exchange_time_limit = std::chrono::minutes(10);
constexpr std::size_t most_inline_bytes = 4UL << 20;
constexpr std::size_t most_import_bytes = 256UL << 20;
constexpr std::size_t events_a_commit = 10'000;

// ---- Export -----------------------------------------------------------------------------------

struct Everything {
  std::vector<Issue> issues;
  std::vector<Event> events;  // by issue, time, actor, id
};

Result<Everything> read_everything(IssueStore& store, const std::stop_token& stop) {
  const auto reader = store.reader(stop);
  if (!reader) return std::unexpected(reader.error());
  Everything all;
  for (const RowKind kind : {RowKind::issue, RowKind::waiting, RowKind::file, RowKind::project}) {
    auto read = Cache::each(**reader, kind, [&](const std::vector<Event>& events) {
      all.events.insert(all.events.end(), events.begin(), events.end());
      if (kind != RowKind::issue) return;
      if (auto issue = project_issue(events)) all.issues.push_back(std::move(*issue));
    });
    if (!read) return std::unexpected(std::move(read.error()));
  }
  std::ranges::sort(all.events, {},
                    [](const Event& event) { return std::pair(event.issue, version_of(event)); });
  std::ranges::sort(all.issues, {}, [](const Issue& issue) {
    return std::pair(issue.summary.created_ms, issue.summary.id);
  });
  return all;
}

// Keeps what changed since a time, or after an event.
Result<void> keep_since(Everything& all, const std::string& since, std::uint64_t now_ms) {
  Version first;
  if (const auto id = id_of_hex<EventId>(since)) {
    const auto event = std::ranges::find(all.events, *id, &Event::id);
    if (event == all.events.end()) return fail(Errc::not_found, "there is no event " + since);
    first = version_of(*event);
    std::erase_if(all.events, [&](const Event& each) { return version_of(each) <= first; });
  } else {
    const auto time = wire::to_time("since", since, now_ms);
    if (!time) return std::unexpected(time.error());
    first.ts_ms = time->value_or(0);
    std::erase_if(all.events, [&](const Event& each) { return each.ts_ms < first.ts_ms; });
  }
  std::erase_if(all.issues,
                [&](const Issue& issue) { return issue.summary.updated_ms < first.ts_ms; });
  return {};
}

std::string export_text(const Everything& all, const std::string& format, const ExportMeta& meta) {
  if (format == "md") return markdown_of(all.issues, meta.generated_ms);
  if (format == "csv") return csv_of(all.issues);
  std::vector<Summary> summaries;
  for (const Issue& issue : all.issues) summaries.push_back(issue.summary);
  return export_json(meta, summaries, all.events);
}

Result<wire::ExportAnswer> export_issues(IssueStore& store,
                                         const wire::ExportRequest& request,
                                         const pack::Call& call) {
  std::optional<std::string> path;
  if (request.path) {
    if (auto may = ToolRunner::check_writable(call); !may) return std::unexpected(may.error());
    auto real = file_to_write(store, call, *request.path, request.overwrite);
    if (!real) return std::unexpected(std::move(real.error()));
    path = std::move(*real);
  }
  const auto head = store.head();
  auto all = read_everything(store, call.stop());
  if (!all) return std::unexpected(std::move(all.error()));
  if (request.since) {
    auto kept = keep_since(*all, *request.since, store.now_ms());
    if (!kept) return std::unexpected(std::move(kept.error()));
  }
  ExportMeta meta{.generated_ms = store.now_ms(), .wal_head = {}};
  if (head) meta.wal_head = hex_of(*head);
  std::string text = export_text(*all, request.format, meta);
  wire::ExportAnswer answer{.format = request.format,
                            .output_path = path,
                            .text = {},
                            .wal_head = meta.wal_head.value_or(""),
                            .issue_count = wire::number(all->issues.size()),
                            .event_count = wire::number(all->events.size())};
  if (path) {
    auto written = store::replace_file(*path, text, 0644);
    if (!written) return std::unexpected(std::move(written.error()));
  } else if (text.size() > most_inline_bytes) {
    return fail(Errc::invalid_args,
                "the export has " + std::to_string(text.size()) + " bytes, too many to return",
                {"give a path: it is written to that file", "take less with since"});
  } else {
    answer.text = std::move(text);
  }
  return answer;
}

// ---- Import -----------------------------------------------------------------------------------

// Some editors begin a file with a byte order mark.
std::string_view without_mark(std::string_view text) {
  constexpr std::string_view mark = "\xEF\xBB\xBF";
  if (text.starts_with(mark)) text.remove_prefix(mark.size());
  return text;
}

Result<std::string> text_to_import(const IssueStore& store,
                                   const wire::ImportRequest& request,
                                   const pack::Call& call) {
  if (request.path.has_value() == request.text.has_value()) {
    return fail(Errc::invalid_args, "give either path or text");
  }
  if (request.text) return std::string(without_mark(*request.text));
  const auto path = file_to_read(store, call, *request.path);
  if (!path) return std::unexpected(path.error());
  auto text = read_head(*path, most_import_bytes + 1);
  if (text && text->size() > most_import_bytes) {
    return fail(Errc::invalid_args, *path + " is larger than 256 MiB");
  }
  if (text) text = std::string(without_mark(*text));
  return text;
}

// An export, or what `show` prints, is one value: an array, or an object that the name of its first
// member tells from those of beads, of which each line has one.
bool is_export(std::string_view text) {
  constexpr std::string_view blanks = " \t\r\n";
  constexpr std::array<std::string_view, 8> names{"meta", "issues",         "events", "event_id",
                                                  "data", "schema_version", "ok",     "issue"};
  text.remove_prefix(std::min(text.find_first_not_of(blanks), text.size()));
  if (!text.starts_with('{')) return text.starts_with('[');
  text.remove_prefix(std::min(text.find_first_not_of(blanks, 1), text.size()));
  return std::ranges::any_of(names, [text](std::string_view name) {
    return text.starts_with('"') && text.substr(1).starts_with(name) &&
           text.substr(1 + name.size()).starts_with('"');
  });
}

// What has nothing that could be taken is no file of issues, or is taken for another one.
Result<void> check_some_taken(const wire::ImportAnswer& answer, std::span<const Event> events) {
  const bool is_understood = !events.empty() || !answer.ignored.empty() ||
                             answer.unchanged.value_or(0) > 0 || answer.deleted.value_or(0) > 0;
  if (is_understood || answer.left_out.empty()) return {};
  return fail(Errc::invalid_args,
              "nothing of it can be taken as " + answer.format + "; record " +
                  std::to_string(answer.left_out.front().record) + ": " +
                  answer.left_out.front().why,
              {"give the format: export or beads"});
}

Result<std::vector<Event>> events_of_export(std::string_view text, wire::ImportAnswer& answer) {
  auto imported = import_export_json(text);
  if (!imported) return std::unexpected(std::move(imported.error()));
  wire::put_left_out(answer, imported->left_out);
  if (imported->without_symbols > 0) {
    answer.ignored.push_back(
        {"ContextUpdated (index the files again)", wire::number(imported->without_symbols)});
  }
  return std::move(imported->events);
}

Result<std::vector<Event>> events_of_beads_file(IssueStore& store,
                                                std::string_view text,
                                                wire::ImportAnswer& answer,
                                                const std::stop_token& stop) {
  const BeadsFile file = read_beads_jsonl(text);
  wire::put_left_out(answer, file.left_out);
  wire::put_ignored(answer, file);
  const auto reader = store.reader(stop);
  if (!reader) return std::unexpected(reader.error());
  std::optional<IssueHere> here;
  BeadsEvents found = events_of_beads(file.issues, [&](const IssueId& id) -> const IssueHere* {
    here.reset();
    auto events = Cache::events(**reader, id);
    auto issue = events ? project_issue(*events) : std::nullopt;
    if (!issue) return nullptr;
    here = IssueHere{.events = std::move(*events), .issue = std::move(*issue)};
    return &*here;
  });
  if (found.kept > 0) {
    answer.ignored.push_back(
        {"labels, assignees and dependencies that the file does not have; an "
         "import of one no older has set them",
         wire::number(found.kept)});
  }
  answer.created = wire::number(found.created);
  answer.changed = wire::number(found.changed);
  answer.unchanged = wire::number(found.unchanged);
  answer.deleted = wire::number(found.deleted);
  return std::move(found.events);
}

// Those that are not in the log; of several that are the same, one.
Result<std::vector<Event>> unknown_of(store::Database& database, std::span<const Event> events) {
  std::unordered_map<IssueId, std::unordered_set<EventId>> known;
  std::vector<Event> unknown;
  for (const Event& event : events) {
    const auto [ids, is_new] = known.try_emplace(event.issue);
    if (is_new) {
      const auto here = Cache::events(database, event.issue);
      if (!here) return std::unexpected(here.error());
      for (const Event& each : *here) ids->second.insert(each.id);
    }
    if (ids->second.insert(event.id).second) unknown.push_back(event);
  }
  return unknown;
}

Result<wire::ImportAnswer> import_issues(IssueStore& store,
                                         const wire::ImportRequest& request,
                                         const pack::Call& call) {
  const auto text = text_to_import(store, request, call);
  if (!text) return std::unexpected(text.error());
  wire::ImportAnswer answer;
  answer.format = request.format != "auto" ? request.format : is_export(*text) ? "export" : "beads";
  const auto events = answer.format == "export"
                          ? events_of_export(*text, answer)
                          : events_of_beads_file(store, *text, answer, call.stop());
  if (!events) return std::unexpected(events.error());
  if (auto some = check_some_taken(answer, *events); !some) return std::unexpected(some.error());
  if (store.options().signatures == SignaturePolicy::require && !events->empty()) {
    return fail(Errc::permission,
                "signatures are required here, and no file of issues has any: what it says would "
                "not count",
                {"bring the issues with hearth issues sync from a clone that signs"});
  }
  // All of them, before the first are written.
  if (auto parts = split_into_chunks(*events, store.options().chunks); !parts)
    return std::unexpected(std::move(parts.error()));
  if (const auto head = store.head()) answer.wal_head = hex_of(*head);
  for (std::span<const Event> rest = *events; !rest.empty();) {
    const auto some = rest.first(std::min(rest.size(), events_a_commit));
    rest = rest.subspan(some.size());
    std::size_t added = 0;
    WriteJob job;
    job.stop = call.stop();
    job.make = [&](const Board&, store::Database& database, const Actor&) -> Result<Batch> {
      auto unknown = unknown_of(database, some);
      if (!unknown) return std::unexpected(std::move(unknown.error()));
      added = unknown->size();
      if (request.dry_run) return Batch{};
      return Batch{.drafts = {}, .events = std::move(*unknown)};
    };
    const auto receipt = store.write_and_wait(std::move(job));
    if (!receipt) return std::unexpected(receipt.error());
    answer.events += wire::number(added);
    answer.known += wire::number(some.size() - added);
    if (receipt->head) answer.wal_head = hex_of(*receipt->head);
  }
  return answer;
}

}  // namespace

void declare_exchange_tools(pack::Binder& tools, ToolRunner& runner) {
  pack::ToolSpec exporting = reading(
      "export", "Export issues",
      "All issues as JSON with their events, as Markdown or as CSV: as text, or into a file "
      "of the project.");
  exporting.annotations = {.destructive = true, .idempotent = true};
  exporting.time_limit = exchange_time_limit;
  // Not ToolRunner::bind: a caller that may not write gets the text all the same.
  mcp::Tool<wire::ExportRequest, wire::ExportAnswer>(std::move(exporting))
      .deferred(tools, [&runner](wire::ExportRequest request, pack::Call call) {
        runner.on_pool(pack::Length::lengthy, std::move(call),
                       [&runner, request = std::move(request)](pack::Call running) {
                         const auto store = runner.store_of(running);
                         if (!store)
                           return ToolRunner::answer_without_store(running, store.error());
                         const auto outcome = export_issues(**store, request, running);
                         running.answer(mcp::to_reply<wire::ExportAnswer>(outcome));
                       });
      });
  pack::ToolSpec importing =
      doing("import", "Import issues",
            "Bring issues from an export of hearth or grite, or from the JSONL of beads. What was "
            "imported before is not imported again.",
            {.idempotent = true});
  importing.time_limit = exchange_time_limit;
  runner.bind<wire::ImportRequest, wire::ImportAnswer>(tools, std::move(importing),
                                                       pack::Length::lengthy, import_issues);
}

}  // namespace hearth::packs::issues
