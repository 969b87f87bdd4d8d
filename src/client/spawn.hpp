// Starting hearthd: detached for everybody, or private for one client.
#pragma once

#include <string>
#include <vector>

#include "base/clock.hpp"
#include "base/result.hpp"
#include "base/unique_fd.hpp"
#include "client/client.hpp"

namespace hearth::client {

// The hearthd to start: the newest one that has opened these stores if it is newer than this
// program and still there, else the configured one, else the one beside this program. `unavailable`
// when there is none.
[[nodiscard]] Result<std::string> find_daemon_binary(const Options& options);

// Starts a shared daemon, detached (own session, standard streams to the log), and waits until it
// serves. The error is the daemon's own, from its readiness pipe; `timed_out` when it says nothing
// until the deadline.
[[nodiscard]] Result<void> spawn_shared(const Options& options, MonotonicTime deadline);

// Starts a private daemon and returns our end of its socket. It leaves when that is closed.
[[nodiscard]] Result<UniqueFd> spawn_private(const Options& options, MonotonicTime deadline);

}  // namespace hearth::client
