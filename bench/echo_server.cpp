// The floor of every exchange over a Unix socket: reads what comes and writes it back. One thread,
// level-triggered epoll, no framing.
//
// usage: bench_echo_server SOCKET
#include <sys/epoll.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <cstring>

#include "support.hpp"

namespace hearth::bench {
namespace {

int listen_on(const std::string& path) {
  sockaddr_un address{};
  address.sun_family = AF_UNIX;
  if (path.size() >= sizeof address.sun_path) die("socket path too long: " + path);
  std::memcpy(address.sun_path, path.data(), path.size());
  const int fd = ::socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
  const auto* generic = reinterpret_cast<const sockaddr*>(&address);
  if (::bind(fd, generic, sizeof address) != 0) die("bind " + path, errno);
  if (::listen(fd, SOMAXCONN) != 0) die("listen", errno);
  return fd;
}

void watch(int poller, int fd) {
  epoll_event event{EPOLLIN, {.fd = fd}};
  if (::epoll_ctl(poller, EPOLL_CTL_ADD, fd, &event) != 0) die("epoll_ctl", errno);
}

void echo(int fd) {
  std::array<char, 65536> chunk;
  const ssize_t got = ::read(fd, chunk.data(), chunk.size());
  const auto size = static_cast<std::size_t>(got > 0 ? got : 0);
  // Requests are small: an answer that does not fit at once has nobody who reads it.
  if (size == 0 || ::send(fd, chunk.data(), size, MSG_NOSIGNAL) != got) ::close(fd);
}

[[noreturn]] void serve(const std::string& path) {
  const int listener = listen_on(path);
  const int poller = ::epoll_create1(EPOLL_CLOEXEC);
  watch(poller, listener);
  std::array<epoll_event, 512> events;
  for (;;) {
    const int count = ::epoll_wait(poller, events.data(), static_cast<int>(events.size()), -1);
    for (int i = 0; i < count; ++i) {
      const int fd = events[static_cast<std::size_t>(i)].data.fd;
      if (fd != listener) {
        echo(fd);
      } else if (const int peer = ::accept(listener, nullptr, nullptr); peer >= 0) {
        watch(poller, peer);
      }
    }
  }
}

}  // namespace
}  // namespace hearth::bench

int main(int argc, char** argv) {
  if (argc != 2) hearth::bench::die("usage: bench_echo_server SOCKET");
  hearth::bench::serve(argv[1]);
}
