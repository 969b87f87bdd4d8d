// Whether a path still names the file that was opened under it.
#pragma once

#include <sys/stat.h>

#include <optional>
#include <string>

namespace hearth::packs::sql {

struct FileIdentity {
  dev_t device = 0;
  ino_t inode = 0;
  bool operator==(const FileIdentity&) const = default;
};

// Nothing where there is no file. Follows symbolic links, as those who open it do.
[[nodiscard]] inline std::optional<FileIdentity> identity_at(const std::string& path) {
  struct ::stat status{};
  if (::stat(path.c_str(), &status) != 0) return std::nullopt;
  return FileIdentity{status.st_dev, status.st_ino};
}

}  // namespace hearth::packs::sql
