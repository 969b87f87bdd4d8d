// An answer in the form that was asked for, from whatever has a language model.
#pragma once

#include <functional>

#include "base/result.hpp"
#include "packs/mandates/model/chat.hpp"
#include "packs/mandates/model/chat_wire.hpp"
#include "secrets/redactor.hpp"

namespace hearth::packs::mandates::model {

// Called once, and once more when the first answer does not fit: with that answer and what is wrong
// with it. Errors: those of `send`, and `unavailable` when the second one does not fit either.
using Send = std::function<Result<ChatReply>(const Question&)>;
[[nodiscard]] Result<Answer> ask_shaped(const Question& question,
                                        const secrets::Redactor& redactor,
                                        const Send& send);

// The same messages without what the redactor knows.
[[nodiscard]] Question redacted(Question question, const secrets::Redactor& redactor);

}  // namespace hearth::packs::mandates::model
