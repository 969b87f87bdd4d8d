#include "base/log.hpp"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <atomic>
#include <cerrno>
#include <cstdio>
#include <functional>
#include <memory>
#include <mutex>
#include <utility>

#include "base/clock.hpp"
#include "base/guarded.hpp"
#include "base/regular_file.hpp"

namespace hearth::log {
namespace {

std::atomic<Level> lowest_level{Level::info};

// The file behind the log, if any. Until open_file() lines go to standard error.
struct LogFile {
  std::mutex mutex;
  std::string path;  // empty: standard error
  std::size_t size = 0;
  std::size_t rotate_at = 0;
  int keep = 0;
};

LogFile& log_file() {
  static LogFile& file =
      *new LogFile;  // never destroyed: threads may log until the process is gone
  return file;
}

// Opens `path` and puts it under descriptors 1 and 2. Returns its size.
Result<std::size_t> redirect_output(const std::string& path) {
  auto fd = open_regular(path, O_WRONLY | O_CREAT | O_APPEND);
  if (!fd) return std::unexpected(std::move(fd.error()).within("log"));
  struct stat info{};
  if (::fstat(fd->get(), &info) != 0) return fail_errno("stat log " + path, errno);
  if (::dup2(fd->get(), STDOUT_FILENO) < 0 || ::dup2(fd->get(), STDERR_FILENO) < 0) {
    return fail_errno("redirect to log " + path, errno);
  }
  return static_cast<std::size_t>(info.st_size);
}

void rotate(LogFile& file) {
  if (file.keep <= 0 && ::ftruncate(STDERR_FILENO, 0) == 0) {
    file.size = 0;
    return;
  }
  for (int n = file.keep; n > 0; --n) {
    const std::string from = n == 1 ? file.path : file.path + "." + std::to_string(n - 1);
    const std::string to = file.path + "." + std::to_string(n);
    (void)::rename(from.c_str(), to.c_str());  // a missing older file is no fault
  }
  const auto opened = redirect_output(file.path);
  file.size = opened ? *opened : 0;  // on failure lines go on into the old file
}

using Filter = std::function<std::string(std::string_view)>;
Guarded<std::shared_ptr<const Filter>>& line_filter() {
  static auto& filter = *new Guarded<std::shared_ptr<const Filter>>;  // as the file above
  return filter;
}

void write_line(Level level, std::string_view message, std::initializer_list<Field> fields) {
  if (level < lowest_level.load(std::memory_order_relaxed)) return;
  std::string line = format_line(level, message, fields);
  if (const auto filter = *line_filter().lock()) line = (*filter)(line);
  line.push_back('\n');
  LogFile& file = log_file();
  const std::lock_guard lock(file.mutex);
  if (!file.path.empty() && file.size + line.size() > file.rotate_at) rotate(file);
  if (::write(STDERR_FILENO, line.data(), line.size()) > 0) file.size += line.size();
}

bool needs_quotes(std::string_view value) {
  if (value.empty()) return true;
  for (const char c : value) {
    if (static_cast<unsigned char>(c) <= ' ' || c == '"' || c == '=' || c == '\x7f') return true;
  }
  return false;
}

void append_value(std::string& line, std::string_view value) {
  if (!needs_quotes(value)) {
    line.append(value);
    return;
  }
  line.push_back('"');
  for (const char c : value) {
    if (c == '"' || c == '\\') {
      line.push_back('\\');
      line.push_back(c);
    } else if (c == '\n') {
      line.append("\\n");
    } else if (static_cast<unsigned char>(c) < ' ' || c == '\x7f') {
      line.push_back('?');
    } else {
      line.push_back(c);
    }
  }
  line.push_back('"');
}

}  // namespace

std::string format_line(Level level,
                        std::string_view message,
                        std::initializer_list<Field> fields) {
  static constexpr std::string_view names[] = {"debug", "info ", "warn ", "error"};
  std::string line = format_rfc3339(SystemClock().wall());
  line.append(" ").append(names[static_cast<std::size_t>(level)]).append(" ");
  for (const char c : message) line.push_back(static_cast<unsigned char>(c) < ' ' ? ' ' : c);
  for (const Field& field : fields) {
    line.append(" ").append(field.key).append("=");
    append_value(line, field.value);
  }
  return line;
}

void debug(std::string_view message, std::initializer_list<Field> fields) {
  write_line(Level::debug, message, fields);
}
void info(std::string_view message, std::initializer_list<Field> fields) {
  write_line(Level::info, message, fields);
}
void warning(std::string_view message, std::initializer_list<Field> fields) {
  write_line(Level::warning, message, fields);
}
void error(std::string_view message, std::initializer_list<Field> fields) {
  write_line(Level::error, message, fields);
}

void set_level(Level lowest) {
  lowest_level.store(lowest, std::memory_order_relaxed);
}

void set_filter(Filter filter) {
  *line_filter().lock() = filter ? std::make_shared<const Filter>(std::move(filter)) : nullptr;
}

Result<void> open_file(const std::string& path, std::size_t rotate_at, int keep) {
  LogFile& file = log_file();
  const std::lock_guard lock(file.mutex);
  const auto size = redirect_output(path);
  if (!size) return std::unexpected(size.error());
  file.path = path;
  file.size = *size;
  file.rotate_at = rotate_at;
  file.keep = keep;
  return {};
}

}  // namespace hearth::log
