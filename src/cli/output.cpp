#include "cli/output.hpp"

#include <sys/ioctl.h>
#include <unistd.h>

#include <cerrno>
#include <charconv>
#include <cstdlib>
#include <cstring>

#include "base/terminal_text.hpp"
#include "json/outcome.hpp"

namespace hearth::cli {
namespace {

bool write_all(int fd, std::string_view text) {
  while (!text.empty()) {
    const ssize_t done = ::write(fd, text.data(), text.size());
    if (done < 0 && errno == EINTR) continue;
    if (done < 0) return false;
    text.remove_prefix(static_cast<std::size_t>(done));
  }
  return true;
}

std::string_view variable(const char* name) {
  const char* value = std::getenv(name);
  return value == nullptr ? std::string_view() : value;
}

std::size_t terminal_width() {
  const std::string_view columns = variable("COLUMNS");
  std::size_t width = 0;
  const auto [end, error] = std::from_chars(columns.data(), columns.data() + columns.size(), width);
  if (error == std::errc{} && end == columns.data() + columns.size() && width >= 20) return width;
  winsize size{};
  if (::ioctl(STDOUT_FILENO, TIOCGWINSZ, &size) == 0 && size.ws_col >= 20) return size.ws_col;
  return 80;
}

}  // namespace

std::string failure_text(const Error& error) {
  std::string text = "hearth: " + printable(error.message, Lines::join) + "\n";
  if (error.suggestions.empty()) return text;
  text += "  try: ";
  for (const std::string& suggestion : error.suggestions) {
    if (&suggestion != &error.suggestions.front()) text += "; or ";
    text += printable(suggestion, Lines::join);
  }
  return text + "\n";
}

Output::Output(bool is_json) : is_json_(is_json), is_error_terminal_(::isatty(STDERR_FILENO) == 1) {
  if (::isatty(STDOUT_FILENO) != 1) return;
  look_.width = terminal_width();
  look_.color = variable("NO_COLOR").empty() && variable("TERM") != "dumb";
}

int Output::result(const json::Value& data) const {
  if (const auto rows = is_json_ ? std::nullopt : rows_as_text(data)) {
    if (json::bool_or(data, "truncated", false)) {
      note("there are more rows; the next begin at --cursor " +
           std::string(json::string_or(data, "cursor", "")));
    }
    return text(look_.width == 0 ? std::string(*rows) : printable(*rows, Lines::keep));
  }
  return is_json_ ? text(json::success_envelope(json::dump(data)) + "\n")
                  : text(render(data, look_));
}

int Output::result(const json::Value& data, std::string_view plain) const {
  return text(is_json_ ? json::success_envelope(json::dump(data)) + "\n" : std::string(plain));
}

int Output::text(std::string_view text) const {
  end_progress();
  if (write_all(STDOUT_FILENO, text)) return 0;
  return failure(
      {Errc::io, std::string("cannot write to standard output: ") + std::strerror(errno), {}});
}

int Output::failure(const Error& error) const {
  end_progress();
  (void)write_all(STDERR_FILENO,
                  is_json_ ? json::failure_envelope(error) + "\n" : failure_text(error));
  return exit_code(error.code);
}

void Output::note(std::string_view line) const {
  if (is_json_) return;
  end_progress();
  (void)write_all(STDERR_FILENO, "hearth: " + printable(line, Lines::join) + "\n");
}

void Output::progress(std::string_view line) const {
  if (!shows_progress()) return;
  const std::size_t width = look_.width == 0 ? 79 : look_.width - 1;
  (void)write_all(STDERR_FILENO, "\r\x1b[K" + clip(printable(line, Lines::join), width));
  has_progress_ = true;
}

void Output::end_progress() const {
  if (!has_progress_) return;
  (void)write_all(STDERR_FILENO, "\r\x1b[K");
  has_progress_ = false;
}

}  // namespace hearth::cli
