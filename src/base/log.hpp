// Structured log lines: `log::info("index opened", {kv("pack", name), kv("ms", t)})`.
//
// One line per event on the process's log (standard error until open_file() is called), in logfmt:
//   2026-11-21T09:00:00.123Z info  index opened pack=knowledge ms=12
// Errors are logged once, where they are handled. No secrets; no payloads above debug. Thread-safe.
#pragma once

#include <concepts>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <initializer_list>
#include <string>
#include <string_view>

#include "base/result.hpp"

namespace hearth::log {

enum class Level : std::uint8_t { debug, info, warning, error };

struct Field {
  std::string_view key;
  std::string value;
};

[[nodiscard]] inline Field kv(std::string_view key, std::string_view value) {
  return {key, std::string(value)};
}
template <std::integral T>
[[nodiscard]] Field kv(std::string_view key, T value) {
  return {key, std::to_string(value)};
}

void debug(std::string_view message, std::initializer_list<Field> fields = {});
void info(std::string_view message, std::initializer_list<Field> fields = {});
void warning(std::string_view message, std::initializer_list<Field> fields = {});
void error(std::string_view message, std::initializer_list<Field> fields = {});

void set_level(Level lowest);

// From now on each line goes through `filter` before it is written: what takes secrets out. It is
// called by any thread, and logs nothing itself. Empty: none.
void set_filter(std::function<std::string(std::string_view)> filter);

// Sends the log, standard output and standard error of this process to `path` (created 0600,
// appended), so that what a sanitizer or the C library prints is kept too. When the file passes
// `rotate_at` bytes it becomes `path`.1, the older ones move up, and at most `keep` old files stay.
[[nodiscard]] Result<void> open_file(const std::string& path,
                                     std::size_t rotate_at = std::size_t{8} << 20,
                                     int keep = 3);

// One formatted line without its newline, for tests and for `status` to the log.
[[nodiscard]] std::string format_line(Level level,
                                      std::string_view message,
                                      std::initializer_list<Field> fields);

}  // namespace hearth::log
