// The seccomp filter of sandboxed commands.
//
// It refuses what no build, test or text tool needs and what exploits of the kernel start from:
// namespaces, mounts, tracing, keys, BPF, io_uring, modules, clocks; sockets that leave the network
// namespace (AF_VSOCK reaches the machine's host), that speak to the kernel or to whoever listens
// in the workspace (AF_UNIX, but for pairs); memory that no watchdog can count (memfd, System V
// segments and semaphores); what changes the watchdog itself, process 1; and files that run with
// their owner's rights (set-user-ID, set-group-ID). A list of refusals, not of permissions: the
// walls are the namespaces, the mounts and Landlock, and a list of all that some program may want
// breaks with every C library. What it refuses fails with EPERM, or with ENOSYS where programs fall
// back on something older then. System calls of other architectures kill the process.
#pragma once

#include "base/result.hpp"

namespace hearth::packs::mandates::inside {

// For this thread and what it starts; sets no_new_privs. There is no way back.
[[nodiscard]] Result<void> install_system_call_filter();

}  // namespace hearth::packs::mandates::inside
