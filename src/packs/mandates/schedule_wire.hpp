// What the tools for schedules take and give. Field names are a
// contract with clients.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "packs/mandates/page_wire.hpp"

namespace hearth::packs::mandates::wire {

struct Gap {
  std::string first;
  std::string last;
  std::int64_t count = 0;
  std::string reason;
};
BOOST_DESCRIBE_STRUCT(Gap, (), (first, last, count, reason))
json::Notes notes(const Gap*);

struct ScheduleRow {
  std::string id;
  std::string mandate;
  std::string timing;
  std::string zone;
  std::string state;
  std::string reason;
  std::optional<std::string> next;
  std::string overlap;
  std::int64_t missed = 0;
  std::int64_t skipped = 0;
  std::optional<std::vector<Gap>> gaps;
};
BOOST_DESCRIBE_STRUCT(
    ScheduleRow,
    (),
    (id, mandate, timing, zone, state, reason, next, overlap, missed, skipped, gaps))
json::Notes notes(const ScheduleRow*);

struct ScheduleAddRequest {
  std::string mandate;
  std::string timing;
  std::string zone = "UTC";
  std::int64_t jitter = 0;
  std::string catch_up = "skip";
  std::int64_t catch_up_most = 5;
  std::int64_t catch_up_window = 86'400;
  std::string overlap = "skip";
  std::int64_t pause_after = 0;
};
BOOST_DESCRIBE_STRUCT(
    ScheduleAddRequest,
    (),
    (mandate, timing, zone, jitter, catch_up, catch_up_most, catch_up_window, overlap, pause_after))
json::Notes notes(const ScheduleAddRequest*);

struct SchedulesRequest {
  std::optional<std::string> mandate;
  std::int64_t gaps = 0;
  std::int64_t limit = 50;
  std::int64_t offset = 0;
};
BOOST_DESCRIBE_STRUCT(SchedulesRequest, (), (mandate, gaps, limit, offset))
json::Notes notes(const SchedulesRequest*);

struct SchedulesAnswer {
  std::vector<ScheduleRow> schedules;
  std::int64_t total = 0;
  bool truncated = false;
};
BOOST_DESCRIBE_STRUCT(SchedulesAnswer, (), (schedules, total, truncated))
json::Notes notes(const SchedulesAnswer*);

struct ScheduleRequest {
  std::string schedule;
  std::string reason;
};
BOOST_DESCRIBE_STRUCT(ScheduleRequest, (), (schedule, reason))
json::Notes notes(const ScheduleRequest*);

struct BackfillRequest {
  std::string schedule;
  std::string from;
  std::string to;
  std::string overlap = "buffer_all";
};
BOOST_DESCRIBE_STRUCT(BackfillRequest, (), (schedule, from, to, overlap))
json::Notes notes(const BackfillRequest*);

struct FiredAnswer {
  std::vector<std::string> runs;
  std::optional<std::string> skipped;
  std::optional<std::int64_t> left;
};
BOOST_DESCRIBE_STRUCT(FiredAnswer, (), (runs, skipped, left))
json::Notes notes(const FiredAnswer*);

}  // namespace hearth::packs::mandates::wire
