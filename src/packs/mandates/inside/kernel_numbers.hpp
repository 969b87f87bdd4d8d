// Numbers of the kernel's interface that Debian 12's headers do not have yet. Values are those of
// the kernel's own headers (include/uapi/linux/landlock.h; arch/*/syscall tables, which agree from
// 424 on for all architectures).
#pragma once

#include <linux/landlock.h>

#include <cstdint>

namespace hearth::packs::mandates::inside {

// Landlock's rights by the version of its interface (landlock(7)): 3 truncate, 5 ioctl on devices,
// 6 scopes.
inline constexpr std::uint64_t landlock_fs_truncate = 1ULL << 14;
inline constexpr std::uint64_t landlock_fs_ioctl_dev = 1ULL << 15;
inline constexpr std::uint64_t landlock_scope_abstract_unix_socket = 1ULL << 0;
inline constexpr std::uint64_t landlock_scope_signal = 1ULL << 1;

// struct landlock_ruleset_attr as of version 6. Older kernels take its beginning, or all of it
// where the rest is 0.
struct LandlockRuleset {
  std::uint64_t handled_access_fs = 0;
  std::uint64_t handled_access_net = 0;
  std::uint64_t scoped = 0;
};

// System calls newer than libseccomp 2.5.4.
inline constexpr int syscall_fchmodat2 = 452;
inline constexpr int syscall_open_tree_attr = 467;
inline constexpr int syscall_file_setattr = 469;

}  // namespace hearth::packs::mandates::inside
