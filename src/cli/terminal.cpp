#include "cli/terminal.hpp"

#include <fcntl.h>
#include <termios.h>
#include <unistd.h>

#include <cerrno>

namespace hearth::cli {

Result<Terminal> Terminal::open() {
  UniqueFd fd(::open("/dev/tty", O_RDWR | O_CLOEXEC));
  if (fd.valid()) return Terminal(std::move(fd));
  return fail(Errc::permission, "only a person decides this, and there is no terminal",
              {"run it in a terminal of your own"});
}

void Terminal::show(std::string_view text) const {
  while (!text.empty()) {
    const ssize_t sent = ::write(fd_.get(), text.data(), text.size());
    if (sent < 0 && errno == EINTR) continue;
    if (sent <= 0) return;
    text.remove_prefix(static_cast<std::size_t>(sent));
  }
}

void Terminal::ask(std::string_view question) const {
  (void)::tcflush(fd_.get(), TCIFLUSH);
  show(question);
}

std::optional<std::string> Terminal::read_line() const {
  std::string line;
  for (;;) {
    char c = 0;
    const ssize_t got = ::read(fd_.get(), &c, 1);
    if (got < 0 && errno == EINTR) continue;
    if (got <= 0) return line.empty() ? std::nullopt : std::optional(line);
    if (c == '\n') return line;
    line += c;
  }
}

}  // namespace hearth::cli
