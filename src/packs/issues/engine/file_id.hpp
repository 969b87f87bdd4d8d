// Which file lies at a path, to tell whether it is still the one that lay there before.
#pragma once

#include <cstdint>
#include <optional>
#include <string>

namespace hearth::packs::issues {

struct FileId {
  std::uint64_t device = 0;
  std::uint64_t inode = 0;
  std::int64_t born_ns = 0;  // numbers of files are given again; 0 where nobody notes it
  bool operator==(const FileId&) const = default;
};
// Nothing when there is none. Follows links.
[[nodiscard]] std::optional<FileId> file_id(const std::string& path);

}  // namespace hearth::packs::issues
