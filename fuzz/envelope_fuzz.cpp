// JSON-RPC envelopes: the scanner, which does not build values, agrees with the parser, which does.
#include <cstddef>
#include <cstdint>
#include <cstdlib>
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

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const std::string_view text(reinterpret_cast<const char*>(data), size);
  const std::string_view salvaged = json::salvage_id(text);
  if (!salvaged.empty()) require(json::parse(salvaged).has_value());

  const auto envelope = json::scan_envelope(text);
  if (!envelope) return 0;
  require(envelope->is_request() + envelope->is_notification() + envelope->is_response() == 1);
  if (!envelope->id.empty()) require(json::parse(envelope->id).has_value());
  (void)json::scan_members(text, [](std::string_view, std::string_view) {});

  const auto message = json::parse(text);
  // Escaped names may repeat a plain one; the parser then shows the other.
  if (!message || text.find("\\u") != std::string_view::npos) return 0;
  compare(*message, "id", envelope->id);
  compare(*message, "params", envelope->params);
  compare(*message, "result", envelope->result);
  compare(*message, "error", envelope->error);
  require(json::string_or(*message, "method", "") == envelope->method);
  return 0;
}
