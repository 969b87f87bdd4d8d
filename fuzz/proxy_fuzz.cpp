// Any bytes as what a sandboxed command asks of the proxy: what goes on is one well-formed request
// to the host that the rules were asked about, and reads the same again.
#include <algorithm>
#include <cstdint>
#include <cstdlib>
#include <string>
#include <string_view>

#include "packs/mandates/sandbox/host_rule.hpp"
#include "packs/mandates/sandbox/proxy_request.hpp"

namespace {

using namespace hearth::packs::mandates::sandbox;

void require(bool holds) {
  if (!holds) std::abort();
}

std::size_t count(std::string_view text, std::string_view part) {
  std::size_t found = 0;
  for (auto at = text.find(part); at != std::string_view::npos; at = text.find(part, at + 1))
    ++found;
  return found;
}

void check_request(const ProxyRequest& request) {
  require(request.target.port != 0 && !request.target.host.empty());
  const std::string& head = request.head;
  if (head.empty()) return;
  require(head.ends_with("\r\n\r\n") && count(head, "\r\n\r\n") == 1);
  // No line end but these, no second host, nothing of the proxy's.
  require(std::ranges::count(head, '\n') == std::ranges::count(head, '\r'));
  require(count(head, "\r\n") == static_cast<std::size_t>(std::ranges::count(head, '\n')));
  std::string lower = head;
  std::ranges::transform(lower, lower.begin(),
                         [](char c) { return c >= 'A' && c <= 'Z' ? char(c + 32) : c; });
  require(count(lower, "\r\nhost:") == 1 && count(lower, "\r\nconnection:") == 1);
  require(count(lower, "\r\nproxy-") == 0);
  // As a request to the same host once more: the same head.
  const bool is_v6 = request.target.host.contains(':');
  const std::string host = is_v6 ? "[" + request.target.host + "]" : request.target.host;
  std::string again = head;
  again.insert(again.find(' ') + 1, "http://" + host + ":" + std::to_string(request.target.port));
  const auto second = parse_proxy_request(again);
  require(second && second->head == head && second->target.host == request.target.host);
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const std::string_view bytes(reinterpret_cast<const char*>(data), size);
  if (const auto request = parse_proxy_request(bytes)) check_request(*request);
  if (const auto rule = HostRule::parse(bytes)) {
    require(!rule->host.empty() && rule->port != 0);
    // A rule admits the host that it names, and a wild one no other that only ends alike.
    if (!rule->host.starts_with("*.")) require(rule->admits(rule->host, rule->port));
    if (rule->host.starts_with("*.")) require(!rule->admits(rule->host.substr(2), rule->port));
    require(!rule->admits("x" + rule->host, rule->port) || rule->host.starts_with("*."));
  }
  return 0;
}
