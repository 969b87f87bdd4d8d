#include "packs/mandates/sandbox/proxy_request.hpp"

#include <algorithm>
#include <array>

#include "base/ascii.hpp"

namespace hearth::packs::mandates::sandbox {
namespace {

constexpr std::string_view line_end = "\r\n";

// Up to `mark`, which is taken away as well; nothing when it is not there.
std::optional<std::string_view> take_until(std::string_view& text, std::string_view mark) {
  const auto end = text.find(mark);
  if (end == std::string_view::npos) return std::nullopt;
  const std::string_view part = text.substr(0, end);
  text.remove_prefix(end + mark.size());
  return part;
}

bool is_visible(std::string_view text) {
  return std::ranges::all_of(text, [](char c) { return c > ' ' && c != '\x7F'; });
}

bool is_token(std::string_view text) {
  constexpr std::string_view others = "!#$%&'*+-.^_`|~";
  return !text.empty() && std::ranges::all_of(text, [&](char c) {
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') ||
           others.contains(c);
  });
}

// Meant for the proxy, or replaced by our own.
bool is_dropped(std::string_view name) {
  constexpr std::array<std::string_view, 5> dropped{"host", "connection", "keep-alive", "te",
                                                    "upgrade"};
  const std::string plain = ascii_lower(name);
  return plain.starts_with("proxy-") || std::ranges::find(dropped, plain) != dropped.end();
}

// Of an http:// address: the host and its port, and what follows.
std::optional<HostAndPort> take_authority(std::string_view& address) {
  constexpr std::string_view scheme = "http://";
  if (!ascii_lower(address.substr(0, scheme.size())).starts_with(scheme)) return std::nullopt;
  address.remove_prefix(scheme.size());
  const auto end = std::min(address.find_first_of("/?#"), address.size());
  std::string authority(address.substr(0, end));
  address.remove_prefix(end);
  const auto bracket = authority.rfind(']');
  const auto colon = authority.rfind(':');
  const bool has_port =
      colon != std::string::npos && (bracket == std::string::npos || colon > bracket);
  if (!has_port) authority += ":80";
  return parse_authority(authority);
}

std::string authority_of(const HostAndPort& target) {
  const bool is_v6 = target.host.contains(':');
  return (is_v6 ? "[" + target.host + "]" : target.host) +
         (target.port == 80 ? "" : ":" + std::to_string(target.port));
}

// The fields that go on; false: a line is none.
bool add_fields(std::string& to, std::string_view fields) {
  while (!fields.empty()) {
    auto field = take_until(fields, line_end);
    if (!field) return false;
    const std::string_view whole = *field;
    const auto name = take_until(*field, ":");
    if (!name || !is_token(*name)) return false;  // a continued line, too: they are obsolete
    const bool is_text = std::ranges::all_of(
        *field, [](char c) { return c == '\t' || static_cast<unsigned char>(c) >= ' '; });
    if (!is_text) return false;
    if (!is_dropped(*name)) to.append(whole).append(line_end);
  }
  return true;
}

}  // namespace

std::optional<ProxyRequest> parse_proxy_request(std::string_view head) {
  auto line = take_until(head, line_end);
  if (!line || !head.ends_with(line_end)) return std::nullopt;
  head.remove_suffix(line_end.size());
  const auto method = take_until(*line, " ");
  auto address = method ? take_until(*line, " ") : std::nullopt;
  if (!address || !is_token(*method) || !is_visible(*address) ||
      (*line != "HTTP/1.1" && *line != "HTTP/1.0"))
    return std::nullopt;
  if (*method == "CONNECT") {
    const auto target = parse_authority(*address);
    if (!target) return std::nullopt;
    return ProxyRequest{.target = *target, .head = {}};
  }
  const auto target = take_authority(*address);
  if (!target) return std::nullopt;
  ProxyRequest request{.target = *target, .head = std::string(*method) + " "};
  const auto fragment = std::min(address->find('#'), address->size());
  if (!address->starts_with('/')) request.head += '/';
  request.head.append(address->substr(0, fragment)).append(" HTTP/1.1").append(line_end);
  request.head.append("Host: ").append(authority_of(*target)).append(line_end);
  request.head.append("Connection: close").append(line_end);
  if (!add_fields(request.head, head)) return std::nullopt;
  request.head.append(line_end);
  return request;
}

}  // namespace hearth::packs::mandates::sandbox
