#include "packs/mandates/sandbox/real_path.hpp"

#include <fcntl.h>
#include <linux/openat2.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <cstdint>

namespace hearth::packs::mandates::sandbox {

Result<UniqueFd> open_real(const std::string& path, int flags) {
  open_how how{};
  how.flags = static_cast<std::uint64_t>(static_cast<unsigned>(O_PATH | O_CLOEXEC | flags));
  how.resolve = RESOLVE_NO_SYMLINKS | RESOLVE_NO_MAGICLINKS;
  UniqueFd opened(
      static_cast<int>(::syscall(SYS_openat2, AT_FDCWD, path.c_str(), &how, sizeof how)));
  if (opened.valid()) return opened;
  if (errno == ELOOP)
    return fail(
        Errc::permission, path + " leads through a symbolic link",
        {"name it by its real path; what was a directory may have been replaced by a link"});
  return fail_errno(path, errno);
}

Result<std::string> real_path_of(int file) {
  std::array<char, 4'096> path{};
  const std::string link = "/proc/self/fd/" + std::to_string(file);
  const ssize_t size = ::readlink(link.c_str(), path.data(), path.size());
  if (size < 0) return fail_errno("read " + link, errno);
  return std::string(path.data(), static_cast<std::size_t>(size));
}

}  // namespace hearth::packs::mandates::sandbox
