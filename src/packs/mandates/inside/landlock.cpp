#include "packs/mandates/inside/landlock.hpp"

#include <fcntl.h>
#include <sys/prctl.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <cerrno>
#include <cstdint>

#include "base/unique_fd.hpp"
#include "packs/mandates/inside/kernel_numbers.hpp"

namespace hearth::packs::mandates::inside {
namespace {

constexpr std::uint64_t read_rights =
    LANDLOCK_ACCESS_FS_EXECUTE | LANDLOCK_ACCESS_FS_READ_FILE | LANDLOCK_ACCESS_FS_READ_DIR;
constexpr std::uint64_t rights_of_version_1 = (LANDLOCK_ACCESS_FS_MAKE_SYM << 1) - 1;

// All rights that a version knows: what is not handled is allowed.
std::uint64_t all_rights(int version) {
  std::uint64_t rights = rights_of_version_1;
  if (version >= 2) rights |= LANDLOCK_ACCESS_FS_REFER;
  if (version >= 3) rights |= landlock_fs_truncate;
  if (version >= 5) rights |= landlock_fs_ioctl_dev;
  return rights;
}

Result<void> allow(int ruleset, const std::string& path, std::uint64_t rights) {
  const UniqueFd place(::open(path.c_str(), O_PATH | O_CLOEXEC));
  if (!place.valid()) {
    if (errno == ENOENT) return {};
    return fail_errno("landlock: open " + path, errno);
  }
  struct stat status{};
  if (::fstat(place.get(), &status) != 0) return fail_errno("landlock: stat " + path, errno);
  // Rights about entries of a directory are refused for anything else.
  if (!S_ISDIR(status.st_mode)) {
    rights &= LANDLOCK_ACCESS_FS_EXECUTE | LANDLOCK_ACCESS_FS_READ_FILE |
              LANDLOCK_ACCESS_FS_WRITE_FILE | landlock_fs_truncate | landlock_fs_ioctl_dev;
  }
  landlock_path_beneath_attr rule{};
  rule.allowed_access = rights;
  rule.parent_fd = place.get();
  if (::syscall(SYS_landlock_add_rule, ruleset, LANDLOCK_RULE_PATH_BENEATH, &rule, 0) != 0)
    return fail_errno("landlock: allow " + path, errno);
  return {};
}

}  // namespace

int landlock_version() {
  const long version =
      ::syscall(SYS_landlock_create_ruleset, nullptr, 0, LANDLOCK_CREATE_RULESET_VERSION);
  return version < 0 ? 0 : static_cast<int>(version);
}

Result<void> restrict_with_landlock(const LandlockRules& rules) {
  const int version = landlock_version();
  if (version == 0) return {};
  LandlockRuleset attributes{.handled_access_fs = all_rights(version)};
  if (version >= 6) attributes.scoped = landlock_scope_abstract_unix_socket | landlock_scope_signal;
  const UniqueFd ruleset(
      static_cast<int>(::syscall(SYS_landlock_create_ruleset, &attributes, sizeof attributes, 0)));
  if (!ruleset.valid()) return fail_errno("landlock: make rules", errno);
  const std::uint64_t all = attributes.handled_access_fs;
  const std::uint64_t device_rights =
      all & (LANDLOCK_ACCESS_FS_READ_FILE | LANDLOCK_ACCESS_FS_READ_DIR |
             LANDLOCK_ACCESS_FS_WRITE_FILE | landlock_fs_truncate | landlock_fs_ioctl_dev);
  const auto allow_each = [&](const std::vector<std::string>& paths,
                              std::uint64_t rights) -> Result<void> {
    for (const std::string& path : paths) {
      if (auto done = allow(ruleset.get(), path, rights); !done) return done;
    }
    return {};
  };
  if (auto done = allow_each(rules.readable, read_rights); !done) return done;
  if (auto done = allow_each(rules.devices, device_rights); !done) return done;
  if (auto done = allow_each(rules.writable, all); !done) return done;
  if (::prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) != 0) return fail_errno("no_new_privs", errno);
  if (::syscall(SYS_landlock_restrict_self, ruleset.get(), 0) != 0)
    return fail_errno("landlock: restrict", errno);
  return {};
}

}  // namespace hearth::packs::mandates::inside
