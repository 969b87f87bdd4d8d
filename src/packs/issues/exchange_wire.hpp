// Issues in files that others read or have written: the JSON export that grite has, too, and the
// JSONL of beads.
//
// Pure functions from text to values and back; reading takes time and memory in proportion (some
// ten times the text) and belongs on a pool. A record that cannot be taken is told of and left out,
// the others are taken.
#pragma once

#include <cstddef>
#include <cstdint>
#include <map>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.hpp"
#include "packs/issues/engine/beads.hpp"
#include "packs/issues/engine/event.hpp"
#include "packs/issues/engine/issue.hpp"

namespace hearth::packs::issues {

// {NAME: {…}}, what an event says.
void append_kind_json(std::string& out, const Kind& kind);
// {"event_id", "issue_id", "actor", "ts_unix_ms", "parent" where there is one, "kind": {NAME:
// {…}}}. Ids and digests as hexadecimal digits; of a source file the number of its symbols only.
void append_event_json(std::string& out, const Event& event);

struct ExportMeta {
  std::uint64_t generated_ms = 0;
  std::optional<std::string> wal_head;  // a commit
};
// {"meta", "issues", "events"}, one issue and one event a line, in the given order.
[[nodiscard]] std::string export_json(const ExportMeta& meta,
                                      std::span<const Summary> issues,
                                      std::span<const Event> events);

struct LeftOut {
  std::size_t record = 0;  // from 1: the event, or the line
  std::string why;
};

struct ImportedEvents {
  std::vector<Event> events;        // each with the id that it says it has
  std::size_t without_symbols = 0;  // of source files, which no export can give back
  std::vector<LeftOut> left_out;
};
// Of an export, or of what `issue show` prints. `invalid_args` for what is neither.
[[nodiscard]] Result<ImportedEvents> import_export_json(std::string_view text);

struct BeadsFile {
  std::vector<BeadsIssue> issues;
  std::map<std::string, std::size_t> other_records;  // by their "_type"
  std::map<std::string, std::size_t> other_members;  // of issues, that we have no place for
  std::vector<LeftOut> left_out;
};
// One JSON object a line; events_of_beads makes events of them.
[[nodiscard]] BeadsFile read_beads_jsonl(std::string_view text);

}  // namespace hearth::packs::issues
