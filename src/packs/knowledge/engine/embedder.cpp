#include "packs/knowledge/engine/embedder.hpp"

#include "packs/knowledge/engine/entry.hpp"

namespace hearth::packs::knowledge {
namespace {

constexpr std::size_t most_embedded_bytes = 8192;

}  // namespace

std::string embedded_text(std::string_view title, std::string_view text) {
  std::string all(title);
  return all.append("\n").append(utf8_prefix(text, most_embedded_bytes));
}

}  // namespace hearth::packs::knowledge
