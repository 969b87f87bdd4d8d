#include "packs/mandates/sandbox/channels.hpp"

#include <fcntl.h>
#include <sys/socket.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <utility>

#include "base/socket_sender.hpp"

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
  name_senders(ends[0]);
  return Ends{UniqueFd(ends[0]), UniqueFd(ends[1])};
}

std::optional<Message> receive(int control) {
  std::array<char, 1'024> text{};
  std::int64_t sender = 0;
  const ssize_t got = receive_from(control, text.data(), text.size(), sender);
  if (got <= 0) {
    if (got == 0) errno = 0;
    return std::nullopt;
  }
  return Message{.text = std::string(text.data(), static_cast<std::size_t>(got)),
                 .sender = static_cast<pid_t>(sender)};
}

}  // namespace hearth::packs::mandates::sandbox
