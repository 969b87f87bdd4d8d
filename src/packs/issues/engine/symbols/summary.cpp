#include "packs/issues/engine/symbols/summary.hpp"

#include <algorithm>

namespace hearth::packs::issues {
namespace {

constexpr std::size_t named_types = 3;

bool is_type(const Symbol& symbol) {
  return symbol.kind == "struct" || symbol.kind == "class" || symbol.kind == "interface";
}

bool is_function(const Symbol& symbol) {
  return symbol.kind == "function" || symbol.kind == "method";
}

std::string types_of(std::span<const Symbol> symbols) {
  std::string text;
  std::size_t count = 0;
  for (const Symbol& symbol : symbols) {
    if (!is_type(symbol) || ++count > named_types) continue;
    text.append(count == 1 ? "defines " : ", ").append(symbol.name);
  }
  if (count > named_types) text.append(" (+" + std::to_string(count - named_types) + " more)");
  return text;
}

}  // namespace

std::string summary_of(std::string_view path, Language language, std::span<const Symbol> symbols) {
  const std::string shown(
      language_name(language == Language::typescriptreact ? Language::typescript : language));
  if (symbols.empty()) return shown + " file";
  std::string text = types_of(symbols);
  if (const auto functions = std::ranges::count_if(symbols, is_function); functions > 0) {
    text.append(text.empty() ? "" : "; ").append(std::to_string(functions)).append(" functions");
  }
  if (!text.empty()) return text;
  return std::string(path.substr(path.rfind('/') + 1)) + " (" + shown + ")";
}

}  // namespace hearth::packs::issues
