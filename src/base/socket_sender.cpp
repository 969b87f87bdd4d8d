#include "base/socket_sender.hpp"

#include <sys/socket.h>
#include <sys/uio.h>

#include <array>
#include <cstring>

namespace hearth {

void name_senders(int fd) {
  const int on = 1;
  // Without it nobody is named, and then nobody is believed.
  (void)::setsockopt(fd, SOL_SOCKET, SO_PASSCRED, &on, sizeof on);
}

ssize_t receive_from(int fd, char* bytes, std::size_t size, std::int64_t& sender) {
  iovec part{.iov_base = bytes, .iov_len = size};
  alignas(cmsghdr) std::array<char, CMSG_SPACE(sizeof(ucred))> room{};  // descriptors have none
  msghdr message{};
  message.msg_iov = &part;
  message.msg_iovlen = 1;
  message.msg_control = room.data();
  message.msg_controllen = room.size();
  const ssize_t got = ::recvmsg(fd, &message, MSG_DONTWAIT | MSG_CMSG_CLOEXEC);
  sender = 0;
  if (got < 0) return got;
  const cmsghdr* const head = CMSG_FIRSTHDR(&message);
  if (head == nullptr || head->cmsg_level != SOL_SOCKET || head->cmsg_type != SCM_CREDENTIALS)
    return got;
  ucred credentials{};
  std::memcpy(&credentials, CMSG_DATA(head), sizeof credentials);
  sender = credentials.pid;
  return got;
}

}  // namespace hearth
