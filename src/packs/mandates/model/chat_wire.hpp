// The JSON of OpenAI's chat completions API, as its own servers and the many that follow it write
// it.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "base/result.hpp"
#include "packs/mandates/model/chat.hpp"

namespace hearth::packs::mandates::model {

// How a server is asked to keep to a shape.
enum class ShapeMode : std::uint8_t {
  json_schema,  // response_format
  tool,         // a call of the one tool that is offered
  prompt,       // a sentence in the prompt: for servers that know neither
};

[[nodiscard]] std::string chat_request(std::string_view model,
                                       const Question& question,
                                       ShapeMode mode);

struct ChatReply {
  std::string text;  // the content, or the arguments of the tool's call
  std::optional<Usage> usage;
  std::string model;
  bool is_cut = false;  // at most_output_tokens
};

// `unavailable` when the body is no answer, or the model refuses.
[[nodiscard]] Result<ChatReply> parse_chat(std::string_view body,
                                           const std::optional<Shape>& shape);

// The answer as the compact text of one JSON object that passes the check. A fence of Markdown
// around all of it is taken off. `invalid_args` says what is wrong, for the model to read.
[[nodiscard]] Result<std::string> shaped(const ChatReply& reply, const Shape& shape);

// What an error answer says, at most 300 bytes; empty when it says nothing readable.
[[nodiscard]] std::string error_text(std::string_view body);

}  // namespace hearth::packs::mandates::model
