// What sync and the upkeep of a repository's issues take and give.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "packs/issues/common_wire.hpp"

namespace hearth::packs::issues::wire {

struct SyncRequest {
  std::optional<std::string> remote;
  bool pull = false;
  bool push = false;
  std::optional<std::string> actor;
};
BOOST_DESCRIBE_STRUCT(SyncRequest, (), (remote, pull, push, actor))
json::Notes notes(const SyncRequest*);

struct SyncAnswer {
  bool pulled = false;
  bool pushed = false;
  bool push_success = false;
  bool push_rebased = false;
  std::int64_t merges = 0;
  std::int64_t tries = 0;
  std::int64_t others_pulled = 0;
  std::int64_t others_pushed = 0;
  std::string wal_head;
  std::int64_t total = 0;
  std::string message;
  std::vector<std::string> problems;
};
BOOST_DESCRIBE_STRUCT(SyncAnswer,
                      (),
                      (pulled,
                       pushed,
                       push_success,
                       push_rebased,
                       merges,
                       tries,
                       others_pulled,
                       others_pushed,
                       wal_head,
                       total,
                       message,
                       problems))
json::Notes notes(const SyncAnswer*);

struct NoRequest {};
BOOST_DESCRIBE_STRUCT(NoRequest, (), ())
json::Notes notes(const NoRequest*);

struct SnapshotAnswer {
  std::string oid;
  std::int64_t created_ts = 0;
  std::int64_t event_count = 0;
  std::string wal_head;
};
BOOST_DESCRIBE_STRUCT(SnapshotAnswer, (), (oid, created_ts, event_count, wal_head))
json::Notes notes(const SnapshotAnswer*);

struct SnapshotsAnswer {
  std::vector<SnapshotAnswer> snapshots;
  std::int64_t total = 0;
};
BOOST_DESCRIBE_STRUCT(SnapshotsAnswer, (), (snapshots, total))
json::Notes notes(const SnapshotsAnswer*);

struct SnapshotGcRequest {
  std::int64_t keep = 5;
  std::optional<std::string> remote;
};
BOOST_DESCRIBE_STRUCT(SnapshotGcRequest, (), (keep, remote))
json::Notes notes(const SnapshotGcRequest*);

struct SnapshotGcAnswer {
  std::int64_t deleted = 0;
  std::int64_t kept = 0;
  std::int64_t deleted_remote = 0;
};
BOOST_DESCRIBE_STRUCT(SnapshotGcAnswer, (), (deleted, kept, deleted_remote))
json::Notes notes(const SnapshotGcAnswer*);

struct RebuildRequest {
  bool from_snapshot = false;
};
BOOST_DESCRIBE_STRUCT(RebuildRequest, (), (from_snapshot))
json::Notes notes(const RebuildRequest*);

struct RebuildAnswer {
  std::string wal_head;
  std::int64_t event_count = 0;
  bool from_snapshot = false;
  std::int64_t snapshot_events = 0;
};
BOOST_DESCRIBE_STRUCT(RebuildAnswer, (), (wal_head, event_count, from_snapshot, snapshot_events))
json::Notes notes(const RebuildAnswer*);

struct VerifyAnswer {
  bool good = true;
  std::int64_t commits_checked = 0;
  std::int64_t events_checked = 0;
  std::int64_t signatures_checked = 0;
  std::int64_t signatures_bad = 0;
  std::int64_t signatures_unknown = 0;
  std::int64_t error_count = 0;
  std::vector<std::string> errors;
};
BOOST_DESCRIBE_STRUCT(VerifyAnswer,
                      (),
                      (good,
                       commits_checked,
                       events_checked,
                       signatures_checked,
                       signatures_bad,
                       signatures_unknown,
                       error_count,
                       errors))
json::Notes notes(const VerifyAnswer*);

struct DoctorRequest {
  bool fix = false;
};
BOOST_DESCRIBE_STRUCT(DoctorRequest, (), (fix))
json::Notes notes(const DoctorRequest*);

struct DoctorCheck {
  std::string id;
  std::string status;
  std::string message;
  std::vector<std::string> plan;
};
BOOST_DESCRIBE_STRUCT(DoctorCheck, (), (id, status, message, plan))
json::Notes notes(const DoctorCheck*);

struct DoctorAnswer {
  bool good = true;
  std::vector<DoctorCheck> checks;
  std::vector<std::string> applied;
};
BOOST_DESCRIBE_STRUCT(DoctorAnswer, (), (good, checks, applied))
json::Notes notes(const DoctorAnswer*);

struct CompactAnswer {
  std::int64_t packed_objects = 0;
  std::int64_t removed_locks = 0;
};
BOOST_DESCRIBE_STRUCT(CompactAnswer, (), (packed_objects, removed_locks))
json::Notes notes(const CompactAnswer*);

struct StatsAnswer {
  std::int64_t issues = 0;
  std::int64_t open = 0;
  std::int64_t closed = 0;
  std::int64_t events = 0;
  std::string wal_head;
  std::string repository;
  std::int64_t problems = 0;
  std::int64_t unsigned_events = 0;
};
BOOST_DESCRIBE_STRUCT(
    StatsAnswer,
    (),
    (issues, open, closed, events, wal_head, repository, problems, unsigned_events))
json::Notes notes(const StatsAnswer*);

}  // namespace hearth::packs::issues::wire
