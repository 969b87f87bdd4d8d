#include "web/message.hpp"

#include <algorithm>
#include <boost/url/parse_query.hpp>

#include "base/ascii.hpp"
#include "json/json.hpp"
#include "json/outcome.hpp"

namespace hearth::web {
namespace {

std::string_view trimmed(std::string_view text) {
  while (!text.empty() && (text.front() == ' ' || text.front() == '\t')) text.remove_prefix(1);
  while (!text.empty() && (text.back() == ' ' || text.back() == '\t')) text.remove_suffix(1);
  return text;
}

}  // namespace

std::string_view Request::header(std::string_view name) const {
  for (const Header& header : headers) {
    if (equals_ignoring_case(header.name, name)) return header.value;
  }
  return {};
}

bool Request::has(std::string_view name) const {
  return std::ranges::any_of(
      headers, [&](const Header& header) { return equals_ignoring_case(header.name, name); });
}

std::optional<std::string> Request::parameter(std::string_view name) const {
  const auto parameters = boost::urls::parse_query(query);
  if (!parameters) return std::nullopt;
  const auto found = parameters->find(name);
  if (found == parameters->end()) return std::nullopt;
  return (*found).value.decode();
}

// Weights are not looked at: a form is allowed or not.
Accepted read_accept(const Request& request) {
  if (!request.has("Accept")) return {true, true};
  Accepted accepted;
  for (const Header& header : request.headers) {
    if (!equals_ignoring_case(header.name, "Accept")) continue;
    std::string_view rest = header.value;
    while (!rest.empty()) {
      const auto comma = std::min(rest.find(','), rest.size());
      const auto range = rest.substr(0, comma);
      const auto type = trimmed(range.substr(0, range.find(';')));
      rest.remove_prefix(std::min(comma + 1, rest.size()));
      const bool is_any = type == "*/*";
      if (is_any || equals_ignoring_case(type, json_type) ||
          equals_ignoring_case(type, "application/*"))
        accepted.json = true;
      if (is_any || equals_ignoring_case(type, event_type) || equals_ignoring_case(type, "text/*"))
        accepted.events = true;
    }
  }
  return accepted;
}

Response refusal(int status, int number, std::string_view message, std::string_view id) {
  std::string body = R"({"jsonrpc":"2.0",)";
  if (!id.empty()) body.append(R"("id":)").append(id).append(",");
  body.append(R"("error":{"code":)").append(std::to_string(number)).append(R"(,"message":)");
  json::append_string(body, message);
  body.append("}}");
  return {status, std::string(json_type), std::move(body), {}};
}

Response failure(int status, const Error& error) {
  return {status, std::string(json_type), json::failure_envelope(error) + "\n", {}};
}

Response plain(int status, std::string text) {
  return {status, "text/plain; charset=utf-8", std::move(text), {}};
}

}  // namespace hearth::web
