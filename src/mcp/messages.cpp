#include "mcp/messages.hpp"

#include "json/json.hpp"

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

std::string error_head(std::string_view id, int number, std::string_view message) {
  std::string out;
  out.reserve(96 + message.size());
  out.append(R"({"jsonrpc":"2.0","id":)").append(id.empty() ? "null" : id);
  out.append(R"(,"error":{"code":)").append(std::to_string(number)).append(R"(,"message":)");
  json::append_string(out, message);
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
  std::string out = error_head(id, number_of(error.code), error.message);
  out.append(R"(,"data":{"code":")").append(errc_name(error.code)).append("\",");
  append_suggestions(out, error.suggestions);
  out.append("}}}");
  return out;
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

std::string tool_result(std::string_view structured) {
  std::string out;
  out.reserve(2 * structured.size() + structured.size() / 8 + 80);
  out.append(R"({"content":[{"type":"text","text":)");
  json::append_string(out, structured);
  out.append(R"(}],"structuredContent":)").append(structured);
  out.push_back('}');
  return out;
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
