#include "packs/mandates/tools.hpp"

namespace hearth::packs::mandates {

// To elevate is left to a terminal.
std::vector<pack::Route> http_routes() {
  return {{"GET", "/v1/mandates", "list"},
          {"POST", "/v1/mandates", "create"},
          {"GET", "/v1/mandates/{mandate}", "show"},
          {"DELETE", "/v1/mandates/{mandate}", "delete"},
          {"POST", "/v1/mandates/{mandate}/update", "update"},
          {"POST", "/v1/mandates/{mandate}/run", "run"},
          {"POST", "/v1/mandates/{mandate}/pause", "pause"},
          {"POST", "/v1/mandates/{mandate}/resume", "resume"},
          {"POST", "/v1/mandates/{mandate}/stop", "stop"},
          {"GET", "/v1/schedules", "schedules"},
          {"POST", "/v1/schedules", "schedule_add"},
          {"DELETE", "/v1/schedules/{schedule}", "schedule_remove"},
          {"POST", "/v1/schedules/{schedule}/pause", "schedule_pause"},
          {"POST", "/v1/schedules/{schedule}/resume", "schedule_resume"},
          {"POST", "/v1/schedules/{schedule}/trigger", "schedule_trigger"},
          {"POST", "/v1/schedules/{schedule}/backfill", "schedule_backfill"},
          {"GET", "/v1/runs", "runs"},
          {"GET", "/v1/runs/{run}", "run_show"},
          {"GET", "/v1/runs/{run}/logs", "run_logs"},
          {"GET", "/v1/runs/{run}/report", "run_report"},
          {"POST", "/v1/runs/{run}/cancel", "run_cancel"},
          {"POST", "/v1/runs/{run}/retry", "run_retry"},
          {"GET", "/v1/budget", "budget"},
          {"GET", "/v1/audit", "audit"},
          {"GET", "/v1/doctor", "doctor"},
          {"GET", "/v1/approvals", "approvals"},
          {"GET", "/v1/approvals/{proposal}", "approval"},
          {"POST", "/v1/approvals/{proposal}/approve", "", "approve"},
          {"POST", "/v1/approvals/{proposal}/reject", "", "reject"}};
}

}  // namespace hearth::packs::mandates
