// A TOML document as sections of plain values with their places; keeps toml++ in one source file.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.hpp"

namespace hearth::config {

struct Place {
  unsigned line = 0;
  unsigned column = 0;
};

enum class RawKind : std::uint8_t {
  text,
  integer,
  real,
  boolean,
  list,   // of scalars
  table,  // an empty one; of others the entries are ours
  other,  // dates, and lists of lists or tables
  typed,  // text typed by a person outside TOML: may mean any of the above
};

struct RawValue {
  RawKind kind = RawKind::other;
  std::string text;                // scalars, as written or canonical
  std::vector<std::string> items;  // of a list
  bool all_text = true;            // every item is a TOML string
};

// "integer 5", "list", for complaints.
[[nodiscard]] std::string describe(const RawValue& value);

struct Entry {
  std::string key;  // dotted below the section: "embedder.model"
  Place at;
  RawValue value;
};

// A top-level table; the section "" holds the document's top-level values. Both in file order.
struct Section {
  std::string name;
  Place at;
  std::vector<Entry> entries;
};

// `invalid_args` with file, line and column for what is no TOML.
[[nodiscard]] Result<std::vector<Section>> parse_document(std::string_view text,
                                                          std::string_view file);

// "config.toml:3:1".
[[nodiscard]] std::string format_place(std::string_view file, Place at);

}  // namespace hearth::config
