// The languages whose files have symbols, by extension.
#pragma once

#include <cstdint>
#include <optional>
#include <string_view>

namespace hearth::packs::issues {

enum class Language : std::uint8_t {
  c,
  cpp,
  elixir,
  go,
  java,
  javascript,
  python,
  ruby,
  rust,
  typescript,
  typescriptreact,
};
inline constexpr int language_count = 11;

// By the extension, in lower case as it stands; nothing for files of other kinds.
[[nodiscard]] std::optional<Language> language_of_path(std::string_view path);
// The word in the log: "rust", "cpp", "typescriptreact" …
[[nodiscard]] std::string_view language_name(Language language);
[[nodiscard]] std::optional<Language> language_from_name(std::string_view name);

}  // namespace hearth::packs::issues
