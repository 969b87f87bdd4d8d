// The JSON of the log's own small files: meta.json, lock.json, snapshot.json.
//
// The engine knows no JSON library; these files are a few flat members that grite's readers and
// ours agree on, and their bytes are part of git's object ids. So they are written here byte for
// byte, and read by a parser of a page that knows all of JSON, within bounds.
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

#include "base/result.hpp"

namespace hearth::packs::issues {

struct SmallJson {
  enum class Kind : std::uint8_t { scalar, array, object };
  Kind kind = Kind::scalar;
  // null, a truth, a whole number (others are read as their text), a text.
  std::variant<std::nullptr_t, bool, std::uint64_t, std::string> scalar = nullptr;
  std::vector<std::string> names;  // of an object's members
  std::vector<SmallJson> items;    // of an array, or the members' values

  // Members of an object by name; nothing when it is none, or they are of another kind.
  [[nodiscard]] const SmallJson* find(std::string_view name) const;
  [[nodiscard]] const std::vector<SmallJson>* array(std::string_view name) const;
  [[nodiscard]] const std::string* text(std::string_view name) const;
  [[nodiscard]] std::optional<std::uint64_t> number(std::string_view name) const;
};

// At most 16 levels deep, nothing after it. `damaged` with the byte.
[[nodiscard]] Result<SmallJson> parse_small_json(std::string_view text);
// With its quotes; control characters escaped as serde_json does.
void append_json_text(std::string& out, std::string_view text);

}  // namespace hearth::packs::issues
