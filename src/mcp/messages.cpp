#include "mcp/messages.hpp"

#include "json/json.hpp"
#include "mcp/base64.hpp"

namespace hearth::mcp {
namespace {

int number_of(Errc code) {
  switch (code) {
    case Errc::invalid_args:
      return invalid_params;
    case Errc::internal:
      return internal_error;
    default:
      return server_error;
  }
}

void append_suggestions(std::string& out, const std::vector<std::string>& suggestions) {
  out.append("\"suggestions\":[");
  for (std::size_t i = 0; i < suggestions.size(); ++i) {
    if (i != 0) out.push_back(',');
    json::append_string(out, suggestions[i]);
  }
  out.push_back(']');
}

void append_error_head(std::string& out, int number, std::string_view message) {
  out.append(R"({"code":)").append(std::to_string(number)).append(R"(,"message":)");
  json::append_string(out, message);
}

std::string error_head(std::string_view id, int number, std::string_view message) {
  std::string out;
  out.reserve(96 + message.size());
  out.append(R"({"jsonrpc":"2.0","id":)").append(id.empty() ? "null" : id);
  out.append(R"(,"error":)");
  append_error_head(out, number, message);
  return out;
}

}  // namespace

std::string make_result(std::string_view id, std::string_view result) {
  std::string out;
  out.reserve(40 + id.size() + result.size());
  out.append(R"({"jsonrpc":"2.0","id":)").append(id).append(R"(,"result":)").append(result);
  out.push_back('}');
  return out;
}

std::string make_error(std::string_view id, int number, std::string_view message) {
  return error_head(id, number, message) + "}}";
}

std::string make_error(std::string_view id, const Error& error) {
  std::string out = R"({"jsonrpc":"2.0","id":)";
  out.append(id.empty() ? "null" : id).append(R"(,"error":)").append(error_text(error));
  out.push_back('}');
  return out;
}

std::string error_text(const Error& error) {
  std::string out;
  append_error_head(out, number_of(error.code), error.message);
  out.append(R"(,"data":{"code":")").append(errc_name(error.code)).append("\",");
  append_suggestions(out, error.suggestions);
  return out.append("}}");
}

std::string make_notification(std::string_view method, std::string_view params) {
  std::string out;
  out.append(R"({"jsonrpc":"2.0","method":")")
      .append(method)
      .append(R"(","params":)")
      .append(params);
  out.push_back('}');
  return out;
}

std::string make_request(std::string_view id, std::string_view method, std::string_view params) {
  std::string out = R"({"jsonrpc":"2.0","id":)";
  out.append(id).append(R"(,"method":")").append(method).append(R"(","params":)").append(params);
  out.push_back('}');
  return out;
}

std::string missing_ability(std::string_view id, std::string_view needs) {
  std::string out = error_head(id, missing_client_capability,
                               "this needs something that the client does not offer; see "
                               "data.requiredCapabilities");
  return out.append(R"(,"data":{"requiredCapabilities":)").append(needs).append("}}}");
}

std::string resource_not_found(std::string_view id, std::string_view uri, Era era) {
  const int number = era == Era::modern ? invalid_params : legacy_resource_not_found;
  std::string out = error_head(id, number, "there is no resource " + std::string(uri));
  return out.append(R"(,"data":{"code":"not_found","uri":)")
      .append(json::quoted(uri))
      .append("}}}");
}

std::string refused_version(std::string_view id, std::string_view requested) {
  std::string out =
      error_head(id, unsupported_version, "unsupported protocol version; see data.supported");
  out.append(R"(,"data":{"supported":)").append(supported_versions());
  return out.append(R"(,"requested":)").append(json::quoted(requested)).append("}}}");
}

Error outcome_unknown(const std::string& tool) {
  return {Errc::outcome_unknown,
          "the daemon went away during " + tool + "; it may or may not have happened",
          {"look at the present state before you repeat it"}};
}

Error took_too_long(const std::string& subject, std::chrono::milliseconds limit) {
  return {Errc::timed_out,
          subject + " took longer than " + std::to_string(limit.count()) + " ms",
          {"ask for less", "look at `hearth daemon status`"}};
}

namespace {

std::string text_or_blob(const pack::Content& content, std::string_view fallback_uri) {
  std::string out = R"({"uri":)" + json::quoted(content.uri.empty() ? fallback_uri : content.uri);
  if (!content.mime_type.empty())
    out.append(R"(,"mimeType":)").append(json::quoted(content.mime_type));
  const bool is_binary = !content.bytes.empty();
  out.append(is_binary ? R"(,"blob":)" : R"(,"text":)");
  json::append_string(out, is_binary ? base64(content.bytes) : content.text);
  out.push_back('}');
  return out;
}

// MCP's ContentBlock.
std::string block(const pack::Content& content) {
  const auto media = [&](std::string_view type) {
    return R"({"type":")" + std::string(type) + R"(","data":")" + base64(content.bytes) +
           R"(","mimeType":)" + json::quoted(content.mime_type) + '}';
  };
  switch (content.kind) {
    case pack::ContentKind::image:
      return media("image");
    case pack::ContentKind::audio:
      return media("audio");
    case pack::ContentKind::resource:
      return R"({"type":"resource","resource":)" + text_or_blob(content, "") + '}';
    case pack::ContentKind::link: {
      std::string out = R"({"type":"resource_link","uri":)" + json::quoted(content.uri);
      out.append(R"(,"name":)")
          .append(json::quoted(content.name.empty() ? content.uri : content.name));
      if (!content.mime_type.empty())
        out.append(R"(,"mimeType":)").append(json::quoted(content.mime_type));
      return out + '}';
    }
    case pack::ContentKind::text:
      break;
  }
  return R"({"type":"text","text":)" + json::quoted(content.text) + '}';
}

}  // namespace

std::string tool_result(const pack::Reply& reply) {
  const std::string& structured = reply.structured;
  std::string out;
  out.reserve(2 * structured.size() + structured.size() / 8 + 80);
  out.append(R"({"content":[)");
  if (reply.content.empty()) {
    out.append(R"({"type":"text","text":)");
    json::append_string(out, structured);
    out.push_back('}');
  }
  for (std::size_t i = 0; i < reply.content.size(); ++i) {
    if (i != 0) out.push_back(',');
    out.append(block(reply.content[i]));
  }
  out.push_back(']');
  if (!structured.empty()) out.append(R"(,"structuredContent":)").append(structured);
  out.push_back('}');
  return out;
}

std::string resource_result(const pack::Reply& reply, std::string_view uri) {
  std::string out = R"({"contents":[)";
  for (std::size_t i = 0; i < reply.content.size(); ++i) {
    if (i != 0) out.push_back(',');
    out.append(text_or_blob(reply.content[i], uri));
  }
  return out.append("]}");
}

std::string prompt_result(const pack::Reply& reply) {
  std::string out = "{";
  if (!reply.description.empty())
    out.append(R"("description":)").append(json::quoted(reply.description)).push_back(',');
  out.append(R"("messages":[)");
  for (std::size_t i = 0; i < reply.content.size(); ++i) {
    if (i != 0) out.push_back(',');
    out.append(R"({"role":)").append(json::quoted(reply.content[i].role));
    out.append(R"(,"content":)").append(block(reply.content[i])).push_back('}');
  }
  return out.append("]}");
}

std::string tool_error(const Error& error) {
  std::string text = std::string(errc_name(error.code)) + ": " + error.message;
  for (const std::string& suggestion : error.suggestions) text.append("\n- ").append(suggestion);
  std::string out = R"({"content":[{"type":"text","text":)";
  json::append_string(out, text);
  out.append(R"(}],"structuredContent":{"error":{"code":")").append(errc_name(error.code));
  out.append(R"(","message":)");
  json::append_string(out, error.message);
  out.push_back(',');
  append_suggestions(out, error.suggestions);
  out.append(R"(}},"isError":true})");
  return out;
}

}  // namespace hearth::mcp
