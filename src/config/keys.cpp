#include "config/keys.hpp"

#include <fcntl.h>
#include <sys/stat.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <charconv>

#include "base/unique_fd.hpp"
#include "base/values.hpp"
#include "config/settings.hpp"

namespace hearth::config {
namespace {

bool is_one_of(RawKind kind, std::initializer_list<RawKind> kinds) {
  return std::ranges::find(kinds, kind) != kinds.end();
}

std::vector<std::string> split_commas(std::string_view text) {
  std::vector<std::string> items;
  while (!text.empty()) {
    const std::size_t comma = std::min(text.find(','), text.size());
    if (comma != 0) items.emplace_back(text.substr(0, comma));
    text.remove_prefix(std::min(comma + 1, text.size()));
  }
  return items;
}

}  // namespace

std::optional<std::chrono::milliseconds> as_duration(const RawValue& value) {
  if (!is_one_of(value.kind, {RawKind::text, RawKind::typed, RawKind::integer, RawKind::real}))
    return std::nullopt;
  return parse_duration(value.text);
}

std::optional<std::size_t> as_size(const RawValue& value) {
  if (!is_one_of(value.kind, {RawKind::text, RawKind::typed, RawKind::integer}))
    return std::nullopt;
  return parse_size(value.text);
}

std::optional<std::size_t> as_count(const RawValue& value) {
  if (!is_one_of(value.kind, {RawKind::integer, RawKind::typed})) return std::nullopt;
  std::size_t count = 0;
  const char* const end = value.text.data() + value.text.size();
  const auto [stop, error] = std::from_chars(value.text.data(), end, count);
  return error == std::errc{} && stop == end ? std::optional(count) : std::nullopt;
}

std::optional<bool> as_bool(const RawValue& value) {
  if (!is_one_of(value.kind, {RawKind::boolean, RawKind::typed})) return std::nullopt;
  return parse_bool(value.text);
}

std::optional<std::string> as_text(const RawValue& value) {
  if (!is_one_of(value.kind, {RawKind::text, RawKind::typed}) || value.text.empty())
    return std::nullopt;
  if (value.text.find('\0') != std::string::npos) return std::nullopt;
  return value.text;
}

std::optional<std::vector<std::string>> as_list(const RawValue& value) {
  if (value.kind == RawKind::typed) {
    auto items = split_commas(value.text);
    return items.empty() ? std::nullopt : std::optional(std::move(items));
  }
  if (value.kind != RawKind::list || !value.all_text || value.items.empty()) return std::nullopt;
  return value.items;
}

std::unexpected<Error> unknown_name(const std::string& where,
                                    std::string_view kind,
                                    std::string_view name,
                                    const std::vector<std::string>& known) {
  const auto near = closest_names(name, known, 1);
  std::string message = where + ": unknown " + std::string(kind);
  if (!near.empty()) {
    return fail(Errc::invalid_args, message + "; did you mean " + near.front() + "?",
                {"use " + near.front()});
  }
  message += known.empty() ? "; there are none" : "; known:";
  for (const std::string& each : known) message += (&each == &known.front() ? " " : ", ") + each;
  return fail(Errc::invalid_args, std::move(message), {"remove it"});
}

std::unexpected<Error> unfit(const std::string& where,
                             std::string_view key,
                             std::string_view expects,
                             const RawValue& value) {
  // A variable or option names the setting itself.
  const bool is_typed = value.kind == RawKind::typed;
  const std::string named = is_typed ? where : where + ": " + std::string(key);
  return fail(Errc::invalid_args,
              named + ": expected " + std::string(expects) + ", got " + describe(value));
}

Result<std::string> read_optional(const std::string& path) {
  const UniqueFd fd(::open(path.c_str(), O_RDONLY | O_CLOEXEC | O_NONBLOCK));
  if (!fd.valid()) {
    if (errno == ENOENT || errno == ENOTDIR) return std::string();
    return fail_errno("read " + path, errno);
  }
  struct stat info{};
  if (::fstat(fd.get(), &info) != 0) return fail_errno("read " + path, errno);
  if (!S_ISREG(info.st_mode)) return fail(Errc::io, "read " + path + ": not a regular file");
  std::string text;
  std::array<char, 16384> part{};
  // One byte over parse_document's cap is enough for it to refuse the file.
  while (text.size() <= (std::size_t{1} << 20)) {
    const ssize_t got = ::read(fd.get(), part.data(), part.size());
    if (got < 0 && errno == EINTR) continue;
    if (got < 0) return fail_errno("read " + path, errno);
    if (got == 0) return text;
    text.append(part.data(), static_cast<std::size_t>(got));
  }
  return text;
}

}  // namespace hearth::config
