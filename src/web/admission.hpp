// Which requests over HTTP the daemon serves, and for whom.
#pragma once

#include <expected>
#include <string_view>

#include "daemon/server.hpp"
#include "ipc/hello.hpp"
#include "web/message.hpp"

namespace hearth::web {

// What a client on the socket says in its hello, with the namespace from the header
// Hearth-Namespace and the surface from the query; or the answer that says why it is not served.
// `id` is that of the request, as JSON text.
[[nodiscard]] std::expected<ipc::Greeting, Response> admit(daemon::Server& server,
                                                           const Request& request,
                                                           std::string_view client_name,
                                                           std::string_view client_version,
                                                           std::string_view id);

}  // namespace hearth::web
