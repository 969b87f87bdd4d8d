#include "packs/knowledge/corpus_wire.hpp"

#include "packs/knowledge/common_wire.hpp"

namespace hearth::packs::knowledge::wire {

using json::Notes;
using json::range;

Notes notes(const StatsRequest*) {
  return {};
}
Notes notes(const KindStats*) {
  return {{"kind", ""}, {"entries", ""}};
}
Notes notes(const IndexStats*) {
  return {{"index", "words or meaning"},
          {"entries", ""},
          {"bytes", "On disk"},
          {"model", "Whose vectors these are"},
          {"lacks", "Why it cannot answer as well as it should; absent when it can"}};
}
Notes notes(const StatsAnswer*) {
  return {{"entries", "Notes and passages of imported files"},
          {"memories", "Those of them that were remembered, and fade"},
          {"deleted", "Softly deleted ones, besides"},
          {"edges", ""},
          {"sources", "Imported files"},
          {"tags", "Different tags"},
          {"kinds", "Most entries first"},
          {"indexes", ""},
          {"watched", "Folders that are imported again when they change"},
          {"bytes", "On disk, journals and indexes included"},
          {"path", "The store's file"},
          {"updated_at", "Of the latest change; absent in an empty store"}};
}
Notes notes(const ImportRequest*) {
  return {{"path", "Folder or file, absolute or relative to the caller's working directory",
           range(1, 4096)},
          {"watch", "Import it again whenever it changes (true), or no more (false)"}};
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
          {"truncated", "Whether there were more files than one import takes (100,000)"},
          {"watched", "Whether it will be imported again when it changes"}};
}
Notes notes(const ExportRequest*) {
  return {{"format", "jsonl: an entry a line, with its edges; or markdown",
           json::one_of({"jsonl", "markdown"}) | json::defaulted},
          {"path", "A file to write everything to; default: the text is returned, page by page",
           range(1, 4096)},
          {"kind", kind_filter_text, label_limits()},
          {"tags", tags_filter_text, tag_list_limits() | json::defaulted},
          {"since", since_text},
          {"before", before_text},
          {"limit", "Entries of a page", range(1, 1000) | json::defaulted},
          {"cursor", "Cursor of the page before"}};
}
Notes notes(const ExportAnswer*) {
  return {{"path", "The file that was written"},
          {"entries", "In the file, or on this page"},
          {"edges", ""},
          {"bytes", ""},
          {"text", "Of this page, when there is no file"},
          {"truncated", "Whether there are more pages"},
          {"cursor", "For the next page, if there is one"}};
}

StatsAnswer to_answer(const Stats& stats) {
  StatsAnswer answer;
  answer.entries = stats.entries;
  answer.memories = stats.memories;
  answer.deleted = stats.deleted;
  answer.edges = stats.edges;
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
                      .truncated = report.is_cut,
                      .watched = {}};
  for (const auto& [reason, count] : report.skipped) answer.skipped.push_back({reason, count});
  return answer;
}

std::string to_json_lines(const ExportPage& page) {
  std::string lines;
  for (const ExportedEntry& each : page.entries) {
    const Entry& entry = each.entry;
    json::Object object{
        {"id", entry.id}, {"title", entry.title}, {"kind", entry.kind}, {"text", entry.text}};
    object["tags"] = json::Array(entry.tags.begin(), entry.tags.end());
    object["properties"] = json::parse(entry.properties).value_or(json::Object());
    if (entry.source) object["source"] = *entry.source;
    if (entry.memory) object["memory"] = *entry.memory;
    object["salience"] = entry.salience;
    object["version"] = entry.version;
    object["created_at"] = time_of(entry.created_ms);
    object["updated_at"] = time_of(entry.updated_ms);
    if (entry.superseded_by) object["superseded_by"] = *entry.superseded_by;
    json::Array edges;
    for (const Edge& edge : each.edges) {
      edges.push_back(json::Object{
          {"relation", edge.relation}, {"target", edge.target}, {"weight", edge.weight}});
    }
    object["edges"] = std::move(edges);
    lines += json::dump(object);
    lines += '\n';
  }
  return lines;
}

std::string to_markdown(const ExportPage& page) {
  std::string text;
  for (const ExportedEntry& each : page.entries) {
    const Entry& entry = each.entry;
    text += "# " + entry.title + "\n\n";
    text += "- id: " + entry.id + "\n- kind: " + entry.kind + "\n";
    if (!entry.tags.empty()) text += "- tags: " + *joined(entry.tags) + "\n";
    if (entry.source) text += "- source: " + *entry.source + "\n";
    text += "- updated: " + time_of(entry.updated_ms) + "\n";
    for (const Edge& edge : each.edges) text += "- " + edge.relation + ": " + edge.target + "\n";
    text += "\n" + entry.text + "\n\n";
  }
  return text;
}

}  // namespace hearth::packs::knowledge::wire
