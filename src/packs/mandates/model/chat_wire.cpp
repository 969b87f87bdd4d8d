#include "packs/mandates/model/chat_wire.hpp"

#include <array>
#include <utility>

#include "json/json.hpp"

namespace hearth::packs::mandates::model {
namespace {

constexpr std::size_t longest_error = 300;  // bytes

std::unexpected<Error> malformed(const std::string& what) {
  return fail(Errc::unavailable, "the model server's answer is unusable: " + what,
              {"check that the model's url names an OpenAI-compatible API, up to its /v1"});
}

std::string cut_to(std::string text, std::size_t most) {
  for (char& c : text) {
    if (static_cast<unsigned char>(c) < ' ') c = ' ';
  }
  if (text.size() <= most) return text;
  while (most > 0 && (static_cast<unsigned char>(text[most]) & 0xC0U) == 0x80U) --most;
  return text.substr(0, most) + "…";
}

json::Value parsed(const std::string& schema) {
  return json::parse(schema).value_or(json::Value(json::Object{{"type", "object"}}));
}

json::Array messages_of(const Question& question, ShapeMode mode) {
  static constexpr std::array<std::string_view, 3> roles{"system", "user", "assistant"};
  json::Array messages;
  for (const Message& each : question.messages)
    messages.push_back(
        json::Object{{"role", roles[static_cast<std::size_t>(each.role)]}, {"content", each.text}});
  if (question.shape && mode == ShapeMode::prompt) {
    messages.push_back(
        json::Object{{"role", "user"},
                     {"content", "Answer with one JSON object and nothing else. Its JSON Schema: " +
                                     question.shape->schema}});
  }
  return messages;
}

void add_shape(json::Object& body, const Shape& shape, ShapeMode mode) {
  if (mode == ShapeMode::json_schema) {
    body["response_format"] = json::Object{
        {"type", "json_schema"},
        {"json_schema",
         json::Object{{"name", shape.name}, {"strict", true}, {"schema", parsed(shape.schema)}}}};
  }
  if (mode == ShapeMode::tool) {
    const json::Object function{{"name", shape.name},
                                {"description", shape.description},
                                {"parameters", parsed(shape.schema)}};
    body["tools"] = json::Array{json::Object{{"type", "function"}, {"function", function}}};
    body["tool_choice"] =
        json::Object{{"type", "function"}, {"function", json::Object{{"name", shape.name}}}};
  }
}

std::optional<Usage> usage_of(const json::Value& answer) {
  const json::Value* const usage = json::find(answer, "usage");
  if (usage == nullptr) return std::nullopt;
  const Usage told{.input_tokens = json::int_or(*usage, "prompt_tokens", -1),
                   .output_tokens = json::int_or(*usage, "completion_tokens", -1)};
  if (told.input_tokens < 0 || told.output_tokens < 0) return std::nullopt;
  return told;
}

// The arguments of the one call of the shape's tool.
Result<std::string> called(const json::Array& calls, const std::optional<Shape>& shape) {
  if (!shape) return malformed("it calls a tool, and none was offered");
  if (calls.size() != 1)
    return malformed("it makes " + std::to_string(calls.size()) + " calls in place of one");
  const json::Value* const function = json::find(calls.front(), "function");
  if (function == nullptr || json::string_or(*function, "name", "") != shape->name)
    return malformed("it calls another tool than " + shape->name);
  const json::Value* const arguments = json::find(*function, "arguments");
  if (arguments == nullptr) return malformed("its call has no arguments");
  // Some servers give the object itself.
  if (const auto* text = arguments->if_string()) return std::string(text->data(), text->size());
  return json::dump(*arguments);
}

Result<std::string> text_of(const json::Value& message, const std::optional<Shape>& shape) {
  const std::string_view refusal = json::string_or(message, "refusal", "");
  if (!refusal.empty())
    return fail(Errc::unavailable,
                "the model refuses: " + cut_to(std::string(refusal), longest_error),
                {"reword the mandate's goal"});
  const json::Value* const calls = json::find(message, "tool_calls");
  if (calls != nullptr && calls->is_array() && !calls->get_array().empty())
    return called(calls->get_array(), shape);
  const json::Value* const content = json::find(message, "content");
  if (content == nullptr || !content->is_string()) return malformed("its message has no text");
  return std::string(content->get_string());
}

std::string_view without_fence(std::string_view text) {
  constexpr std::string_view white = " \t\r\n";
  constexpr std::string_view fence = "```";
  const auto trim = [&] {
    text.remove_prefix(std::min(text.find_first_not_of(white), text.size()));
    text.remove_suffix(text.size() - (text.find_last_not_of(white) + 1));
  };
  trim();
  if (text.size() < 2 * fence.size() || !text.starts_with(fence) || !text.ends_with(fence))
    return text;
  const auto line = text.find('\n');
  if (line == std::string_view::npos) return text;
  text.remove_suffix(fence.size());
  text.remove_prefix(std::min(line + 1, text.size()));
  trim();
  return text;
}

}  // namespace

std::string chat_request(std::string_view model, const Question& question, ShapeMode mode) {
  json::Object body{{"model", model},
                    {"messages", messages_of(question, mode)},
                    {"max_tokens", question.most_output_tokens}};
  if (question.shape) add_shape(body, *question.shape, mode);
  std::string text;
  json::append(text, body);
  return text;
}

Result<ChatReply> parse_chat(std::string_view body, const std::optional<Shape>& shape) {
  const auto answer = json::parse(body);
  if (!answer) return malformed("it is not JSON (" + answer.error().message + ")");
  const json::Value* const choices = json::find(*answer, "choices");
  if (choices == nullptr || !choices->is_array() || choices->get_array().empty()) {
    const std::string said = error_text(body);
    return malformed(said.empty() ? "it has no choices" : "it says \"" + said + "\"");
  }
  const json::Value& choice = choices->get_array().front();
  const json::Value* const message = json::find(choice, "message");
  if (message == nullptr) return malformed("its choice has no message");
  auto text = text_of(*message, shape);
  if (!text) return std::unexpected(std::move(text.error()));
  return ChatReply{.text = std::move(*text),
                   .usage = usage_of(*answer),
                   .model = std::string(json::string_or(*answer, "model", "")),
                   .is_cut = json::string_or(choice, "finish_reason", "") == "length"};
}

Result<std::string> shaped(const ChatReply& reply, const Shape& shape) {
  if (reply.is_cut)
    return fail(Errc::invalid_args,
                "the answer was cut off at the most tokens it may have: answer more briefly");
  const auto value = json::parse(without_fence(reply.text));
  if (!value)
    return fail(Errc::invalid_args, "the answer is not one JSON object: " + value.error().message);
  if (!value->is_object())
    return fail(Errc::invalid_args, "the answer is of the kind " +
                                        std::string(json::kind_name(*value)) +
                                        ", not one JSON object");
  std::string text = json::dump(*value);
  if (shape.check) {
    if (auto fits = shape.check(text); !fits)
      return fail(Errc::invalid_args,
                  "the answer does not fit its schema: " + fits.error().message);
  }
  return text;
}

std::string error_text(std::string_view body) {
  const auto answer = json::parse(body);
  if (!answer) return cut_to(std::string(body.substr(0, body.find('\n'))), longest_error);
  // {"error":{"message":…}} of OpenAI, {"error":…} and {"message":…} of others.
  std::string_view text;
  const json::Value* const error = json::find(*answer, "error");
  if (error != nullptr && error->is_object()) text = json::string_or(*error, "message", "");
  if (text.empty()) text = json::string_or(*answer, "error", "");
  if (text.empty()) text = json::string_or(*answer, "message", "");
  return cut_to(std::string(text), longest_error);
}

}  // namespace hearth::packs::mandates::model
