#include "web/era.hpp"

#include <algorithm>
#include <charconv>

#include "json/json.hpp"
#include "mcp/base64.hpp"
#include "mcp/era.hpp"
#include "mcp/messages.hpp"

namespace hearth::web {
namespace {

std::string text_of(std::string_view json_text) {
  return json::unquote(json_text).value_or("");
}

// {"name": …, "version": …}
void read_client(std::string_view object, BodyFacts& facts) {
  if (!object.starts_with('{')) return;
  (void)json::scan_members(object, [&](std::string_view name, std::string_view value) {
    if (name == "name") facts.client_name = text_of(value).substr(0, 200);
    if (name == "version") facts.client_version = text_of(value).substr(0, 200);
  });
}

void read_meta(std::string_view object, BodyFacts& facts) {
  if (!object.starts_with('{')) return;
  (void)json::scan_members(object, [&](std::string_view name, std::string_view value) {
    if (!name.starts_with(mcp::meta_prefix)) return;
    name.remove_prefix(mcp::meta_prefix.size());
    if (name == "protocolVersion") facts.version = text_of(value);
    if (name == "clientCapabilities") facts.has_abilities = value.starts_with('{');
    if (name == "clientInfo") read_client(value, facts);
  });
}

// The member of params that the Mcp-Name header repeats; empty when there is none.
std::string_view named_by(std::string_view method) {
  if (method == "tools/call" || method == "prompts/get") return "name";
  if (method == "resources/read") return "uri";
  if (method == "tasks/get" || method == "tasks/update" || method == "tasks/cancel")
    return "taskId";
  return {};
}

Response mismatch(std::string_view id, const std::string& what) {
  return refusal(400, header_mismatch, "Header mismatch: " + what, id);
}

bool is_number(std::string_view text, double& number) {
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), number);
  return error == std::errc{} && end == text.data() + text.size();
}

// Whether a header says what the argument is: texts as they are, integers by their value.
bool says(const std::string& header, const json::Value& argument) {
  if (argument.is_string()) return header == std::string_view(argument.get_string());
  if (argument.is_bool()) return header == (argument.get_bool() ? "true" : "false");
  double number = 0;
  return argument.is_number() && is_number(header, number) &&
         number == argument.to_number<double>();
}

// Follows the `properties` of a tool's schema to those that headers repeat.
std::optional<std::string> find_mismatch(const Request& request,
                                         const json::Value& schema,
                                         const json::Value* arguments,
                                         int depth) {
  constexpr int deepest = 8;
  const json::Value* properties = json::find(schema, "properties");
  if (properties == nullptr || !properties->is_object() || depth > deepest) return std::nullopt;
  for (const auto& property : properties->get_object()) {
    const json::Value* argument =
        arguments == nullptr ? nullptr : json::find(*arguments, property.key());
    if (auto found = find_mismatch(request, property.value(), argument, depth + 1)) return found;
    const auto suffix = json::string_or(property.value(), "x-mcp-header", "");
    if (suffix.empty()) continue;
    const std::string name = "Mcp-Param-" + std::string(suffix);
    if (argument == nullptr || argument->is_null()) {
      if (request.has(name)) return name + " repeats an argument that is not there";
      continue;
    }
    if (!request.has(name)) return name + " is missing";
    const auto value = decode_header(request.header(name));
    if (!value) return name + " is not valid base64";
    if (!says(*value, *argument)) return name + " differs from the argument in the body";
  }
  return std::nullopt;
}

std::optional<std::string> check_parameters(const Request& request,
                                            const BodyFacts& body,
                                            mcp::Catalog& catalog) {
  const mcp::ToolEntry* tool = catalog.find_tool(body.name);
  if (tool == nullptr || !tool->spec.input_schema.contains("x-mcp-header")) return std::nullopt;
  const auto schema = json::parse(tool->spec.input_schema);
  const auto arguments = json::parse(body.arguments.empty() ? "{}" : body.arguments);
  if (!schema || !arguments) return std::nullopt;  // the tool will say so
  return find_mismatch(request, *schema, &*arguments, 0);
}

std::optional<std::string> check_name(const Request& request,
                                      const json::Envelope& message,
                                      const BodyFacts& body) {
  const auto member = named_by(message.method);
  if (member.empty() || body.name.empty())
    return std::nullopt;  // the method will say what it lacks
  if (!request.has("Mcp-Name")) return "the header Mcp-Name is missing";
  const auto name = decode_header(request.header("Mcp-Name"));
  if (!name) return "the header Mcp-Name is not valid base64";
  if (*name == body.name) return std::nullopt;
  return "Mcp-Name is \"" + *name + "\", params." + std::string(member) + " in the body is \"" +
         body.name + "\"";
}

}  // namespace

BodyFacts read_body(const json::Envelope& message) {
  BodyFacts facts;
  if (!message.params.starts_with('{')) return facts;
  const auto named = named_by(message.method);
  (void)json::scan_members(message.params, [&](std::string_view name, std::string_view value) {
    if (name == "_meta") read_meta(value, facts);
    if (name == "arguments") facts.arguments = value;
    if (name == named) facts.name = text_of(value);
    if (name == "clientInfo" && message.method == "initialize") read_client(value, facts);
  });
  return facts;
}

bool is_legacy_version(std::string_view version) {
  return std::ranges::find(mcp::legacy_revisions, version) != mcp::legacy_revisions.end();
}

// A version that nobody knows is modern: that era has an answer to it.
mcp::Era era_of(const Request& request, const BodyFacts& body) {
  if (!body.version.empty()) return mcp::Era::modern;
  const auto version = request.header("MCP-Protocol-Version");
  const bool is_unknown = !version.empty() && !is_legacy_version(version);
  return is_unknown && !request.has("Mcp-Session-Id") ? mcp::Era::modern : mcp::Era::legacy;
}

std::optional<Response> check_modern(const Request& request,
                                     const json::Envelope& message,
                                     const BodyFacts& body,
                                     mcp::Catalog& catalog) {
  if (message.is_notification()) return std::nullopt;  // this revision defines no headers for them
  if (body.version.empty() || !body.has_abilities) {
    return refusal(
        400, mcp::invalid_params,
        "params._meta: expected \"io.modelcontextprotocol/protocolVersion\" (a text) and "
        "\"io.modelcontextprotocol/clientCapabilities\" (an object)",
        message.id);
  }
  const auto version = request.header("MCP-Protocol-Version");
  if (version != body.version) {
    return mismatch(message.id, "MCP-Protocol-Version is \"" + std::string(version) +
                                    "\", the version in params._meta \"" + body.version + "\"");
  }
  const bool is_known =
      std::ranges::find(mcp::modern_revisions, body.version) != mcp::modern_revisions.end();
  if (!is_known) return std::nullopt;  // which is what the answer will be about
  if (request.header("Mcp-Method") != message.method) {
    return mismatch(message.id, "Mcp-Method is \"" + std::string(request.header("Mcp-Method")) +
                                    "\", the method in the body \"" + message.method + "\"");
  }
  auto wrong = check_name(request, message, body);
  if (!wrong && message.method == "tools/call") wrong = check_parameters(request, body, catalog);
  return wrong ? std::optional(mismatch(message.id, *wrong)) : std::nullopt;
}

int status_of(std::string_view answer) {
  const auto envelope = json::scan_envelope(answer);
  if (!envelope || envelope->error.empty()) return 200;
  int code = 0;
  (void)json::scan_members(envelope->error, [&](std::string_view name, std::string_view value) {
    if (name == "code") std::from_chars(value.data(), value.data() + value.size(), code);
  });
  if (code == mcp::method_not_found) return 404;
  const bool is_bad = code == header_mismatch || code == mcp::missing_client_capability ||
                      code == mcp::unsupported_version;
  return is_bad ? 400 : 200;
}

std::optional<std::string> decode_header(std::string_view value) {
  constexpr std::string_view begin = "=?base64?";
  constexpr std::string_view end = "?=";
  const bool is_encoded =
      value.size() >= begin.size() + end.size() && value.starts_with(begin) && value.ends_with(end);
  if (!is_encoded) return std::string(value);
  value.remove_prefix(begin.size());
  value.remove_suffix(end.size());
  return mcp::from_base64(value);
}

}  // namespace hearth::web
