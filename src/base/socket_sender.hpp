// Who writes on a Unix socket, as the kernel notes it (SO_PASSCRED): several processes may hold the
// other end.
#pragma once

#include <sys/types.h>

#include <cstddef>
#include <cstdint>

namespace hearth {

// From now on the kernel notes who writes what at the other end.
void name_senders(int fd);
// recv(2) without waiting, of what one process has written, and which, by its number in our
// namespace: 0 where nobody says, as of what came before name_senders().
[[nodiscard]] ssize_t receive_from(int fd, char* bytes, std::size_t size, std::int64_t& sender);

}  // namespace hearth
