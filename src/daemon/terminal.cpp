#include "daemon/terminal.hpp"

#include <fcntl.h>
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

std::string of_process(pid_t pid) {
  return "/proc/" + std::to_string(pid);
}

// The controlling terminal's number; 0: none. Counted behind the name, which may hold anything.
int terminal_of(pid_t pid) {
  constexpr int tty_nr = 5;
  const auto text = read_head(of_process(pid) + "/stat", most_stat_bytes);
  if (!text) return 0;
  std::string_view stat = *text;
  const auto name_end = stat.rfind(')');
  if (name_end == std::string_view::npos) return 0;
  stat.remove_prefix(name_end + 1);
  for (int field = 0; field < tty_nr; ++field) {
    const auto space = stat.find(' ');
    if (space == std::string_view::npos) return 0;
    stat.remove_prefix(space + 1);
  }
  int number = 0;
  std::from_chars(stat.data(), stat.data() + stat.size(), number);
  return number;
}

// The user namespace of a process, named as in /proc.
std::string users_of(const std::string& process) {
  std::error_code error;
  return std::filesystem::read_symlink("/proc/" + process + "/ns/user", error).string();
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

// The memory is opened first: what is read between that and the last look is of the program in it.
RunningProgram RunningProgram::of(pid_t pid) {
  RunningProgram seen;
  seen.pid_ = pid;
  seen.memory_.reset(::open((of_process(pid) + "/maps").c_str(), O_RDONLY | O_CLOEXEC));
  std::error_code error;
  const auto path = std::filesystem::read_symlink(of_process(pid) + "/exe", error);
  if (!error && seen.is_running()) seen.path_ = path.string();
  return seen;
}

// The list of mappings is that of the memory which the process had when it was opened, and ends at
// once when that is gone.
bool RunningProgram::is_running() const {
  char byte = 0;
  return memory_.valid() && ::pread(memory_.get(), &byte, 1, 0) == 1;
}

Result<std::string> person_before(const RunningProgram& program) {
  const auto refuse = [](const std::string& why) {
    return fail(Errc::permission, "only a person decides this: " + why,
                {"run `hearth mandates approve` in a terminal of your own"});
  };
  std::error_code error;
  const std::filesystem::path beside =
      std::filesystem::path(program_path()).parent_path() / "hearth";
  if (program.path().empty() || !std::filesystem::equivalent(program.path(), beside, error) ||
      error)
    return refuse("the request does not come from " + beside.string());
  // Where a process is its own master it can have the kernel call its program by any name.
  if (users_of("self") != users_of(std::to_string(program.pid())))
    return refuse("the request comes from another user namespace");
  const int terminal = terminal_of(program.pid());
  if (!program.is_running()) return refuse("the process that connected is not what it was then");
  if (terminal == 0) return refuse("the request does not come from a terminal");
  return user_name() + " at terminal " + std::to_string(terminal);
}

}  // namespace hearth::daemon
