// SO_PEERCRED: Linux's way of asking the kernel who connected.
#include <sys/socket.h>

#include <cerrno>

#include "ipc/socket.hpp"

namespace hearth::ipc {

Result<PeerCredentials> peer_credentials(int fd) {
  ucred credentials{};
  socklen_t size = sizeof credentials;
  if (::getsockopt(fd, SOL_SOCKET, SO_PEERCRED, &credentials, &size) != 0) {
    return fail_errno("peer credentials", errno);
  }
  return PeerCredentials{credentials.pid, credentials.uid};
}

}  // namespace hearth::ipc
