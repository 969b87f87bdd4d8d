// An HTTP request and an answer to it, as the rest of this layer sees them.
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.hpp"

namespace hearth::web {

struct Header {
  std::string name;
  std::string value;
};

struct Request {
  std::string method;  // "POST"
  std::string path;    // of the target, without the query
  std::string query;   // as it came: percent-encoded
  std::vector<Header> headers;
  std::string body;
  bool is_old = false;      // HTTP/1.0: no chunks
  bool keeps_alive = true;  // the client may send another one on this connection

  // The value of a header in any case; empty when there is none.
  [[nodiscard]] std::string_view header(std::string_view name) const;
  [[nodiscard]] bool has(std::string_view name) const;
  // The decoded value of a parameter in the query, the first if there are several.
  [[nodiscard]] std::optional<std::string> parameter(std::string_view name) const;
};

struct Response {
  int status = 200;
  std::string content_type;  // empty: no body
  std::string body;
  std::vector<Header> headers;
};

inline constexpr std::string_view json_type = "application/json";
inline constexpr std::string_view event_type = "text/event-stream";

// What an Accept header allows of the two forms an MCP answer may have.
struct Accepted {
  bool json = false;
  bool events = false;
};
[[nodiscard]] Accepted read_accept(const Request& request);

// A JSON-RPC error as the body; `id` is JSON text, empty when it is unknown: then it has none.
[[nodiscard]] Response refusal(int status,
                               int number,
                               std::string_view message,
                               std::string_view id = {});
// The envelope of `--json` on the command line.
[[nodiscard]] Response failure(int status, const Error& error);
[[nodiscard]] Response plain(int status, std::string text);

}  // namespace hearth::web
