#include "packs/mandates/schedule_wire.hpp"

namespace hearth::packs::mandates::wire {
namespace {

constexpr const char* schedule_text = "Id of the schedule, or a beginning of it";

json::Limits overlaps() {
  return json::one_of(
             {"skip", "buffer_one", "buffer_all", "cancel_other", "terminate_other", "allow"}) |
         json::defaulted;
}

}  // namespace

json::Notes notes(const Gap*) {
  return {{"first", time_text}, {"last", time_text}, {"count", "Occurrences"}, {"reason", ""}};
}
json::Notes notes(const ScheduleRow*) {
  return {{"id", ""},
          {"mandate", ""},
          {"timing", ""},
          {"zone", ""},
          {"state", ""},
          {"reason", "Why it is paused"},
          {"next", time_text},
          {"overlap", "What happens while a run goes on"},
          {"missed", "Occurrences that did not run, in all"},
          {"skipped", "Occurrences that did not run for the overlap or a full queue"},
          {"gaps", "When and why they did not run, where it was asked for; the newest first"}};
}
json::Notes notes(const ScheduleAddRequest*) {
  return {{"mandate", mandate_text, word()},
          {"timing",
           "\"cron 30 9 * * mon-fri\", \"every 90m\", \"at 2026-12-24T18:00:00Z\", \"after failed "
           "NAME\" (succeeded, ended), \"on changed docs/** *.md\", \"on labelled LABEL\" or \"on "
           "remembered [TAG]\"",
           json::range(1, 5'000)},
          {"zone", "Time zone of cron: Europe/Berlin", json::defaulted},
          {"jitter", "Seconds by which an occurrence may be late on purpose",
           json::range(0, 86'400) | json::defaulted},
          {"catch_up", "Of occurrences that were missed: none, the last, or the last few",
           json::one_of({"skip", "once", "bounded"}) | json::defaulted},
          {"catch_up_most", "Of bounded: how many", json::range(1, 1'000) | json::defaulted},
          {"catch_up_window", "Of bounded: how old at most, in seconds",
           json::range(0, 31'536'000) | json::defaulted},
          {"overlap", "What happens while a run goes on", overlaps()},
          {"pause_after", "Failed runs in a row that pause it; 0: never",
           json::range(0, 1'000) | json::defaulted}};
}
json::Notes notes(const SchedulesRequest*) {
  return {{"mandate", mandate_text, word()},
          {"gaps", "How many gaps to show of each in which occurrences were missed",
           json::range(0, 1'000) | json::defaulted},
          {"limit", "Most rows", page_size()},
          {"offset", "Rows to leave out", page_begin()}};
}
json::Notes notes(const SchedulesAnswer*) {
  return {{"schedules", "Newest first"}, {"total", ""}, {"truncated", "There are more"}};
}
json::Notes notes(const ScheduleRequest*) {
  return {{"schedule", schedule_text, word()}, {"reason", "Why", reason()}};
}
json::Notes notes(const BackfillRequest*) {
  return {{"schedule", schedule_text, word()},
          {"from", "After this time, RFC 3339", word()},
          {"to", "Up to this time, RFC 3339", word()},
          {"overlap", "", overlaps()}};
}
json::Notes notes(const FiredAnswer*) {
  return {{"runs", "Ids of new runs"},
          {"skipped", "Why the last that does not run does not: overlap, or queue_full"},
          {"left", "Of a backfill: how many had no room, and can be had by asking again later"}};
}

}  // namespace hearth::packs::mandates::wire
