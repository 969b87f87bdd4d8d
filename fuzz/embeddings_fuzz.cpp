// Answers of embedding servers: what is taken is one finite vector of length 1 for each text, and a
// complaint says what to do.
#include <cmath>
#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <string_view>

#include "packs/knowledge/openai_wire.hpp"

namespace {

using namespace hearth::packs::knowledge;

void require(bool holds) {
  if (!holds) std::abort();
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const std::string_view body(reinterpret_cast<const char*>(data), size);
  require(openai::error_text(body).size() <= 320);
  for (const std::size_t count : {std::size_t{1}, std::size_t{2}}) {
    const auto vectors = openai::parse_embeddings(body, count);
    if (!vectors) {
      require(!vectors.error().message.empty() && !vectors.error().suggestions.empty());
      continue;
    }
    require(vectors->dimensions > 0 && vectors->values.size() == count * vectors->dimensions);
    for (std::size_t i = 0; i < count; ++i) {
      double squares = 0;
      for (std::size_t d = 0; d < vectors->dimensions; ++d) {
        const double each = vectors->values[i * vectors->dimensions + d];
        squares += each * each;
      }
      require(std::abs(squares - 1) < 1e-3);
    }
  }
  return 0;
}
