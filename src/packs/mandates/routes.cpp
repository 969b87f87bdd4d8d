#include "packs/mandates/tools.hpp"

namespace hearth::packs::mandates {

// To elevate is left to a terminal.
std::vector<pack::Route> http_routes() {
  return {{"GET", "/v1/mandates", "list"},
          {"POST", "/v1/mandates", "create"},
          {"GET", "/v1/mandates/{mandate}", "show"},
          {"POST", "/v1/mandates/{mandate}/run", "run"},
          {"POST", "/v1/mandates/{mandate}/pause", "pause"},
          {"POST", "/v1/mandates/{mandate}/resume", "resume"},
          {"POST", "/v1/mandates/{mandate}/stop", "stop"},
          {"GET", "/v1/runs", "runs"},
          {"GET", "/v1/runs/{run}", "run_show"},
          {"GET", "/v1/runs/{run}/logs", "run_logs"},
          {"GET", "/v1/runs/{run}/report", "run_report"},
          {"POST", "/v1/runs/{run}/cancel", "run_cancel"},
          {"GET", "/v1/approvals", "approvals"},
          {"GET", "/v1/approvals/{proposal}", "approval"},
          {"POST", "/v1/approvals/{proposal}/approve", "", "approve"},
          {"POST", "/v1/approvals/{proposal}/reject", "", "reject"}};
}

}  // namespace hearth::packs::mandates
