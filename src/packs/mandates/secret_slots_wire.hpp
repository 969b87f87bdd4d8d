// Places in a tool's arguments that a secret fills when the tool is called: {{secret:NAME}}. What
// is decided, shown, approved and stored is the place, never what fills it. And answers of the
// pack's own tools, out of which all secrets are taken: what was kept before one was known may hold
// it.
#pragma once

#include <functional>
#include <string>
#include <string_view>

#include "base/result.hpp"
#include "pack/call.hpp"
#include "secrets/redactor.hpp"

namespace hearth::packs::mandates {

using SecretValue = std::function<Result<std::string>(std::string_view name)>;

// Only within texts, at any depth; names of members are left. Errors: those of `value_of`, and
// `invalid_args` where the arguments are no JSON.
[[nodiscard]] Result<std::string> fill_secrets(std::string_view arguments,
                                               const SecretValue& value_of);
// "{{secret:NAME}}"
[[nodiscard]] std::string secret_slot(std::string_view name);

// In an answer, or an error: within texts, at any depth, so that it stays the JSON it was.
[[nodiscard]] Result<pack::Reply> without_secrets(Result<pack::Reply> reply,
                                                  const secrets::Redactor& redactor);

}  // namespace hearth::packs::mandates
