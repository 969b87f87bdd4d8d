#include "packs/mandates/sandbox/host_rule.hpp"

#include <arpa/inet.h>

#include <algorithm>
#include <array>
#include <charconv>

#include "base/ascii.hpp"

namespace hearth::packs::mandates::sandbox {
namespace {

bool is_name(std::string_view text) {
  const bool has_empty_label = text.starts_with('.') || text.ends_with('.') || text.contains("..");
  return !text.empty() && text.size() <= 253 && !has_empty_label &&
         std::ranges::all_of(text, [](char c) {
           return (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || c == '-' || c == '.' ||
                  c == '_';
         });
}

bool is_address(const std::string& text) {
  std::array<unsigned char, 16> address{};
  return ::inet_pton(AF_INET, text.c_str(), address.data()) == 1 ||
         ::inet_pton(AF_INET6, text.c_str(), address.data()) == 1;
}

}  // namespace

std::optional<HostAndPort> parse_authority(std::string_view text) {
  const auto colon = text.rfind(':');
  if (colon == std::string_view::npos) return std::nullopt;
  const std::string_view number = text.substr(colon + 1);
  HostAndPort parsed{.host = ascii_lower(text.substr(0, colon)), .port = 0};
  const auto [end, error] =
      std::from_chars(number.data(), number.data() + number.size(), parsed.port);
  if (error != std::errc{} || end != number.data() + number.size() || parsed.port == 0)
    return std::nullopt;
  std::string& host = parsed.host;
  if (host.starts_with('[') && host.ends_with(']')) {
    host = host.substr(1, host.size() - 2);
    if (host.find(':') == std::string::npos || !is_address(host)) return std::nullopt;
    return parsed;
  }
  if (host.ends_with('.')) host.pop_back();
  if (!is_name(host)) return std::nullopt;
  return parsed;
}

Result<HostRule> HostRule::parse(std::string_view text) {
  const bool is_bracketed = text.starts_with('[');
  const bool has_port = is_bracketed ? text.find("]:") != std::string_view::npos
                                     : text.find(':') != std::string_view::npos;
  std::string whole = has_port ? std::string(text) : std::string(text) + ":443";
  const bool is_wild = whole.starts_with("*.");
  if (is_wild) whole.erase(0, 2);
  auto parsed = parse_authority(whole);
  // "*.org" would be half of the world.
  const bool is_too_wild = is_wild && parsed && parsed->host.find('.') == std::string::npos;
  if (!parsed || is_too_wild || (is_wild && is_address(parsed->host))) {
    return fail(Errc::invalid_args, "\"" + std::string(text) + "\" is no host for a network rule",
                {"write host:port, for example example.org:443 or *.example.org"});
  }
  return HostRule{.host = (is_wild ? "*." : "") + parsed->host, .port = parsed->port};
}

bool HostRule::admits(std::string_view name, std::uint16_t to_port) const {
  if (to_port != port) return false;
  if (!host.starts_with("*.")) return name == host;
  const std::string_view tail = std::string_view(host).substr(1);
  return name.size() > tail.size() && name.ends_with(tail);
}

bool HostRule::names_an_address() const {
  return host == "localhost" || is_address(host);
}

}  // namespace hearth::packs::mandates::sandbox
