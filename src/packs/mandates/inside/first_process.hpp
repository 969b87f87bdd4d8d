// The first process of a sandbox: process 1 of its PID namespace.
//
// Bubblewrap has built the walls of namespaces and mounts and executes this program. It starts the
// command behind the walls that a process can only build around itself (resource limits, Landlock,
// seccomp), looks after what all its processes use together, and reaps orphans. Its own end is the
// end of every other process in the namespace: the kernel kills them, and it is not seen as ended
// before they are. It ends when the command does, when a limit is passed, or when the daemon closes
// the control socket or dies.
#pragma once

#include "packs/mandates/inside/order.hpp"

namespace hearth::packs::mandates::inside {

// Returns the status to exit with; the report has been sent.
[[nodiscard]] int run_first_process(const Order& order);

}  // namespace hearth::packs::mandates::inside
