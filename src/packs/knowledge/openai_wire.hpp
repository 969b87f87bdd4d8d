// The JSON of OpenAI's embeddings API, as its own servers and the many that follow it write it.
#pragma once

#include <cstdint>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.hpp"

namespace hearth::packs::knowledge::openai {

// The body of a request. 0 dimensions: as many as the model has.
[[nodiscard]] std::string embeddings_request(std::string_view model,
                                             std::uint32_t dimensions,
                                             std::span<const std::string_view> texts);

struct Vectors {
  std::uint32_t dimensions = 0;
  std::vector<float> values;  // of length 1 each, in the order of the texts
};

// Reads the answer to `count` texts: numbers or base64, in any order. `unavailable` with what is
// wrong with it when that is not one usable vector for each.
[[nodiscard]] Result<Vectors> parse_embeddings(std::string_view body, std::size_t count);

// What an error answer says, at most 300 bytes; empty when it says nothing readable.
[[nodiscard]] std::string error_text(std::string_view body);

}  // namespace hearth::packs::knowledge::openai
