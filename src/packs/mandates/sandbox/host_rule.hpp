// Which hosts a sandboxed command may reach.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "base/result.hpp"

namespace hearth::packs::mandates::sandbox {

struct HostRule {
  std::string host;  // lower case; "*.example.org": every name below it, not itself
  std::uint16_t port = 443;

  // "example.org", "example.org:8443", "*.example.org", "192.0.2.1:80", "[2001:db8::1]:443".
  [[nodiscard]] static Result<HostRule> parse(std::string_view text);
  [[nodiscard]] bool admits(std::string_view name, std::uint16_t to_port) const;
  // An address, or a name of this machine: then local addresses are what is meant.
  [[nodiscard]] bool names_an_address() const;
};

struct HostAndPort {
  std::string host;  // lower case, without brackets and trailing dot
  std::uint16_t port = 0;
};
// "host:port" as in a CONNECT request (RFC 9110 §9.3.6); nothing when it is none.
[[nodiscard]] std::optional<HostAndPort> parse_authority(std::string_view text);

}  // namespace hearth::packs::mandates::sandbox
