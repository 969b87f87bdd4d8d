// MCP over Streamable HTTP, the packs' routes, health and metrics, for programs on this machine.
//
//   daemon.add(web::make_http_front({.port = 7000}));
//
// Listens on a loopback address only; wants a bearer token, and Host and Origin that name it.
// docs/http.md says how to use it.
#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <string>
#include <vector>

#include "daemon/front.hpp"
#include "web/approvers.hpp"
#include "web/connection.hpp"
#include "web/endpoint.hpp"

namespace hearth::web {

struct HttpOptions {
  std::string address = "127.0.0.1";  // or "::1"
  std::uint16_t port = 0;             // 0: the one of last time if it is free, else any
  bool requires_token = true;
  std::size_t most_connections = 512;
  ConnectionLimits connection;
  EndpointLimits endpoint;
  std::vector<ApproverSource> approvers;
};

[[nodiscard]] std::unique_ptr<daemon::Front> make_http_front(HttpOptions options);

}  // namespace hearth::web
