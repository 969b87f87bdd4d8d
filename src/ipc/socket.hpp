// Unix stream sockets for both ends, with deadlines on everything that waits.
#pragma once

#include <chrono>
#include <cstdint>
#include <string>
#include <string_view>
#include <utility>

#include "base/clock.hpp"
#include "base/result.hpp"
#include "base/unique_fd.hpp"

namespace hearth::ipc {

// Connects. `not_found` for ENOENT, `unavailable` for ECONNREFUSED (nobody listens): only these two
// mean "no daemon". `permission` for EACCES, `timed_out` when the backlog stays full until the
// deadline.
[[nodiscard]] Result<UniqueFd> connect_unix(const std::string& path, MonotonicTime deadline);

// Listens on `path` with mode 0600, replacing what was there: bound under a temporary name and
// renamed, so that the path never names a socket that does not accept yet. The caller holds the
// daemon's lock. Non-blocking.
[[nodiscard]] Result<UniqueFd> listen_unix(const std::string& path);

// A connected pair; both ends close-on-exec.
[[nodiscard]] Result<std::pair<UniqueFd, UniqueFd>> socket_pair();

// Sends all of `bytes` on a blocking or non-blocking socket. `unavailable` when the peer is gone.
[[nodiscard]] Result<void> send_all(int fd, std::string_view bytes, MonotonicTime deadline);

// Appends what can be read now to `out` (waits for the first byte). 0 at the end of the stream.
[[nodiscard]] Result<std::size_t> receive_some(int fd, std::string& out, MonotonicTime deadline);

// Milliseconds until `deadline` for poll(2): at least 0, and never "forever".
[[nodiscard]] int poll_timeout(MonotonicTime deadline);

// Who is at the other end, as the kernel saw it when they connected.
struct PeerCredentials {
  std::int64_t pid = 0;
  unsigned uid = 0;
};
[[nodiscard]] Result<PeerCredentials> peer_credentials(int fd);

// Device and inode of a file, so that a daemon unlinks only what it made.
struct FileIdentity {
  std::uint64_t device = 0;
  std::uint64_t inode = 0;
  bool operator==(const FileIdentity&) const = default;
};
[[nodiscard]] Result<FileIdentity> file_identity(const std::string& path);
// Removes `path` if it still is the file `identity`.
void unlink_if_same(const std::string& path, const FileIdentity& identity);

}  // namespace hearth::ipc
