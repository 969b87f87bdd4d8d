// What `GET /metrics` says, in the Prometheus text format (version 0.0.4).
#pragma once

#include <cstdint>
#include <map>
#include <string>
#include <vector>

#include "base/clock.hpp"
#include "daemon/server.hpp"
#include "mcp/catalog.hpp"
#include "pack/pack.hpp"

namespace hearth::web {

// Since the start of the daemon.
struct HttpCounts {
  std::uint64_t connections = 0;                  // accepted
  std::map<std::string, std::uint64_t> refusals;  // by reason
  std::map<std::string, std::uint64_t> requests;  // by path
};

struct MetricsInput {
  std::chrono::duration<double> uptime{};
  const daemon::Server& server;
  const mcp::Catalog& catalog;
  std::vector<const pack::Pack*> packs;
  const HttpCounts& http;
  std::size_t http_connections = 0;
  std::size_t http_sessions = 0;
  std::uint64_t http_sessions_served = 0;
  std::size_t http_streams = 0;
};

[[nodiscard]] std::string make_metrics(const MetricsInput& input);

// A label's value with what the format wants escaped.
[[nodiscard]] std::string escape_label(std::string_view value);

}  // namespace hearth::web
