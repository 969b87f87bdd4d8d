// Socket activation: the listening socket that a service manager hands over (sd_listen_fds(3)).
#pragma once

#include <optional>

#include "base/result.hpp"
#include "base/unique_fd.hpp"

namespace hearth::app {

// Descriptor 3 if LISTEN_PID names this process and LISTEN_FDS is 1; both variables are removed
// from the environment. `invalid_args` when more than one descriptor came, or it is no listening
// Unix stream socket.
[[nodiscard]] Result<std::optional<UniqueFd>> take_handed_over_listener();

}  // namespace hearth::app
