#include "packs/mandates/model/sampling_wire.hpp"

#include "json/json.hpp"

namespace hearth::packs::mandates::model {
namespace {

// The text of one content block, or of a list of them.
std::string text_of(const json::Value& content) {
  if (content.is_array()) {
    std::string all;
    for (const json::Value& each : content.get_array()) all += text_of(each);
    return all;
  }
  if (json::string_or(content, "type", "") != "text") return {};
  return std::string(json::string_or(content, "text", ""));
}

}  // namespace

std::string sampling_params(const Question& question) {
  json::Array messages;
  std::string system;
  const auto say = [&](std::string_view role, const std::string& text) {
    messages.push_back(
        json::Object{{"role", role}, {"content", json::Object{{"type", "text"}, {"text", text}}}});
  };
  for (const Message& each : question.messages) {
    if (each.role == Message::Role::system) {
      system += (system.empty() ? "" : "\n\n") + each.text;
    } else {
      say(each.role == Message::Role::user ? "user" : "assistant", each.text);
    }
  }
  if (question.shape) {
    say("user",
        "Answer with one JSON object and nothing else. Its JSON Schema: " + question.shape->schema);
  }
  json::Object params{{"messages", std::move(messages)},
                      {"maxTokens", question.most_output_tokens}};
  if (!system.empty()) params["systemPrompt"] = system;
  return json::dump(json::Value(std::move(params)));
}

Result<ChatReply> parse_sampling(std::string_view result) {
  const auto value = json::parse(result);
  if (!value || !value->is_object())
    return fail(Errc::invalid_args, "the client's answer is no result of sampling/createMessage");
  const json::Value* const content = json::find(*value, "content");
  std::string text = content == nullptr ? std::string() : text_of(*content);
  if (text.empty()) return fail(Errc::invalid_args, "the client's model has answered without text");
  return ChatReply{.text = std::move(text),
                   .usage = {},
                   .model = std::string(json::string_or(*value, "model", "")),
                   .is_cut = json::string_or(*value, "stopReason", "") == "maxTokens"};
}

}  // namespace hearth::packs::mandates::model
