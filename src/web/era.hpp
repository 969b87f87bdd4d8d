// Which era of MCP a request over HTTP belongs to, and whether its headers say what its body says.
//
// Legacy (2024-11-05 to 2025-11-25): sessions, named by a header since `initialize`. Modern (from
// 2026-07-28): every request stands for itself, says so in its `_meta`, and repeats in headers what
// somebody in between may want to know.
#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "json/envelope.hpp"
#include "mcp/catalog.hpp"
#include "mcp/era.hpp"
#include "web/message.hpp"

namespace hearth::web {

inline constexpr int header_mismatch = -32020;

// What the body says of its sender, as far as HTTP needs to know.
struct BodyFacts {
  std::string version;  // _meta: io.modelcontextprotocol/protocolVersion
  bool has_abilities = false;
  std::string client_name;  // _meta, or params.clientInfo of initialize
  std::string client_version;
  std::string name;            // params.name, .uri or .taskId
  std::string_view arguments;  // JSON text
};
[[nodiscard]] BodyFacts read_body(const json::Envelope& message);

[[nodiscard]] mcp::Era era_of(const Request& request, const BodyFacts& body);
// Of the MCP-Protocol-Version header.
[[nodiscard]] bool is_legacy_version(std::string_view version);

// What is wrong with a modern request's headers, as the answer to it; nothing when all fit.
[[nodiscard]] std::optional<Response> check_modern(const Request& request,
                                                   const json::Envelope& message,
                                                   const BodyFacts& body,
                                                   mcp::Catalog& catalog);

// The HTTP status of a modern answer.
[[nodiscard]] int status_of(std::string_view answer);

// "=?base64?…?=" is decoded, all else taken as it is. Nothing when it is not base64.
[[nodiscard]] std::optional<std::string> decode_header(std::string_view value);

}  // namespace hearth::web
