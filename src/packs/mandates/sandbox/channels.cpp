#include "packs/mandates/sandbox/channels.hpp"

#include <fcntl.h>
#include <sys/socket.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <cstring>
#include <utility>

namespace hearth::packs::mandates::sandbox {

Result<Ends> make_pipe() {
  int ends[2];
  if (::pipe2(ends, O_CLOEXEC) != 0) return fail_errno("pipe", errno);
  return Ends{UniqueFd(ends[0]), UniqueFd(ends[1])};
}

Result<Ends> make_lifeline() {
  auto ends = make_pipe();
  if (ends) std::swap(ends->ours, ends->theirs);
  return ends;
}

Result<Ends> make_control() {
  int ends[2];
  if (::socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, ends) != 0)
    return fail_errno("socketpair", errno);
  const int on = 1;
  (void)::setsockopt(ends[0], SOL_SOCKET, SO_PASSCRED, &on, sizeof on);
  return Ends{UniqueFd(ends[0]), UniqueFd(ends[1])};
}

std::optional<Message> receive(int control) {
  std::array<char, 1'024> text{};
  alignas(cmsghdr) std::array<char, CMSG_SPACE(sizeof(ucred))> credentials{};
  iovec part{text.data(), text.size()};
  msghdr message{};
  message.msg_iov = &part;
  message.msg_iovlen = 1;
  message.msg_control = credentials.data();
  message.msg_controllen = credentials.size();
  const ssize_t got = ::recvmsg(control, &message, MSG_DONTWAIT | MSG_CMSG_CLOEXEC);
  if (got <= 0) {
    if (got == 0) errno = 0;
    return std::nullopt;
  }
  Message received{.text = std::string(text.data(), static_cast<std::size_t>(got)), .sender = 0};
  const cmsghdr* const header = CMSG_FIRSTHDR(&message);
  if (header != nullptr && header->cmsg_level == SOL_SOCKET &&
      header->cmsg_type == SCM_CREDENTIALS) {
    ucred who{};
    std::memcpy(&who, CMSG_DATA(header), sizeof who);
    received.sender = who.pid;
  }
  return received;
}

}  // namespace hearth::packs::mandates::sandbox
