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

// Why a server refused a connection: its SQLSTATE, and what libpq's message (PQERRORS_VERBOSE) says
// without it and without the place in the server's source. libpq has the SQLSTATE nowhere else, and
// the words are in the server's language. Without one they are libpq's own.
struct Refusal {
  std::string sqlstate;
  std::string message;
};
[[nodiscard]] Refusal refusal_of(std::string_view verbose);

// What a caller can do about it, besides what the server hints at.
[[nodiscard]] std::vector<std::string> advice_for(std::string_view sqlstate);

// The name that a message of "undefined table" or "undefined column" is about: what it quotes
// first. Empty when it quotes nothing.
[[nodiscard]] std::string_view quoted_name(std::string_view message);

}  // namespace hearth::packs::sql::pg
