#include "packs/sql/duckdb/confinement.hpp"

#include <fcntl.h>
#include <linux/landlock.h>
#include <sched.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <cerrno>

#include "base/unique_fd.hpp"

// Debian 12's header knows the first versions only; these are of linux/landlock.h of Linux 6.12.
#ifndef LANDLOCK_ACCESS_FS_REFER
#define LANDLOCK_ACCESS_FS_REFER (1ULL << 13)
#endif
#ifndef LANDLOCK_ACCESS_FS_TRUNCATE
#define LANDLOCK_ACCESS_FS_TRUNCATE (1ULL << 14)
#endif
#ifndef LANDLOCK_ACCESS_FS_IOCTL_DEV
#define LANDLOCK_ACCESS_FS_IOCTL_DEV (1ULL << 15)
#endif

namespace hearth::packs::sql::duckdb {
namespace {

struct Ruleset {  // landlock_ruleset_attr of ABI 6
  std::uint64_t files = 0;
  std::uint64_t network = 0;
  std::uint64_t scoped = 0;
};

constexpr std::uint64_t bind_and_connect = 3;  // LANDLOCK_ACCESS_NET_BIND_TCP, …_CONNECT_TCP
constexpr std::uint64_t abstract_sockets_signals = 3;  // LANDLOCK_SCOPE_…
constexpr std::uint64_t reading = LANDLOCK_ACCESS_FS_READ_FILE | LANDLOCK_ACCESS_FS_READ_DIR;

long landlock_abi() {
  static const long abi = ::syscall(SYS_landlock_create_ruleset, nullptr, 0, 1U);
  return abi;
}

std::uint64_t all_files(long abi) {
  std::uint64_t all = (LANDLOCK_ACCESS_FS_MAKE_SYM << 1) - 1;
  if (abi >= 2) all |= LANDLOCK_ACCESS_FS_REFER;
  if (abi >= 3) all |= LANDLOCK_ACCESS_FS_TRUNCATE;
  if (abi >= 5) all |= LANDLOCK_ACCESS_FS_IOCTL_DEV;
  return all;
}

std::uint64_t writing(long abi) {
  std::uint64_t some = LANDLOCK_ACCESS_FS_READ_FILE | LANDLOCK_ACCESS_FS_WRITE_FILE |
                       LANDLOCK_ACCESS_FS_REMOVE_FILE | LANDLOCK_ACCESS_FS_REMOVE_DIR |
                       LANDLOCK_ACCESS_FS_MAKE_REG | LANDLOCK_ACCESS_FS_MAKE_DIR;
  if (abi >= 3) some |= LANDLOCK_ACCESS_FS_TRUNCATE;
  return some;
}

Result<void> allow(int ruleset, const std::string& directory, std::uint64_t what) {
  const UniqueFd fd(::open(directory.c_str(), O_PATH | O_DIRECTORY | O_CLOEXEC));
  if (!fd.valid()) return {};
  landlock_path_beneath_attr rule{};
  rule.allowed_access = what;
  rule.parent_fd = fd.get();
  if (::syscall(SYS_landlock_add_rule, ruleset, LANDLOCK_RULE_PATH_BENEATH, &rule, 0U) != 0) {
    return fail_errno("confine to " + directory, errno);
  }
  return {};
}

}  // namespace

Result<void> confine_this_thread(const Confinement& to) {
  // A working directory of the thread's own, which the threads it starts share.
  if (::unshare(CLONE_FS) != 0) return fail_errno("leave the shared working directory", errno);
  if (to.start.empty() || ::chdir(to.start.c_str()) != 0) (void)!::chdir("/");
  const long abi = landlock_abi();
  if (abi < 1) return {};
  Ruleset rules{.files = all_files(abi),
                .network = abi >= 4 ? bind_and_connect : 0,
                .scoped = abi >= 6 ? abstract_sockets_signals : 0};
  const std::size_t size = abi >= 6 ? sizeof rules : abi >= 4 ? 16 : 8;
  const UniqueFd ruleset(
      static_cast<int>(::syscall(SYS_landlock_create_ruleset, &rules, size, 0U)));
  if (!ruleset.valid()) return fail_errno("make a Landlock ruleset", errno);
  for (const std::string& each : to.readable) {
    if (auto done = allow(ruleset.get(), each, reading); !done) return done;
  }
  for (const std::string& each : to.writable) {
    if (auto done = allow(ruleset.get(), each, writing(abi)); !done) return done;
    const std::string own = each + "/" + std::string(spill_directory);
    if (auto done = allow(ruleset.get(), own, LANDLOCK_ACCESS_FS_READ_DIR); !done) return done;
  }
  if (::prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) != 0 ||
      ::syscall(SYS_landlock_restrict_self, ruleset.get(), 0U) != 0) {
    return fail_errno("restrict a thread", errno);
  }
  return {};
}

bool is_confined_by_kernel() {
  return landlock_abi() >= 1;
}

std::vector<std::string> confinement_notes() {
  const long abi = landlock_abi();
  if (abi < 1) {
    return {
        "this kernel has no Landlock: files are confined by DuckDB alone, which follows "
        "symbolic links"};
  }
  if (abi < 4) return {"this kernel's Landlock does not confine the network"};
  return {};
}

}  // namespace hearth::packs::sql::duckdb
