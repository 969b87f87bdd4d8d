#include "packs/issues/engine/file_id.hpp"

#include <fcntl.h>
#include <sys/stat.h>

namespace hearth::packs::issues {

std::optional<FileId> file_id(const std::string& path) {
  struct statx found{};
  if (::statx(AT_FDCWD, path.c_str(), 0, STATX_INO | STATX_BTIME, &found) != 0) return std::nullopt;
  FileId id{.device = (std::uint64_t{found.stx_dev_major} << 32) | found.stx_dev_minor,
            .inode = found.stx_ino};
  if ((found.stx_mask & STATX_BTIME) != 0) {
    id.born_ns = found.stx_btime.tv_sec * 1'000'000'000 + found.stx_btime.tv_nsec;
  }
  return id;
}

}  // namespace hearth::packs::issues
