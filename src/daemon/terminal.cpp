#include "daemon/terminal.hpp"

#include <pwd.h>
#include <unistd.h>

#include <charconv>
#include <filesystem>
#include <string_view>
#include <system_error>
#include <vector>

#include "base/program_path.hpp"
#include "base/regular_file.hpp"

namespace hearth::daemon {
namespace {

constexpr std::size_t most_stat_bytes = 4096;

// The field tty_nr of /proc/PID/stat: the fifth behind the name, which may hold anything.
int terminal_of(std::string_view stat) {
  const auto name_end = stat.rfind(')');
  if (name_end == std::string_view::npos) return 0;
  stat.remove_prefix(name_end + 1);
  for (int field = 0; field < 5; ++field) {
    const auto space = stat.find(' ');
    if (space == std::string_view::npos) return 0;
    stat.remove_prefix(space + 1);
  }
  int number = 0;
  std::from_chars(stat.data(), stat.data() + stat.size(), number);
  return number;
}

std::string user_name() {
  passwd entry{};
  passwd* found = nullptr;
  std::vector<char> room(4096);
  if (::getpwuid_r(::geteuid(), &entry, room.data(), room.size(), &found) == 0 && found != nullptr)
    return entry.pw_name;
  return "uid " + std::to_string(::geteuid());
}

}  // namespace

Result<std::string> person_before(pid_t pid) {
  const auto refuse = [](const std::string& why) {
    return fail(Errc::permission, "only a person decides this: " + why,
                {"run `hearth mandates approve` in a terminal of your own"});
  };
  const std::string process = "/proc/" + std::to_string(pid);
  std::error_code error;
  const auto program = std::filesystem::read_symlink(process + "/exe", error);
  const std::filesystem::path beside =
      std::filesystem::path(program_path()).parent_path() / "hearth";
  if (error || !std::filesystem::equivalent(program, beside, error) || error)
    return refuse("the request does not come from " + beside.string());
  const auto stat = read_head(process + "/stat", most_stat_bytes);
  const int terminal = stat ? terminal_of(*stat) : 0;
  if (terminal == 0) return refuse("the request does not come from a terminal");
  return user_name() + " at terminal " + std::to_string(terminal);
}

}  // namespace hearth::daemon
