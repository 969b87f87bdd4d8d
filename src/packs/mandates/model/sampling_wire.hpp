// The JSON of MCP's sampling/createMessage: the same question to a client's own model.
#pragma once

#include <string>
#include <string_view>

#include "base/result.hpp"
#include "packs/mandates/model/chat.hpp"
#include "packs/mandates/model/chat_wire.hpp"

namespace hearth::packs::mandates::model {

// CreateMessageRequest's params. Its clients know no shapes: that is asked for in words.
[[nodiscard]] std::string sampling_params(const Question& question);
// Of a CreateMessageResult; `invalid_args` when it is none, or has no text.
[[nodiscard]] Result<ChatReply> parse_sampling(std::string_view result);

}  // namespace hearth::packs::mandates::model
