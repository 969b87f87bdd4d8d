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

}  // namespace hearth::packs::knowledge::wire
