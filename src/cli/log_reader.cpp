#include "cli/log_reader.hpp"

#include <fcntl.h>
#include <sys/inotify.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>

#include "base/regular_file.hpp"
#include "base/unique_fd.hpp"

namespace hearth::cli {
namespace {

Result<UniqueFd> open_log(const std::string& path) {
  auto fd = open_regular(path, O_RDONLY);
  if (!fd && fd.error().code == Errc::not_found) {
    return fail(Errc::not_found, "there is no log yet at " + path,
                {"the daemon makes it at its first start"});
  }
  return fd;
}

// Bytes of the file from `offset` on.
Result<std::string> read_from(int fd, off_t offset, const std::string& path) {
  std::string text;
  std::array<char, 65536> part{};
  for (;;) {
    const ssize_t got =
        ::pread(fd, part.data(), part.size(), offset + static_cast<off_t>(text.size()));
    if (got < 0 && errno == EINTR) continue;
    if (got < 0) return fail_errno("read " + path, errno);
    if (got == 0) return text;
    text.append(part.data(), static_cast<std::size_t>(got));
  }
}

// Where the last `count` lines begin.
Result<off_t> start_of_last_lines(int fd, std::size_t count, const std::string& path) {
  const off_t size = ::lseek(fd, 0, SEEK_END);
  if (size < 0) return fail_errno("read " + path, errno);
  std::array<char, 65536> part{};
  off_t at = size;
  while (at > 0) {
    const off_t begin = std::max<off_t>(0, at - static_cast<off_t>(part.size()));
    const ssize_t got = ::pread(fd, part.data(), static_cast<std::size_t>(at - begin), begin);
    if (got < 0 && errno == EINTR) continue;
    if (got <= 0) return fail_errno("read " + path, got < 0 ? errno : EIO);
    for (ssize_t i = got - 1; i >= 0; --i) {
      const bool is_last_byte = begin + i + 1 == size;  // the newline that ends the last line
      if (part[static_cast<std::size_t>(i)] != '\n' || is_last_byte) continue;
      if (--count == 0) return begin + i + 1;
    }
    at = begin;
  }
  return 0;
}

// Whether `path` names another file than `fd`, or the file became shorter than what was read.
bool is_replaced(const std::string& path, int fd, off_t offset) {
  struct stat named{};
  struct stat open{};
  if (::stat(path.c_str(), &named) != 0 || ::fstat(fd, &open) != 0) return false;  // being rotated
  return named.st_ino != open.st_ino || named.st_dev != open.st_dev || open.st_size < offset;
}

}  // namespace

Result<std::vector<std::string>> last_lines(const std::string& path, std::size_t count) {
  const auto fd = open_log(path);
  if (!fd) return std::unexpected(fd.error());
  std::vector<std::string> lines;
  if (count == 0) return lines;
  const auto start = start_of_last_lines(fd->get(), count, path);
  if (!start) return std::unexpected(start.error());
  const auto text = read_from(fd->get(), *start, path);
  if (!text) return std::unexpected(text.error());
  for (std::size_t begin = 0; begin < text->size();) {
    const std::size_t end = std::min(text->find('\n', begin), text->size());
    lines.push_back(text->substr(begin, end - begin));
    begin = end + 1;
  }
  return lines;
}

Result<void> follow_file(const std::string& path,
                         const std::function<bool(std::string_view)>& take) {
  const UniqueFd events(::inotify_init1(IN_CLOEXEC));
  if (!events.valid()) return fail_errno("watch " + path, errno);
  const std::string directory = path.substr(0, path.rfind('/'));
  if (::inotify_add_watch(events.get(), directory.c_str(), IN_MODIFY | IN_CREATE | IN_MOVED_TO) < 0)
    return fail_errno("watch " + directory, errno);
  auto fd = open_log(path);
  if (!fd) return std::unexpected(fd.error());
  off_t offset = ::lseek(fd->get(), 0, SEEK_END);
  for (;;) {
    const auto text = read_from(fd->get(), offset, path);
    if (!text) return std::unexpected(text.error());
    offset += static_cast<off_t>(text->size());
    if (!text->empty() && !take(*text)) return {};
    if (is_replaced(path, fd->get(), offset)) {
      fd = open_log(path);
      if (!fd) return std::unexpected(fd.error());
      offset = 0;
      continue;
    }
    std::array<char, 4096> ignored{};
    const ssize_t got = ::read(events.get(), ignored.data(), ignored.size());
    if (got < 0 && errno != EINTR) return fail_errno("watch " + path, errno);
  }
}

}  // namespace hearth::cli
