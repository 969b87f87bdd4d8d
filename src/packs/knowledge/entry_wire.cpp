#include "packs/knowledge/entry_wire.hpp"

#include <utility>

#include "packs/knowledge/common_wire.hpp"

namespace hearth::packs::knowledge::wire {

using json::defaulted;
using json::Notes;
using json::range;

namespace {

constexpr std::int64_t most_at_once = 1000;
constexpr const char* text_text = "The text itself, at most 1 MiB; plain text or Markdown";
constexpr const char* title_text = "Short title; default: the first line of the text";
constexpr const char* kind_text = "One word for what it is: note, decision, fact, person …";
constexpr const char* tags_text = "Tags to filter by later";
constexpr const char* properties_text = "Any further JSON members to keep with it, at most 64 KiB";
constexpr const char* salience_text = "How much it matters, 0 to 1";
constexpr const char* vector_text =
    "Its vector, where the embedder of this daemon takes the caller's";
constexpr const char* version_text = "Grows by one with each update";

}  // namespace

Notes notes(const NewEntryArguments*) {
  return {{"text", text_text, text_limits()},
          {"title", title_text, title_limits()},
          {"kind", kind_text, label_limits() | defaulted},
          {"tags", tags_text, tag_list_limits() | defaulted},
          {"properties", properties_text, defaulted},
          {"salience", salience_text, range(0, 1) | defaulted},
          {"source", source_text, title_limits()},
          {"vector", vector_text, range(1, 8192)}};
}
Notes notes(const CreateRequest*) {
  return {{"entries", "Several entries, all or none of them", range(1, most_at_once)},
          {"text", "Of a single entry, instead of entries: the text itself", text_limits()},
          {"title", title_text, title_limits()},
          {"kind", kind_text, label_limits() | defaulted},
          {"tags", tags_text, tag_list_limits() | defaulted},
          {"properties", properties_text, defaulted},
          {"source", source_text, title_limits()},
          {"vector", vector_text, range(1, 8192)},
          {"key", key_text, key_limits()}};
}
Notes notes(const CreatedEntry*) {
  return {{"id", ""}, {"title", ""}, {"kind", ""}, {"version", version_text}};
}
Notes notes(const CreateAnswer*) {
  return {{"entries", "In the order in which they were given"}, {"created_at", time_text}};
}
Notes notes(const GetRequest*) {
  return {{"id", id_text, id_limits()},
          {"deleted", "Also find what was softly deleted", defaulted}};
}
Notes notes(const GetAnswer*) {
  return {{"id", ""},
          {"title", ""},
          {"kind", ""},
          {"text", ""},
          {"tags", ""},
          {"properties", ""},
          {"source", source_text},
          {"memory", "episodic or semantic; absent for what does not fade"},
          {"salience", salience_text},
          {"version", "For expected_version of knowledge_update and knowledge_delete"},
          {"created_at", time_text},
          {"updated_at", time_text},
          {"deleted_at", time_text},
          {"superseded_by", "Id of the entry that took its place"}};
}
Notes notes(const ListQuery*) {
  return {{"kind", kind_filter_text, label_limits()},
          {"tags", tags_filter_text, tag_list_limits() | defaulted},
          {"properties", properties_filter_text},
          {"since", since_text},
          {"before", before_text},
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
  return {{"id", id_text, id_limits()},
          {"title", "New title", title_limits()},
          {"text", "New text; replaces the old", text_limits()},
          {"kind", "New kind", label_limits()},
          {"tags", "New tags; replace all old ones", tag_list_limits()},
          {"properties", "Members to set; a null removes one, the others stay"},
          {"salience", salience_text, range(0, 1)},
          {"vector", vector_text, range(1, 8192)},
          {"restore", "Bring back what was softly deleted", defaulted},
          {"expected_version", expected_version_text, range(1, INT64_MAX)},
          {"key", key_text, key_limits()}};
}
Notes notes(const UpdateAnswer*) {
  return {{"id", ""},   {"title", ""},   {"kind", ""},
          {"tags", ""}, {"version", ""}, {"updated_at", time_text}};
}
Notes notes(const DeleteRequest*) {
  return {{"id", id_text, id_limits()},
          {"hard", "End it for good, with its edges; else it can be restored by knowledge_update",
           defaulted},
          {"expected_version", expected_version_text, range(1, INT64_MAX)},
          {"key", key_text, key_limits()}};
}
Notes notes(const DeleteAnswer*) {
  return {{"id", ""}, {"title", "Of the entry that is gone"}, {"deleted", ""}};
}

Result<std::vector<NewEntry>> to_new_entries(const CreateRequest& request) {
  if (request.entries.has_value() == request.text.has_value()) {
    return fail(Errc::invalid_args, "give either text, for one entry, or entries, for several");
  }
  std::vector<NewEntry> entries;
  if (request.text) {
    entries.push_back({.text = *request.text,
                       .title = request.title.value_or(""),
                       .kind = request.kind,
                       .tags = request.tags,
                       .properties = request.properties.text,
                       .memory = {},
                       .source = request.source,
                       .vector = to_floats(request.vector.value_or(std::vector<double>()))});
    return entries;
  }
  for (const NewEntryArguments& each : *request.entries) {
    entries.push_back({.text = each.text,
                       .title = each.title.value_or(""),
                       .kind = each.kind,
                       .tags = each.tags,
                       .properties = each.properties.text,
                       .memory = {},
                       .salience = each.salience,
                       .source = each.source,
                       .vector = to_floats(each.vector.value_or(std::vector<double>()))});
  }
  return entries;
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
  const bool is_change = request.title || request.text || request.kind || request.tags ||
                         request.properties || request.salience || request.vector ||
                         request.restore;
  if (!is_change) {
    return fail(Errc::invalid_args, "nothing to change",
                {"give at least one of title, text, kind, tags, properties, salience and restore"});
  }
  EntryChange change{.text = request.text,
                     .title = request.title,
                     .kind = request.kind,
                     .tags = request.tags,
                     .merge_properties = {},
                     .salience = request.salience,
                     .vector = {},
                     .restores = request.restore,
                     .expected_version = request.expected_version};
  if (request.vector) change.vector = to_floats(*request.vector);
  if (request.properties) {
    change.merge_properties = [changes = request.properties->text](std::string_view present) {
      return merged(present, changes);
    };
  }
  return change;
}

CreateAnswer to_created(const std::vector<Entry>& entries) {
  CreateAnswer answer;
  for (const Entry& each : entries) {
    answer.entries.push_back({each.id, each.title, each.kind, each.version});
  }
  if (!entries.empty()) answer.created_at = time_of(entries.front().created_ms);
  return answer;
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
  GetAnswer answer{.id = std::move(entry.id),
                   .title = std::move(entry.title),
                   .kind = std::move(entry.kind),
                   .text = std::move(entry.text),
                   .tags = std::move(entry.tags),
                   .properties = {std::move(entry.properties)},
                   .source = std::move(entry.source),
                   .memory = std::move(entry.memory),
                   .salience = entry.salience,
                   .version = entry.version,
                   .created_at = time_of(entry.created_ms),
                   .updated_at = time_of(entry.updated_ms),
                   .deleted_at = {},
                   .superseded_by = std::move(entry.superseded_by)};
  if (entry.deleted_ms) answer.deleted_at = time_of(*entry.deleted_ms);
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

}  // namespace hearth::packs::knowledge::wire
