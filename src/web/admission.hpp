// Which requests over HTTP the daemon serves, and for whom.
#pragma once

#include <expected>
#include <string_view>

#include "daemon/server.hpp"
#include "ipc/hello.hpp"
#include "web/message.hpp"

namespace hearth::web {

// Why a request is not served; its way (MCP, events, routes) says it in its own form.
struct NotServed {
  int status = 403;
  int number = 0;  // of JSON-RPC
  Error error;
};

// What a client on the socket says in its hello, with the namespace from the header
// Hearth-Namespace and the surface from the query.
[[nodiscard]] std::expected<ipc::Greeting, NotServed> admit(daemon::Server& server,
                                                            const Request& request,
                                                            std::string_view client_name,
                                                            std::string_view client_version);
// For MCP; `id` is that of the request, as JSON text.
[[nodiscard]] Response refusal(const NotServed& why, std::string_view id = {});

}  // namespace hearth::web
