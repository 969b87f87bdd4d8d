// What the tools that look after the pack give. Field names are a
// contract with clients.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "packs/mandates/page_wire.hpp"

namespace hearth::packs::mandates::wire {

struct AuditRequest {
  std::string action = "verify";
};
BOOST_DESCRIBE_STRUCT(AuditRequest, (), (action))
json::Notes notes(const AuditRequest*);

struct AuditAnswer {
  bool intact = false;
  std::int64_t records = 0;
  std::string head;
  std::string problem;
};
BOOST_DESCRIBE_STRUCT(AuditAnswer, (), (intact, records, head, problem))
json::Notes notes(const AuditAnswer*);

struct Finding {
  std::string check;
  bool good = false;
  std::string level;
  std::string detail;
};
BOOST_DESCRIBE_STRUCT(Finding, (), (check, good, level, detail))
json::Notes notes(const Finding*);

struct DoctorAnswer {
  bool good = false;
  std::vector<Finding> findings;
};
BOOST_DESCRIBE_STRUCT(DoctorAnswer, (), (good, findings))
json::Notes notes(const DoctorAnswer*);

struct StatusAnswer {
  std::int64_t mandates = 0;
  std::int64_t schedules = 0;
  std::int64_t waiting = 0;
  std::int64_t running = 0;
  std::int64_t blocked = 0;
  std::int64_t approvals = 0;
  std::string heartbeat;
  std::optional<std::string> next;
  std::int64_t lateness_ms = 0;
  std::int64_t clock_lag_ms = 0;
  std::string sandbox;
  std::string problem;
};
BOOST_DESCRIBE_STRUCT(StatusAnswer,
                      (),
                      (mandates,
                       schedules,
                       waiting,
                       running,
                       blocked,
                       approvals,
                       heartbeat,
                       next,
                       lateness_ms,
                       clock_lag_ms,
                       sandbox,
                       problem))
json::Notes notes(const StatusAnswer*);

}  // namespace hearth::packs::mandates::wire
