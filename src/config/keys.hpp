// Tables of settings: a key, what it expects, and how it is taken.
#pragma once

#include <chrono>
#include <cstddef>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "base/closest.hpp"
#include "config/document.hpp"

namespace hearth::config {

// One known key of a section. `take` returns false for a value that does not fit.
template <typename Target>
struct Key {
  std::string_view name;
  std::string_view expects;  // completes "expected …"
  bool (*take)(Target& target, const RawValue& value);
};

inline constexpr std::string_view a_duration =
    "a duration such as \"30m\", \"10s\", \"500ms\" or 0";

// Readers for Key::take; nothing when the value does not fit.
[[nodiscard]] std::optional<std::chrono::milliseconds> as_duration(const RawValue& value);
[[nodiscard]] std::optional<std::size_t> as_size(const RawValue& value);
[[nodiscard]] std::optional<std::size_t> as_count(const RawValue& value);
[[nodiscard]] std::optional<bool> as_bool(const RawValue& value);
[[nodiscard]] std::optional<std::string> as_text(const RawValue& value);
[[nodiscard]] std::optional<std::vector<std::string>> as_list(const RawValue& value);

// Stores what `read` made of the value, if anything.
template <typename Field, typename Read>
bool store(Field& field, Read read) {
  if (!read) return false;
  field = std::move(*read);
  return true;
}

[[nodiscard]] std::unexpected<Error> unknown_name(const std::string& where,
                                                  std::string_view kind,
                                                  std::string_view name,
                                                  const std::vector<std::string>& known);
[[nodiscard]] std::unexpected<Error> unfit(const std::string& where,
                                           std::string_view key,
                                           std::string_view expects,
                                           const RawValue& value);

// Takes one value under a key of `keys`. `section` and `where` are for complaints.
template <typename Target>
[[nodiscard]] Result<void> take_key(std::span<const Key<Target>> keys,
                                    std::string_view section,
                                    const std::string& where,
                                    std::string_view name,
                                    const RawValue& value,
                                    Target& target) {
  const std::string full =
      section.empty() ? std::string(name) : std::string(section) + "." + std::string(name);
  for (const Key<Target>& key : keys) {
    if (key.name != name) continue;
    if (key.take(target, value)) return {};
    return unfit(where, full, key.expects, value);
  }
  std::vector<std::string> known;
  for (const Key<Target>& key : keys) known.emplace_back(key.name);
  return unknown_name(where + ": " + full, "key", name, known);
}

template <typename Target>
[[nodiscard]] Result<void> take_section(std::span<const Key<Target>> keys,
                                        std::string_view file,
                                        const Section& section,
                                        Target& target) {
  for (const Entry& entry : section.entries) {
    auto taken =
        take_key(keys, section.name, format_place(file, entry.at), entry.key, entry.value, target);
    if (!taken) return taken;
  }
  return {};
}

// The text of the file at `path`; "" when there is none.
[[nodiscard]] Result<std::string> read_optional(const std::string& path);

}  // namespace hearth::config
