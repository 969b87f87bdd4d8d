#include "web/guard.hpp"

#include <fcntl.h>
#include <sodium.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <vector>

#include "base/ascii.hpp"
#include "base/ids.hpp"
#include "base/regular_file.hpp"
#include "store/atomic_file.hpp"

namespace hearth::web {
namespace {

constexpr std::size_t token_bytes = 32;

}  // namespace

bool is_own_host(std::string_view host, std::uint16_t port) {
  static constexpr std::array<std::string_view, 3> names{"localhost", "127.0.0.1", "[::1]"};
  const std::string suffix = ":" + std::to_string(port);
  if (host.ends_with(suffix)) {
    host.remove_suffix(suffix.size());
  } else if (port != 80) {
    return false;
  }
  return std::ranges::any_of(names, [&](auto name) { return equals_ignoring_case(host, name); });
}

bool is_own_origin(std::string_view origin, std::uint16_t port) {
  static constexpr std::string_view scheme = "http://";
  return equals_ignoring_case(origin.substr(0, scheme.size()), scheme) &&
         is_own_host(origin.substr(scheme.size()), port);
}

bool bears(const Request& request, std::string_view token) {
  static constexpr std::string_view scheme = "Bearer ";
  const auto value = request.header("Authorization");
  if (!equals_ignoring_case(value.substr(0, scheme.size()), scheme)) return false;
  const auto given = value.substr(scheme.size());
  return given.size() == token.size() &&
         sodium_memcmp(given.data(), token.data(), token.size()) == 0;
}

Result<std::string> read_private(const std::string& path, std::size_t most) {
  auto file = open_regular(path, O_RDONLY | O_NOFOLLOW);
  if (!file) return std::unexpected(std::move(file.error()));
  struct stat info{};
  const bool is_known = ::fstat(file->get(), &info) == 0;
  if (!is_known || info.st_uid != ::geteuid() || (info.st_mode & 077U) != 0)
    return fail(Errc::permission, path + " may be read by others than its owner");
  std::string text(most, '\0');
  const ssize_t got = ::read(file->get(), text.data(), text.size());
  text.resize(static_cast<std::size_t>(std::max<ssize_t>(got, 0)));
  return text;
}

Result<std::string> load_token(const std::string& path) {
  const std::vector<std::string> remedy{"remove it; the next start makes a new one"};
  auto read = read_private(path, 2 * token_bytes + 2);
  if (!read && read.error().code == Errc::not_found) {
    std::string token = random_hex(token_bytes);
    if (auto written = store::replace_file(path, token + "\n"); !written)
      return std::unexpected(std::move(written.error()));
    return token;
  }
  if (!read) {
    if (read.error().code == Errc::permission) read.error().suggestions = remedy;
    return read;
  }
  std::string token = std::move(*read);
  while (token.ends_with('\n')) token.pop_back();
  const bool is_token = token.size() == 2 * token_bytes &&
                        token.find_first_not_of("0123456789abcdef") == std::string::npos;
  if (!is_token)
    return fail(Errc::damaged, path + " holds no token of 64 hexadecimal digits", remedy);
  return token;
}

}  // namespace hearth::web
