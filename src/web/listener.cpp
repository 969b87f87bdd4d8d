#include "web/listener.hpp"

#include <arpa/inet.h>
#include <netinet/in.h>
#include <sys/socket.h>

#include <cerrno>
#include <charconv>
#include <cstring>
#include <utility>

#include "base/log.hpp"
#include "base/regular_file.hpp"
#include "store/atomic_file.hpp"

namespace hearth::web {
namespace {

union Address {
  sockaddr any;
  sockaddr_in v4;
  sockaddr_in6 v6;
};

// Zero bytes for what is no loopback address.
socklen_t fill(Address& to, const std::string& address, std::uint16_t port) {
  std::memset(&to, 0, sizeof to);
  if (::inet_pton(AF_INET, address.c_str(), &to.v4.sin_addr) == 1) {
    to.v4.sin_family = AF_INET;
    to.v4.sin_port = htons(port);
    const bool is_loopback = ntohl(to.v4.sin_addr.s_addr) >> 24U == IN_LOOPBACKNET;
    return is_loopback ? sizeof to.v4 : 0;
  }
  std::memset(&to, 0, sizeof to);
  if (::inet_pton(AF_INET6, address.c_str(), &to.v6.sin6_addr) != 1) return 0;
  to.v6.sin6_family = AF_INET6;
  to.v6.sin6_port = htons(port);
  return IN6_IS_ADDR_LOOPBACK(&to.v6.sin6_addr) ? sizeof to.v6 : 0;
}

std::uint16_t port_of(int socket) {
  Address bound{};
  socklen_t size = sizeof bound;
  if (::getsockname(socket, &bound.any, &size) != 0) return 0;
  return ntohs(bound.any.sa_family == AF_INET ? bound.v4.sin_port : bound.v6.sin6_port);
}

}  // namespace

Result<Listener> listen_loopback(const std::string& address, std::uint16_t port) {
  Address to{};
  const socklen_t size = fill(to, address, port);
  if (size == 0) {
    return fail(Errc::invalid_args, "HTTP serves this machine only, not " + address,
                {"use 127.0.0.1 or ::1 as address in [http] of config.toml",
                 "let a tunnel such as ssh -L carry it to another machine"});
  }
  UniqueFd socket(
      ::socket(to.any.sa_family, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, IPPROTO_TCP));
  const int on = 1;
  const bool is_bound =
      socket.valid() && ::setsockopt(socket.get(), SOL_SOCKET, SO_REUSEADDR, &on, sizeof on) == 0 &&
      ::bind(socket.get(), &to.any, size) == 0 && ::listen(socket.get(), SOMAXCONN) == 0;
  if (is_bound) {
    const std::uint16_t bound = port_of(socket.get());
    return Listener{std::move(socket), bound};
  }
  const int failure = errno;
  const std::string where = address + ", port " + std::to_string(port);
  if (failure != EADDRINUSE) return fail_errno("listen for HTTP on " + where, failure);
  return fail(Errc::busy, "another program listens on " + where,
              {"choose another port in [http] of config.toml, or with --http=PORT",
               "leave the port out: then a free one is taken"});
}

Result<Listener> listen_as_last_time(const std::string& address, const std::string& path) {
  std::uint16_t last = 0;
  if (const auto text = read_head(path, 16))
    std::from_chars(text->data(), text->data() + text->size(), last);
  if (last != 0) {
    if (auto again = listen_loopback(address, last); again || again.error().code != Errc::busy)
      return again;
  }
  auto listener = listen_loopback(address, 0);
  if (!listener) return listener;
  auto written = store::replace_file(path, std::to_string(listener->port) + "\n");
  if (!written)
    log::warning("cannot remember the HTTP port", {log::kv("error", written.error().message)});
  return listener;
}

}  // namespace hearth::web
