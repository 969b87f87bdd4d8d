// Brings connections to a port of the sandbox's own loopback to a Unix socket: curl, git and their
// kin speak to a proxy only over TCP, and the one that hearth runs lies outside of the sandbox's
// network.
#pragma once

#include <poll.h>

#include <array>
#include <cstdint>
#include <list>
#include <string>
#include <vector>

#include "base/result.hpp"
#include "base/unique_fd.hpp"

namespace hearth::packs::mandates::inside {

// One thread; its owner polls.
class Relay final {
 public:
  [[nodiscard]] static Result<Relay> open(std::uint16_t port, std::string socket);
  void add_to(std::vector<pollfd>& entries) const;
  // With the same entries after poll(2), from the first of ours on.
  void serve(const pollfd* entries);

 private:
  // A connection: what was read of one end and not yet written to the other.
  struct Link {
    std::array<UniqueFd, 2> ends;
    std::array<std::string, 2> pending;
    std::array<bool, 2> is_ended{};
    [[nodiscard]] short wanted(std::size_t end) const;
    [[nodiscard]] bool pump(std::size_t from, short events);  // false: it is broken
    [[nodiscard]] bool is_over() const;
  };
  Relay(UniqueFd listener, std::string socket);
  void accept();

  UniqueFd listener_;
  std::string socket_;
  std::list<Link> links_;
};

}  // namespace hearth::packs::mandates::inside
