#include "packs/sql/settings.hpp"

#include <unistd.h>

#include <algorithm>
#include <charconv>

#include "base/values.hpp"
#include "packs/sql/engine/pg/location.hpp"

namespace hearth::packs::sql {
namespace {

constexpr std::uint64_t least_memory = std::uint64_t{64} << 20;

std::optional<std::uint32_t> threads_in(std::string_view text) {
  std::uint32_t number = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), number);
  const bool fits =
      error == std::errc{} && end == text.data() + text.size() && number >= 1 && number <= 1024;
  return fits ? std::optional(number) : std::nullopt;
}

bool is_memory(std::string_view text) {
  const auto bytes = parse_size(text);
  return bytes && *bytes >= least_memory;
}
bool is_threads(std::string_view text) {
  return threads_in(text).has_value();
}
bool is_duration(std::string_view text) {
  return parse_duration(text).has_value();
}

bool is_absolute_path(std::string_view text) {
  return text.size() > 1 && text.front() == '/' && text.find('\n') == std::string_view::npos;
}
bool is_command(std::string_view text) {
  return !text.empty() && text.front() != '\n';
}

std::vector<std::string> lines_of(const std::string& text) {
  std::vector<std::string> lines;
  for (std::size_t begin = 0; begin < text.size();) {
    const auto end = std::min(text.find('\n', begin), text.size());
    lines.push_back(text.substr(begin, end - begin));
    begin = end + 1;
  }
  return lines;
}

// Half of what the machine has.
std::uint64_t default_memory() {
  const auto pages = static_cast<std::uint64_t>(std::max(0L, ::sysconf(_SC_PHYS_PAGES)));
  const auto page = static_cast<std::uint64_t>(std::max(0L, ::sysconf(_SC_PAGESIZE)));
  return std::max(least_memory, pages * page / 2);
}

}  // namespace

std::vector<pack::Setting> known_settings() {
  return {
      pack::Setting{"memory_limit", "a size such as \"4GiB\", at least \"64MiB\"", is_memory},
      pack::Setting{"threads", "a number of threads from 1 to 1024", is_threads},
      pack::Setting{"engine_idle", "a duration such as \"10m\"", is_duration},
      pack::Setting{"scratch_kept", "a duration such as \"10m\"", is_duration},
      pack::Setting{"hyper.path", "the absolute path of the program hyperd", is_absolute_path},
      pack::Setting{"postgres.sslmode", "a mode of libpq such as \"verify-full\"", pg::is_ssl_mode},
      pack::Setting{"postgres.passfile", "the absolute path of a file like ~/.pgpass",
                    is_absolute_path},
      pack::Setting{"postgres.password_command", "a list: a program and its arguments",
                    is_command}};
}

Settings read_settings(const std::function<std::optional<std::string>(std::string_view)>& setting) {
  Settings settings;
  settings.memory_limit = default_memory();
  if (const auto text = setting("memory_limit"))
    settings.memory_limit = parse_size(*text).value_or(settings.memory_limit);
  if (const auto text = setting("threads")) settings.threads = threads_in(*text).value_or(0);
  if (const auto text = setting("engine_idle")) {
    if (const auto time = parse_duration(*text)) settings.engine_idle = *time;
  }
  if (const auto text = setting("scratch_kept")) {
    if (const auto time = parse_duration(*text)) settings.scratch_kept = *time;
  }
  settings.hyperd = setting("hyper.path").value_or("");
  settings.ssl_mode = setting("postgres.sslmode").value_or("");
  settings.passfile = setting("postgres.passfile").value_or("");
  settings.password_command = lines_of(setting("postgres.password_command").value_or(""));
  return settings;
}

}  // namespace hearth::packs::sql
