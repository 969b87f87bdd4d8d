// JSON-RPC envelopes: the scanner, which does not build values, agrees with the parser, which does.
#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <functional>
#include <set>
#include <string>
#include <string_view>

#include "json/envelope.hpp"
#include "json/json.hpp"

namespace {

using namespace hearth;

void require(bool holds) {
  if (!holds) std::abort();
}

// A part that the scanner found must be the parser's member of that name.
void compare(const json::Value& message, std::string_view name, std::string_view part) {
  const json::Value* member = json::find(message, name);
  if (part.empty()) return;  // the parser also sees names written with escapes
  const auto value = json::parse(part);
  require(value.has_value());
  if (member != nullptr) require(json::dump(*value) == json::dump(*member));
}

// A message that the parser takes and that is a request must not be refused. Left out: names that
// appear twice and escapes, where the scanner is stricter on purpose.
void require_acceptance(std::string_view text, const json::Value& message) {
  if (text.find('\\') != std::string_view::npos) return;
  std::set<std::string, std::less<>> names;
  bool has_twice = false;
  const auto scanned = json::scan_members(text, [&](std::string_view name, std::string_view) {
    has_twice = has_twice || !names.emplace(name).second;
  });
  if (!message.is_object()) return;
  require(scanned.has_value());
  const json::Value* id = json::find(message, "id");
  const json::Value* params = json::find(message, "params");
  const std::string_view method = json::string_or(message, "method", "");
  const bool is_request = !method.empty() && id != nullptr && (id->is_string() || id->is_number());
  const bool has_good_params = params == nullptr || params->is_object() || params->is_array();
  if (has_twice || !is_request || !has_good_params) return;
  const auto envelope = json::scan_envelope(text);
  require(envelope.has_value() && envelope->is_request());
  require(envelope->method == method);
  require(json::dump(json::parse(envelope->id).value()) == json::dump(*id));
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const std::string_view text(reinterpret_cast<const char*>(data), size);
  const std::string_view salvaged = json::salvage_id(text);
  if (!salvaged.empty()) require(json::parse(salvaged).has_value());

  const auto message = json::parse(text);
  if (message) require_acceptance(text, *message);

  const auto envelope = json::scan_envelope(text);
  if (!envelope) return 0;
  require(envelope->is_request() + envelope->is_notification() + envelope->is_response() == 1);
  if (!envelope->id.empty()) require(json::parse(envelope->id).has_value());
  (void)json::scan_members(text, [](std::string_view, std::string_view) {});

  // Escaped names may repeat a plain one; the parser then shows the other.
  if (!message || text.find("\\u") != std::string_view::npos) return 0;
  compare(*message, "id", envelope->id);
  compare(*message, "params", envelope->params);
  compare(*message, "result", envelope->result);
  compare(*message, "error", envelope->error);
  require(json::string_or(*message, "method", "") == envelope->method);
  return 0;
}
