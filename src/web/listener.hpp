// A TCP socket that only this machine can reach.
#pragma once

#include <cstdint>
#include <string>

#include "base/result.hpp"
#include "base/unique_fd.hpp"

namespace hearth::web {

struct Listener {
  UniqueFd socket;  // non-blocking
  std::uint16_t port = 0;
};

// `invalid_args` for an address that is not loopback, `busy` for a port that is taken.
[[nodiscard]] Result<Listener> listen_loopback(const std::string& address, std::uint16_t port);

// The same on the port that the file at `path` remembers, if that is free, else on any; remembers
// that one. So the address in a client's configuration stays good.
[[nodiscard]] Result<Listener> listen_as_last_time(const std::string& address,
                                                   const std::string& path);

}  // namespace hearth::web
