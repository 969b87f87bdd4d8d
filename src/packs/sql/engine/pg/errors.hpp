// What SQLSTATEs mean to callers.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "base/result.hpp"

namespace hearth::packs::sql::pg {

// The code for a SQLSTATE (PostgreSQL's documentation, appendix A); hyperd uses the same ones, and
// 53S01 for its time limit.
[[nodiscard]] Errc code_of(std::string_view sqlstate);

// What a caller can do about it, besides what the server hints at.
[[nodiscard]] std::vector<std::string> advice_for(std::string_view sqlstate);

// The name that a message of "undefined table" or "undefined column" is about: what it quotes
// first. Empty when it quotes nothing.
[[nodiscard]] std::string_view quoted_name(std::string_view message);

}  // namespace hearth::packs::sql::pg
