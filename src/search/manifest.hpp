// Which files make up an index: a short text file, replaced by rename.
//
// docs/formats/manifest.md has the grammar. The manifest is the index: a file it does not name is
// no part of it, and one that it names is complete and on disk.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.hpp"

namespace hearth::search {

struct Manifest {
  struct Entry {
    std::uint64_t generation = 0;  // the number in its file's name
    std::uint64_t tombstones = 0;  // of the file that says which of its documents are gone; 0: none
    friend bool operator==(const Entry&, const Entry&) = default;
  };
  std::string schema;          // what the index was made with; another one makes another index
  std::uint64_t sequence = 0;  // all changes up to this one are in the files
  std::vector<Entry> entries;
  friend bool operator==(const Manifest&, const Manifest&) = default;
};

[[nodiscard]] std::string print(const Manifest& manifest);
// `damaged` with the line that is, `unsupported` for a newer version.
[[nodiscard]] Result<Manifest> parse_manifest(std::string_view text);

}  // namespace hearth::search
