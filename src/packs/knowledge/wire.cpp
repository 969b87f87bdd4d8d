#include "packs/knowledge/wire.hpp"

#include <utility>

#include "base/clock.hpp"

namespace hearth::packs::knowledge::wire {

using json::defaulted;
using json::Notes;
using json::range;

namespace {

constexpr std::int64_t most_key_bytes = 200;
constexpr const char* key_text =
    "Your idempotency key: the same call with the same key is applied once within 24 hours";
constexpr const char* id_text = "Id of the entry, or a unique prefix of it (at least 4 characters)";
constexpr const char* tags_filter_text = "Only entries that carry all of these tags";
constexpr const char* kind_filter_text = "Only entries of this kind";
constexpr const char* source_text = "File and line it was imported from; absent for notes";
constexpr const char* time_text = "UTC, RFC 3339";

std::string time_of(std::int64_t ms) {
  return format_rfc3339(WallTime(std::chrono::milliseconds(ms)));
}

json::Limits label() {
  return range(1, static_cast<std::int64_t>(most_label_bytes));
}
json::Limits tag_list() {
  return range(0, static_cast<std::int64_t>(most_tags));
}
json::Limits texts() {
  return range(1, static_cast<std::int64_t>(most_text_bytes));
}
json::Limits titles() {
  return range(1, static_cast<std::int64_t>(most_title_bytes));
}

}  // namespace

Notes notes(const RememberRequest*) {
  return {{"text", "What to remember, at most 1 MiB; plain text or Markdown", texts()},
          {"title", "Short title; default: the first line of the text", titles()},
          {"kind", "One word for what it is: note, decision, fact …", label() | defaulted},
          {"tags", "Tags to filter by later", tag_list() | defaulted},
          {"properties", "Any further JSON members to keep with it, at most 64 KiB", defaulted},
          {"key", key_text, range(1, most_key_bytes)}};
}
Notes notes(const RememberAnswer*) {
  return {{"id", "Id for knowledge_get, _update and _delete"},
          {"created", "False when your key was used before and this entry was there already"},
          {"title", ""},
          {"kind", ""},
          {"version", "Grows by one with each update"},
          {"created_at", time_text}};
}
Notes notes(const SearchQuery*) {
  return {{"query", "Words; \"quoted words\" are a phrase, word* fits any ending; no operators",
           range(1, 4096)},
          {"limit", "Most hits to return", range(1, 100) | defaulted},
          {"offset", "Hits to skip, for the next page", range(0, 100'000) | defaulted},
          {"kind", kind_filter_text, label()},
          {"tags", tags_filter_text, tag_list() | defaulted}};
}
Notes notes(const SearchHit*) {
  return {{"id", "Id for knowledge_get"},
          {"title", ""},
          {"kind", ""},
          {"snippet", "Passage of the text, the words found between ** and **"},
          {"score", "Positive, higher is better; comparable within this answer only"},
          {"tags", ""},
          {"source", source_text},
          {"updated_at", time_text}};
}
Notes notes(const SearchAnswer*) {
  return {{"hits", "Best first"},
          {"total", "Exact number of hits there are"},
          {"truncated", "Whether there are more hits after these"},
          {"match", "all: every hit holds every word; some: hits may hold only some of the words",
           json::one_of({"all", "some"})},
          {"next_offset", "The offset of the next page, if there is one"},
          {"degraded", "Why the answer is less than it could be; absent when it is not"}};
}
Notes notes(const GetRequest*) {
  return {{"id", id_text, range(4, 36)}};
}
Notes notes(const GetAnswer*) {
  return {{"id", ""},
          {"title", ""},
          {"kind", ""},
          {"text", ""},
          {"tags", ""},
          {"properties", ""},
          {"source", source_text},
          {"version", "For expected_version of knowledge_update"},
          {"created_at", time_text},
          {"updated_at", time_text}};
}
Notes notes(const ListQuery*) {
  return {{"kind", kind_filter_text, label()},
          {"tags", tags_filter_text, tag_list() | defaulted},
          {"limit", "Most entries to return", range(1, 500) | defaulted},
          {"cursor", "Cursor of the page before"}};
}
Notes notes(const ListedEntry*) {
  return {{"id", "Id for knowledge_get"},
          {"title", ""},
          {"kind", ""},
          {"tags", ""},
          {"source", source_text},
          {"version", ""},
          {"created_at", time_text},
          {"updated_at", time_text}};
}
Notes notes(const ListAnswer*) {
  return {{"entries", "Newest first, without their texts"},
          {"total", "Entries that pass the filter, on all pages"},
          {"truncated", "Whether there are more pages"},
          {"cursor", "For the next page, if there is one"}};
}
Notes notes(const UpdateRequest*) {
  return {{"id", id_text, range(4, 36)},
          {"title", "New title", titles()},
          {"text", "New text; replaces the old", texts()},
          {"kind", "New kind", label()},
          {"tags", "New tags; replace all old ones", tag_list()},
          {"properties", "Members to set; a null removes one, the others stay"},
          {"expected_version", "Refuse (conflict) unless the entry is of this version",
           range(1, INT64_MAX)},
          {"key", key_text, range(1, most_key_bytes)}};
}
Notes notes(const UpdateAnswer*) {
  return {{"id", ""},   {"title", ""},   {"kind", ""},
          {"tags", ""}, {"version", ""}, {"updated_at", time_text}};
}
Notes notes(const DeleteRequest*) {
  return {{"id", id_text, range(4, 36)}, {"key", key_text, range(1, most_key_bytes)}};
}
Notes notes(const DeleteAnswer*) {
  return {{"id", ""}, {"title", "Of the entry that is gone"}, {"deleted", ""}};
}
Notes notes(const StatsRequest*) {
  return {};
}
Notes notes(const KindStats*) {
  return {{"kind", ""}, {"entries", ""}};
}
Notes notes(const StatsAnswer*) {
  return {{"entries", "Notes and passages of imported files"},
          {"sources", "Imported files"},
          {"tags", "Different tags"},
          {"kinds", "Most entries first"},
          {"bytes", "On disk, journals included"},
          {"path", "The store's file"},
          {"updated_at", "Of the latest change; absent in an empty store"}};
}
Notes notes(const ImportRequest*) {
  return {{"path", "Folder or file, absolute or relative to the caller's working directory",
           range(1, 4096)}};
}
Notes notes(const SkippedCount*) {
  return {{"reason", ""}, {"count", "Files or folders"}};
}
Notes notes(const ImportAnswer*) {
  return {{"path", "What was imported, as an absolute path"},
          {"files", "Files that are in the store now, of this path"},
          {"added", "Files"},
          {"updated", "Files"},
          {"unchanged", "Files"},
          {"removed", "Files imported before that are gone, or are skipped now"},
          {"entries_added", ""},
          {"entries_updated", ""},
          {"entries_removed", ""},
          {"skipped", "What was left out, by reason"},
          {"truncated", "Whether there were more files than one import takes (100,000)"}};
}

NewEntry to_new_entry(const RememberRequest& request) {
  return {.text = request.text,
          .title = request.title.value_or(""),
          .kind = request.kind,
          .tags = request.tags,
          .properties = request.properties.text};
}

namespace {

Result<std::string> merged(std::string_view present, const std::string& changes) {
  auto to = json::parse(present);
  if (!to) return std::unexpected(std::move(to.error()));
  const auto from = json::parse(changes);
  if (!from) return std::unexpected(from.error());
  if (!to->is_object() || !from->is_object()) return fail(Errc::internal, "properties: no object");
  for (const auto& [name, value] : from->get_object()) {
    if (value.is_null()) {
      to->get_object().erase(name);
    } else {
      to->get_object()[name] = value;
    }
  }
  return json::dump(*to);
}

}  // namespace

Result<EntryChange> to_change(const UpdateRequest& request) {
  if (!request.title && !request.text && !request.kind && !request.tags && !request.properties) {
    return fail(Errc::invalid_args, "nothing to change",
                {"give at least one of title, text, kind, tags and properties"});
  }
  EntryChange change{.text = request.text,
                     .title = request.title,
                     .kind = request.kind,
                     .tags = request.tags,
                     .merge_properties = {},
                     .expected_version = request.expected_version};
  if (request.properties) {
    change.merge_properties = [changes = request.properties->text](std::string_view present) {
      return merged(present, changes);
    };
  }
  return change;
}

SearchRequest to_search(const SearchQuery& query) {
  return {.query = query.query,
          .filter = {.kind = query.kind, .tags = query.tags},
          .limit = query.limit,
          .offset = query.offset};
}

ListRequest to_list(const ListQuery& query) {
  return {.filter = {.kind = query.kind, .tags = query.tags},
          .limit = query.limit,
          .cursor = query.cursor};
}

RememberAnswer to_remembered(const Entry& entry) {
  return {.id = entry.id,
          .created = true,
          .title = entry.title,
          .kind = entry.kind,
          .version = entry.version,
          .created_at = time_of(entry.created_ms)};
}

UpdateAnswer to_updated(const Entry& entry) {
  return {.id = entry.id,
          .title = entry.title,
          .kind = entry.kind,
          .tags = entry.tags,
          .version = entry.version,
          .updated_at = time_of(entry.updated_ms)};
}

GetAnswer to_answer(Entry entry) {
  return {.id = std::move(entry.id),
          .title = std::move(entry.title),
          .kind = std::move(entry.kind),
          .text = std::move(entry.text),
          .tags = std::move(entry.tags),
          .properties = {std::move(entry.properties)},
          .source = std::move(entry.source),
          .version = entry.version,
          .created_at = time_of(entry.created_ms),
          .updated_at = time_of(entry.updated_ms)};
}

SearchAnswer to_answer(SearchPage page, std::int64_t offset) {
  SearchAnswer answer;
  answer.total = page.total;
  answer.match = page.match == Match::all_words ? "all" : "some";
  const std::int64_t next = offset + static_cast<std::int64_t>(page.hits.size());
  answer.truncated = next < page.total;
  if (answer.truncated && !page.hits.empty()) answer.next_offset = next;
  if (page.words_left_out > 0) {
    answer.degraded = "the query is long: its last " + std::to_string(page.words_left_out) +
                      " words were not looked for";
  }
  for (Hit& hit : page.hits) {
    answer.hits.push_back({.id = std::move(hit.id),
                           .title = std::move(hit.title),
                           .kind = std::move(hit.kind),
                           .snippet = std::move(hit.snippet),
                           .score = hit.score,
                           .tags = std::move(hit.tags),
                           .source = std::move(hit.source),
                           .updated_at = time_of(hit.updated_ms)});
  }
  return answer;
}

ListAnswer to_answer(ListPage page) {
  ListAnswer answer;
  answer.total = page.total;
  answer.truncated = page.cursor.has_value();
  answer.cursor = std::move(page.cursor);
  for (Entry& entry : page.entries) {
    answer.entries.push_back({.id = std::move(entry.id),
                              .title = std::move(entry.title),
                              .kind = std::move(entry.kind),
                              .tags = std::move(entry.tags),
                              .source = std::move(entry.source),
                              .version = entry.version,
                              .created_at = time_of(entry.created_ms),
                              .updated_at = time_of(entry.updated_ms)});
  }
  return answer;
}

StatsAnswer to_answer(const Stats& stats) {
  StatsAnswer answer;
  answer.entries = stats.entries;
  answer.sources = stats.sources;
  answer.tags = stats.tags;
  for (const KindCount& each : stats.kinds) answer.kinds.push_back({each.kind, each.entries});
  if (stats.updated_ms) answer.updated_at = time_of(*stats.updated_ms);
  return answer;
}

ImportAnswer to_answer(const ImportReport& report) {
  ImportAnswer answer{.path = report.path,
                      .files = report.files,
                      .added = report.added,
                      .updated = report.updated,
                      .unchanged = report.unchanged,
                      .removed = report.removed,
                      .entries_added = report.entries.added,
                      .entries_updated = report.entries.updated,
                      .entries_removed = report.entries.removed,
                      .skipped = {},
                      .truncated = report.is_cut};
  for (const auto& [reason, count] : report.skipped) answer.skipped.push_back({reason, count});
  return answer;
}

std::string as_not_created(const std::string& stored) {
  const auto value = json::parse(stored);
  if (!value) return stored;
  auto answer = json::decode<RememberAnswer>(*value);
  if (!answer) return stored;
  answer->created = false;
  return json::encode(*answer);
}

}  // namespace hearth::packs::knowledge::wire
