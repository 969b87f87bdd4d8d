// What the daemon and a sandbox talk over: pipes for what the command prints, a socket for the
// first process's word and report, and a pipe by which the keeper knows that the daemon lives.
#pragma once

#include <sys/types.h>

#include <optional>
#include <string>

#include "base/result.hpp"
#include "base/unique_fd.hpp"

namespace hearth::packs::mandates::sandbox {

struct Ends {
  UniqueFd ours;
  UniqueFd theirs;
};

// To read what they write.
[[nodiscard]] Result<Ends> make_pipe();
// For them to see that ours is closed, also by a kill.
[[nodiscard]] Result<Ends> make_lifeline();
// SOCK_SEQPACKET; at our end each message comes with its sender.
[[nodiscard]] Result<Ends> make_control();

// A message, and which process sent it, by its number in our namespace; 0: nobody says.
struct Message {
  std::string text;
  pid_t sender = 0;
};

// Never waits. Nothing at the end (errno is 0), and where there is none now (errno says why).
[[nodiscard]] std::optional<Message> receive(int control);

}  // namespace hearth::packs::mandates::sandbox
