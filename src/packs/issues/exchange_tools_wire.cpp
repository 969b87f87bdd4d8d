#include "packs/issues/exchange_tools_wire.hpp"

namespace hearth::packs::issues::wire {

using json::defaulted;
using json::one_of;
using json::range;

namespace {

constexpr std::size_t named_left_out = 20;

}  // namespace

json::Notes notes(const ExportRequest*) {
  return {
      {"format", "json (all events; can be imported), md or csv",
       one_of({"json", "md", "csv"}) | defaulted},
      {"path", "File to write, within the project; default: the text is returned", range(1, 4096)},
      {"since",
       "Only what changed then or later: RFC 3339, a span back (7d, 12h), or the id of "
       "an event",
       range(1, 64)},
      {"overwrite", "Replace the file if it is there", defaulted}};
}
json::Notes notes(const ExportAnswer*) {
  return {{"format", ""},
          {"output_path", "The file that was written"},
          {"text", "The export, when no path was given"},
          {"wal_head", head_text},
          {"issue_count", ""},
          {"event_count", "Of json: events that are in it"}};
}
json::Notes notes(const ImportRequest*) {
  return {{"path", "File to read, within the project", range(1, 4096)},
          {"text", "Or what is to be imported itself", range(1, 4'000'000)},
          {"format", "export (hearth's or grite's JSON), beads (its JSONL), or auto",
           one_of({"auto", "export", "beads"}) | defaulted},
          {"dry_run", "Only say what would happen", defaulted}};
}
json::Notes notes(const NotImported*) {
  return {{"record", "Number of the event or line, from 1"}, {"why", ""}};
}
json::Notes notes(const Ignored*) {
  return {{"what", "A member or kind of record that hearth has no place for, or what stays"},
          {"count", "In how many records"}};
}
json::Notes notes(const ImportAnswer*) {
  return {{"format", ""},
          {"events", "Events that were written"},
          {"known", "Events that were here already"},
          {"created", "Of beads: issues that are new"},
          {"changed", "Of beads: issues that were here, and are another now"},
          {"unchanged", "Of beads: issues that are here as they are"},
          {"deleted", "Of beads: issues that were deleted there"},
          {"ignored", ""},
          {"left_out", "At most 20 of the records that could not be taken"},
          {"left_out_total", "How many could not"},
          {"wal_head", head_text}};
}

void put_left_out(ImportAnswer& answer, const std::vector<LeftOut>& left_out) {
  answer.left_out_total = number(left_out.size());
  for (const LeftOut& each : left_out) {
    if (answer.left_out.size() == named_left_out) break;
    answer.left_out.push_back({number(each.record), each.why});
  }
}

void put_ignored(ImportAnswer& answer, const BeadsFile& file) {
  for (const auto& [kind, count] : file.other_records) {
    answer.ignored.push_back({"records of " + kind, number(count)});
  }
  for (const auto& [name, count] : file.other_members) {
    answer.ignored.push_back({name, number(count)});
  }
}

}  // namespace hearth::packs::issues::wire
