#include "packs/issues/upkeep_wire.hpp"

namespace hearth::packs::issues::wire {

using json::defaulted;
using json::range;

json::Notes notes(const SyncRequest*) {
  return {{"remote", "A remote's name; default origin", name_limits()},
          {"pull", "Only take what the remote has", defaulted},
          {"push", "Only give what is here", defaulted},
          {"actor", actor_text, name_limits()}};
}
json::Notes notes(const SyncAnswer*) {
  return {{"pulled", "The log here moved"},
          {"pushed", "The log there moved"},
          {"push_success", "The remote has what is here"},
          {"push_rebased", "After what both had written was joined"},
          {"merges", "Commits that joined what both had written"},
          {"tries", "Rounds until both agreed"},
          {"others_pulled", "Snapshots, locks, keys and attachments that came"},
          {"others_pushed", "Those that went"},
          {"wal_head", head_text},
          {"total", "Issues that are here now"},
          {"message", ""},
          {"problems",
           "Single references that could not be exchanged, and what of the log here is missing or "
           "cannot be read"}};
}
json::Notes notes(const NoRequest*) {
  return {};
}
json::Notes notes(const SnapshotAnswer*) {
  return {{"oid", "Its commit"},
          {"created_ts", time_text},
          {"event_count", ""},
          {"wal_head", "The commit of the log that it stands for"}};
}
json::Notes notes(const SnapshotsAnswer*) {
  return {{"snapshots", "Newest first"}, {"total", ""}};
}
json::Notes notes(const SnapshotGcRequest*) {
  return {{"keep", "How many of the newest stay", range(1, 1000) | defaulted},
          {"remote", "Remove them from this remote, too", name_limits()}};
}
json::Notes notes(const SnapshotGcAnswer*) {
  return {{"deleted", ""}, {"kept", ""}, {"deleted_remote", ""}};
}
json::Notes notes(const RebuildRequest*) {
  return {{"from_snapshot", "Read the newest snapshot and only what came after it", defaulted}};
}
json::Notes notes(const RebuildAnswer*) {
  return {{"wal_head", head_text},
          {"event_count", "Events that are known now"},
          {"from_snapshot", "Whether there was one"},
          {"snapshot_events", "Of them from the snapshot"}};
}
json::Notes notes(const VerifyAnswer*) {
  return {{"good", "Neither an error nor a bad signature; a command exits with 1 otherwise"},
          {"commits_checked", ""},
          {"events_checked", "Digests of their contents"},
          {"signatures_checked", "Of actors whose keys are known"},
          {"signatures_bad", "Of them"},
          {"signatures_unknown", "Of actors whose keys are not known: nobody can check them"},
          {"error_count", ""},
          {"errors", "The first 20"}};
}
json::Notes notes(const DoctorRequest*) {
  return {{"fix", "Mend what can be mended without losing anything", defaulted}};
}
json::Notes notes(const DoctorCheck*) {
  return {
      {"id", ""}, {"status", "ok, warn or error"}, {"message", ""}, {"plan", "What would mend it"}};
}
json::Notes notes(const DoctorAnswer*) {
  return {{"good", "No check is an error that stays; a command exits with 1 otherwise"},
          {"checks", ""},
          {"applied", "Ids of the checks that were mended"}};
}
json::Notes notes(const CompactAnswer*) {
  return {{"packed_objects", "Objects that lay loose"}, {"removed_locks", "Locks that were over"}};
}
json::Notes notes(const StatsAnswer*) {
  return {{"issues", ""},
          {"open", ""},
          {"closed", ""},
          {"events", "Of the log"},
          {"wal_head", head_text},
          {"repository", "Its common git directory"},
          {"problems", "Of the log: issues_verify names them"},
          {"unsigned_events", "Under the policies warn and require"}};
}

}  // namespace hearth::packs::issues::wire
