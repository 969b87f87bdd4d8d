#include "app/listen_fds.hpp"

#include <fcntl.h>
#include <sys/socket.h>
#include <unistd.h>

#include <cstdlib>
#include <string>

namespace hearth::app {
namespace {

constexpr int first_fd = 3;  // SD_LISTEN_FDS_START

int socket_option(int name) {
  int value = -1;
  socklen_t size = sizeof value;
  return ::getsockopt(first_fd, SOL_SOCKET, name, &value, &size) == 0 ? value : -1;
}

}  // namespace

Result<std::optional<UniqueFd>> take_handed_over_listener() {
  const char* pid = std::getenv("LISTEN_PID");
  const char* count = std::getenv("LISTEN_FDS");
  const bool is_for_us = pid != nullptr && count != nullptr && pid == std::to_string(::getpid());
  const std::string fds = is_for_us ? count : "0";
  for (const char* name : {"LISTEN_PID", "LISTEN_FDS", "LISTEN_FDNAMES"}) ::unsetenv(name);
  if (fds == "0") return std::nullopt;
  const bool is_good = fds == "1" && socket_option(SO_DOMAIN) == AF_UNIX &&
                       socket_option(SO_TYPE) == SOCK_STREAM && socket_option(SO_ACCEPTCONN) == 1;
  if (!is_good) {
    return fail(Errc::invalid_args,
                "socket activation handed over " + fds +
                    " descriptors; expected one listening Unix stream socket",
                {"see packaging/systemd/hearthd.socket"});
  }
  UniqueFd listener(first_fd);
  ::fcntl(listener.get(), F_SETFD, FD_CLOEXEC);
  ::fcntl(listener.get(), F_SETFL, ::fcntl(listener.get(), F_GETFL) | O_NONBLOCK);
  return std::optional(std::move(listener));
}

}  // namespace hearth::app
