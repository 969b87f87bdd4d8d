#include "packs/issues/engine/symbols/language.hpp"

#include <algorithm>
#include <array>
#include <utility>

namespace hearth::packs::issues {
namespace {

// In the order of the enumerators.
constexpr std::array<std::string_view, language_count> names{
    "c",      "cpp",  "elixir", "go",         "java",           "javascript",
    "python", "ruby", "rust",   "typescript", "typescriptreact"};

constexpr auto extensions = std::to_array<std::pair<std::string_view, Language>>({
    {"c", Language::c},
    {"cc", Language::cpp},
    {"cpp", Language::cpp},
    {"cxx", Language::cpp},
    {"ex", Language::elixir},
    {"exs", Language::elixir},
    {"go", Language::go},
    {"h", Language::c},
    {"hpp", Language::cpp},
    {"java", Language::java},
    {"js", Language::javascript},
    {"jsx", Language::javascript},
    {"py", Language::python},
    {"rb", Language::ruby},
    {"rs", Language::rust},
    {"ts", Language::typescript},
    {"tsx", Language::typescriptreact},
});

}  // namespace

std::optional<Language> language_of_path(std::string_view path) {
  const std::string_view file = path.substr(path.rfind('/') + 1);
  const std::size_t dot = file.rfind('.');
  if (dot == std::string_view::npos || dot == 0) return std::nullopt;  // ".c" is a hidden file
  const auto* found =
      std::ranges::find(extensions, file.substr(dot + 1), &decltype(extensions)::value_type::first);
  if (found == extensions.end()) return std::nullopt;
  return found->second;
}

std::string_view language_name(Language language) {
  return names[static_cast<std::size_t>(std::to_underlying(language))];
}

std::optional<Language> language_from_name(std::string_view name) {
  const auto* found = std::ranges::find(names, name);
  if (found == names.end()) return std::nullopt;
  return static_cast<Language>(found - names.begin());
}

}  // namespace hearth::packs::issues
