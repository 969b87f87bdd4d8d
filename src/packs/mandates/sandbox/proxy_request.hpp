// What a client asks of an HTTP proxy (RFC 9110 §9.3.6, RFC 9112 §3.2.2): CONNECT host:port, or a
// request with an http:// address. Pure.
#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "packs/mandates/sandbox/host_rule.hpp"

namespace hearth::packs::mandates::sandbox {

struct ProxyRequest {
  HostAndPort target;
  // As the host is to be sent it: Host is the target, so that a rule for one name opens no other
  // of the same server; one request for each connection, so that each is looked at. Empty: CONNECT.
  std::string head;
};

// `head` ends with its empty line. Nothing when it is neither, or not well formed.
[[nodiscard]] std::optional<ProxyRequest> parse_proxy_request(std::string_view head);

}  // namespace hearth::packs::mandates::sandbox
