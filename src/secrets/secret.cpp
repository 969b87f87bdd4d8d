#include "secrets/secret.hpp"

#include <fcntl.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <chrono>
#include <cstdlib>
#include <string_view>
#include <utility>

#include "base/regular_file.hpp"
#include "io/captured_output.hpp"

namespace hearth::secrets {
namespace {

constexpr std::size_t longest_secret = 16'384;  // bytes

// One line of visible characters.
Result<std::string> checked(std::string_view text, const std::string& source) {
  while (text.ends_with('\n') || text.ends_with('\r') || text.ends_with(' ')) text.remove_suffix(1);
  while (text.starts_with(' ')) text.remove_prefix(1);
  const bool is_line = std::ranges::all_of(text, [](char c) { return c >= ' ' && c <= '~'; });
  if (text.empty() || !is_line) {
    return fail(Errc::invalid_args,
                source + (text.empty() ? " holds no key" : " holds more than one line of text"),
                {"put the key there, and nothing else"});
  }
  return std::string(text);
}

Result<std::string> read_variable(const std::string& name) {
  const char* const value = std::getenv(name.c_str());
  if (value == nullptr) {
    return fail(Errc::invalid_args, "the environment of hearthd has no variable " + name,
                {"a daemon has the environment of the client that started it: set it there and "
                 "`hearth daemon stop`, or name a file (key_file) or command (key_command)"});
  }
  return checked(value, "the variable " + name);
}

}  // namespace

Result<std::string> read_secret(const SecretSource& source, const std::stop_token& stop) {
  if (!source.environment.empty()) return read_variable(source.environment);
  if (!source.file.empty()) {
    auto file = open_regular(source.file, O_RDONLY);
    if (!file) return std::unexpected(std::move(file.error()).within("read the key"));
    std::string text(longest_secret, '\0');
    const ssize_t got = ::read(file->get(), text.data(), text.size());
    if (got < 0) return fail_errno("read the key: " + source.file, errno);
    return checked(std::string_view(text).substr(0, static_cast<std::size_t>(got)), source.file);
  }
  if (!source.command.empty()) {
    io::ChildPlan plan{.words = source.command, .environment = {}};
    const auto text =
        io::captured_output(std::move(plan), longest_secret, std::chrono::seconds(30), stop);
    if (!text) return std::unexpected(Error(text.error()).within("read the key"));
    return checked(*text, source.command.front());
  }
  return std::string();
}

}  // namespace hearth::secrets
