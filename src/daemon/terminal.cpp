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

// A number of /proc/PID/stat, counted behind the name, which may hold anything.
template <typename Number>
Number field_of(std::string_view stat, int place) {
  const auto name_end = stat.rfind(')');
  if (name_end == std::string_view::npos) return 0;
  stat.remove_prefix(name_end + 1);
  for (int field = 0; field < place; ++field) {
    const auto space = stat.find(' ');
    if (space == std::string_view::npos) return 0;
    stat.remove_prefix(space + 1);
  }
  Number number = 0;
  std::from_chars(stat.data(), stat.data() + stat.size(), number);
  return number;
}
constexpr int tty_nr = 5;
constexpr int starttime = 20;

std::string user_name() {
  passwd entry{};
  passwd* found = nullptr;
  std::vector<char> room(4096);
  if (::getpwuid_r(::geteuid(), &entry, room.data(), room.size(), &found) == 0 && found != nullptr)
    return entry.pw_name;
  return "uid " + std::to_string(::geteuid());
}

}  // namespace

ProcessSight look_at(pid_t pid) {
  ProcessSight sight{.pid = pid, .program = {}};
  const std::string process = "/proc/" + std::to_string(pid);
  std::error_code error;
  const auto program = std::filesystem::read_symlink(process + "/exe", error);
  const auto stat = read_head(process + "/stat", most_stat_bytes);
  if (error || !stat) return sight;
  sight.program = program.string();
  sight.begun = field_of<std::uint64_t>(*stat, starttime);
  sight.terminal = field_of<int>(*stat, tty_nr);
  return sight;
}

Result<std::string> person_before(const ProcessSight& connected) {
  const auto refuse = [](const std::string& why) {
    return fail(Errc::permission, "only a person decides this: " + why,
                {"run `hearth mandates approve` in a terminal of your own"});
  };
  std::error_code error;
  const std::filesystem::path beside =
      std::filesystem::path(program_path()).parent_path() / "hearth";
  if (connected.program.empty() || !std::filesystem::equivalent(connected.program, beside, error) ||
      error)
    return refuse("the request does not come from " + beside.string());
  if (look_at(connected.pid) != connected)
    return refuse("the process that connected is not what it was then");
  if (connected.terminal == 0) return refuse("the request does not come from a terminal");
  return user_name() + " at terminal " + std::to_string(connected.terminal);
}

}  // namespace hearth::daemon
