#include "ipc/socket.hpp"

#include <fcntl.h>
#include <poll.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>

#include <algorithm>
#include <cerrno>
#include <cstring>
#include <thread>

namespace hearth::ipc {
namespace {

Result<sockaddr_un> address_of(const std::string& path) {
  sockaddr_un address{};
  address.sun_family = AF_UNIX;
  if (path.size() >= sizeof address.sun_path) {
    return fail(Errc::invalid_args,
                "socket path of " + std::to_string(path.size()) + " bytes is too long: " + path,
                {"set HEARTH_HOME to a shorter path"});
  }
  std::memcpy(address.sun_path, path.data(), path.size());
  return address;
}

Result<UniqueFd> make_socket(int flags) {
  UniqueFd fd(::socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | flags, 0));
  if (!fd.valid()) return fail_errno("socket", errno);
  return fd;
}

// Waits until `fd` is ready for `events`; false at the deadline.
bool wait_ready(int fd, short events, MonotonicTime deadline) {
  for (;;) {
    pollfd entry{fd, events, 0};
    const int ready = ::poll(&entry, 1, poll_timeout(deadline));
    if (ready > 0) return true;
    if (ready == 0 && std::chrono::steady_clock::now() >= deadline) return false;
    if (ready < 0 && errno != EINTR) return true;  // the next system call will say what is wrong
  }
}

}  // namespace

int poll_timeout(MonotonicTime deadline) {
  const auto left =
      std::chrono::ceil<std::chrono::milliseconds>(deadline - std::chrono::steady_clock::now());
  return static_cast<int>(std::clamp<std::int64_t>(left.count(), 0, 3'600'000));
}

Result<UniqueFd> connect_unix(const std::string& path, MonotonicTime deadline) {
  const auto address = address_of(path);
  if (!address) return std::unexpected(address.error());
  // A non-blocking Unix socket answers EAGAIN when the backlog is full; there is nothing to poll
  // for then.
  for (auto pause = std::chrono::milliseconds(1);;
       pause = std::min(pause * 2, std::chrono::milliseconds(50))) {
    auto fd = make_socket(SOCK_NONBLOCK);
    if (!fd) return fd;
    const auto* generic = reinterpret_cast<const sockaddr*>(&*address);
    if (::connect(fd->get(), generic, sizeof *address) == 0) return fd;
    const int error = errno;
    if (error == ECONNREFUSED) return fail(Errc::unavailable, "nobody listens on " + path);
    if (error == EACCES) {
      return fail(Errc::permission, "you may not connect to " + path,
                  {"set HEARTH_HOME or XDG_RUNTIME_DIR to a directory of your own"});
    }
    if (error != EAGAIN && error != EINTR) return fail_errno("connect to " + path, error);
    if (std::chrono::steady_clock::now() + pause >= deadline) {
      return fail(Errc::timed_out, "the daemon behind " + path + " does not accept connections",
                  {"look at `hearth daemon logs`", "the process may be stopped or overloaded"});
    }
    std::this_thread::sleep_for(pause);
  }
}

Result<UniqueFd> listen_unix(const std::string& path) {
  const std::string temporary = path + ".new";
  const auto address = address_of(temporary);
  if (!address) return std::unexpected(address.error());
  auto fd = make_socket(SOCK_NONBLOCK);
  if (!fd) return fd;
  (void)::unlink(temporary.c_str());
  const auto* generic = reinterpret_cast<const sockaddr*>(&*address);
  const mode_t old_mask = ::umask(0177);
  const int bound = ::bind(fd->get(), generic, sizeof *address);
  const int bind_error = errno;
  ::umask(old_mask);
  if (bound != 0) return fail_errno("bind " + temporary, bind_error);
  struct stat existing{};
  const bool is_foreign = ::lstat(path.c_str(), &existing) == 0 && !S_ISSOCK(existing.st_mode);
  if (is_foreign || ::listen(fd->get(), SOMAXCONN) != 0 ||
      ::rename(temporary.c_str(), path.c_str()) != 0) {
    const int error = errno;
    (void)::unlink(temporary.c_str());
    if (is_foreign) return fail(Errc::io, path + " exists and is no socket", {"move it away"});
    return fail_errno("listen on " + path, error);
  }
  return fd;
}

Result<std::pair<UniqueFd, UniqueFd>> socket_pair() {
  int ends[2];
  if (::socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, ends) != 0)
    return fail_errno("socketpair", errno);
  return std::pair(UniqueFd(ends[0]), UniqueFd(ends[1]));
}

Result<void> send_all(int fd, std::string_view bytes, MonotonicTime deadline) {
  while (!bytes.empty()) {
    const ssize_t sent = ::send(fd, bytes.data(), bytes.size(), MSG_NOSIGNAL | MSG_DONTWAIT);
    if (sent >= 0) {
      bytes.remove_prefix(static_cast<std::size_t>(sent));
      continue;
    }
    if (errno == EINTR) continue;
    if (errno == EPIPE || errno == ECONNRESET)
      return fail(Errc::unavailable, "the daemon closed the connection");
    if (errno != EAGAIN) return fail_errno("send", errno);
    if (!wait_ready(fd, POLLOUT, deadline))
      return fail(Errc::timed_out, "the daemon does not read");
  }
  return {};
}

Result<std::size_t> receive_some(int fd, std::string& out, MonotonicTime deadline) {
  constexpr std::size_t chunk = 64 * 1024;
  const std::size_t old_size = out.size();
  for (;;) {
    ssize_t got = 0;
    out.resize_and_overwrite(old_size + chunk, [&](char* data, std::size_t) {
      got = ::recv(fd, data + old_size, chunk, MSG_DONTWAIT);
      return old_size + static_cast<std::size_t>(std::max<ssize_t>(got, 0));
    });
    if (got >= 0) return static_cast<std::size_t>(got);
    if (errno == EINTR) continue;
    if (errno == ECONNRESET) return std::size_t{0};
    if (errno != EAGAIN) return fail_errno("receive", errno);
    if (!wait_ready(fd, POLLIN, deadline))
      return fail(Errc::timed_out, "no answer from the daemon in time");
  }
}

Result<FileIdentity> file_identity(const std::string& path) {
  struct stat info{};
  if (::lstat(path.c_str(), &info) != 0) return fail_errno("stat " + path, errno);
  return FileIdentity{info.st_dev, info.st_ino};
}

void unlink_if_same(const std::string& path, const FileIdentity& identity) {
  const auto now = file_identity(path);
  if (now && *now == identity) (void)::unlink(path.c_str());
}

}  // namespace hearth::ipc
