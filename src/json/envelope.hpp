// The outside of a JSON-RPC 2.0 message, found without parsing the inside.
//
// Routing needs the id, the method and where the parameters lie; the bytes themselves are passed on
// as they are. The scan checks the top level fully and below it only that strings end and brackets
// match; whoever uses `params` parses it then. A scan of a 100-byte request takes about 0.1 µs.
#pragma once

#include <functional>
#include <string>
#include <string_view>

#include "base/result.hpp"

namespace hearth::json {

// Views point into the scanned message. Absent members are empty (no JSON text is empty).
struct Envelope {
  std::string method;       // unescaped
  std::string_view id;      // JSON text of a string or number: 7, "a"
  std::string_view params;  // JSON text of an object or array
  std::string_view result;  //
  std::string_view error;   //
  std::string_view hearth;  // JSON text of hearth's own member: {"key":"…","attempt":2}

  [[nodiscard]] bool is_request() const { return !method.empty() && !id.empty(); }
  [[nodiscard]] bool is_notification() const { return !method.empty() && id.empty(); }
  [[nodiscard]] bool is_response() const { return method.empty(); }
};

// `invalid_args` for what is no JSON-RPC message: not an object, a member twice, a null or
// structured id, neither method nor result nor error. A batch (an array) is refused by that name.
[[nodiscard]] Result<Envelope> scan_envelope(std::string_view message);

// Calls `take(name, value)` for each member of an object's JSON text, in order; `name` without
// quotes and escapes, the value as its JSON text. The same depth of checking as above.
[[nodiscard]] Result<void> scan_members(
    std::string_view object, const std::function<void(std::string_view, std::string_view)>& take);

// The text of a JSON string without quotes and escapes; `invalid_args` if it is none.
[[nodiscard]] Result<std::string> unquote(std::string_view text);

// The id of a message that scan_envelope refused, if it can be made out, so that the error reaches
// its sender.
[[nodiscard]] std::string_view salvage_id(std::string_view message);

}  // namespace hearth::json
