// Any bytes as source of any language: parsed without harm, and what is found lies within the file,
// in order.
#include <algorithm>
#include <chrono>
#include <cstdint>
#include <cstdlib>
#include <string_view>

#include "packs/issues/engine/symbols/extract.hpp"
#include "packs/issues/engine/symbols/summary.hpp"

namespace {

using namespace hearth::packs::issues;

void require(bool holds) {
  if (!holds) std::abort();
}

void check(Language language, std::string_view text) {
  const auto symbols = extract_symbols(
      language, text, {.deadline = std::chrono::steady_clock::now() + std::chrono::seconds(1)});
  if (!symbols) return;
  const auto lines = 1 + static_cast<std::uint32_t>(std::ranges::count(text, '\n'));
  std::uint32_t line = 1;
  for (const Symbol& symbol : *symbols) {
    require(line <= symbol.line_start);
    line = symbol.line_start;
    require(symbol.line_start <= symbol.line_end && symbol.line_end <= lines);
    require(!symbol.kind.empty() && text.find(symbol.name) != std::string_view::npos);
  }
  require(!summary_of("a/b.c", language, *symbols).empty());
}

}  // namespace

// The first byte names the language.
extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  if (size == 0) return 0;
  const std::string_view text(reinterpret_cast<const char*>(data) + 1,
                              std::min<std::size_t>(size - 1, 4096));
  check(static_cast<Language>(data[0] % language_count), text);
  return 0;
}
