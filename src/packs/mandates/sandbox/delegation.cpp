#include "packs/mandates/sandbox/delegation.hpp"

#include <sys/stat.h>
#include <sys/xattr.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <cstdio>
#include <filesystem>
#include <fstream>
#include <sstream>
#include <string_view>
#include <system_error>
#include <utility>

#include "base/confined_path.hpp"
#include "packs/mandates/sandbox/bubblewrap.hpp"
#include "packs/mandates/sandbox/process_mark.hpp"

namespace hearth::packs::mandates::sandbox {
namespace {

constexpr std::string_view own_leaf = "hearth-daemon";
constexpr std::string_view command_prefix = "hearth-command-";  // number, start, count

std::unexpected<Error> none(std::string why) {
  return fail(Errc::unsupported, std::move(why));
}

// "0::PATH" of proc_pid_cgroup(5).
std::string own_group() {
  std::ifstream file("/proc/self/cgroup");
  for (std::string line; std::getline(file, line);) {
    if (line.starts_with("0::/")) return line.substr(3);
  }
  return {};
}

// Where that lies in the file system: proc_pid_mountinfo(5).
Result<std::string> own_directory() {
  const std::string group = own_group();
  if (group.empty() || group.starts_with("/..")) return none("it is in no cgroup of version 2");
  std::ifstream mounts("/proc/self/mountinfo");
  for (std::string line; std::getline(mounts, line);) {
    if (line.find(" - cgroup2 ") == std::string::npos) continue;
    std::istringstream fields(line);
    std::string number, parent, device, root, point;
    fields >> number >> parent >> device >> root >> point;
    if (!is_within(group, root)) continue;
    return point + (root == "/" ? group : group.substr(root.size()));
  }
  return none("no cgroup of version 2 is mounted");
}

bool is_delegated(const std::string& directory) {
  std::array<char, 2> value{};
  for (const char* const name : {"user.delegate", "trusted.delegate"}) {
    if (::getxattr(directory.c_str(), name, value.data(), value.size()) == 1 && value[0] == '1')
      return true;
  }
  return false;
}

// We, or something that we have started.
bool is_ours(pid_t process) {
  while (process > 1 && process != ::getpid()) process = parent_of(process);
  return process == ::getpid();
}

std::vector<pid_t> processes_in(const std::string& directory) {
  std::ifstream file(directory + "/cgroup.procs");
  std::vector<pid_t> processes;
  for (pid_t each = 0; file >> each;) processes.push_back(each);
  return processes;
}

// Moves all of ours out of the group itself.
Result<void> step_aside(const std::string& directory) {
  for (const pid_t each : processes_in(directory)) {
    if (!is_ours(each)) return none("process " + std::to_string(each) + " is in its cgroup too");
  }
  const std::string leaf = directory + "/" + std::string(own_leaf);
  constexpr int most_rounds = 100;  // some thread of ours may be starting a process
  for (int i = 0; i < most_rounds; ++i) {
    const auto left = processes_in(directory);
    if (left.empty()) return {};
    if (::mkdir(leaf.c_str(), 0700) != 0 && errno != EEXIST) return fail_errno(leaf, errno);
    for (const pid_t each : left) {
      auto moved = write_into(leaf + "/cgroup.procs", std::to_string(each));
      if (!moved && is_ours(each)) return moved;
    }
  }
  return none("processes are started in its cgroup all the time");
}

// Those that there are, and that the kernel lets us have.
std::vector<std::string> enable_controllers(const std::string& directory) {
  std::vector<std::string> enabled;
  std::ifstream file(directory + "/cgroup.controllers");
  for (std::string name; file >> name;) {
    if ((name == "memory" || name == "pids") &&
        write_into(directory + "/cgroup.subtree_control", "+" + name))
      enabled.push_back(name);
  }
  return enabled;
}

// What a killed daemon left. That of another daemon, if there is one, is not.
void sweep(const std::string& directory) {
  std::vector<std::string> left;
  std::error_code error;
  for (std::filesystem::directory_iterator each(directory, error), end; !error && each != end;
       each.increment(error)) {
    const std::string name = each->path().filename();
    ProcessMark owner;
    if (!name.starts_with(command_prefix) ||
        std::sscanf(name.c_str() + command_prefix.size(), "%d-%lu-", &owner.number,
                    &owner.started) != 2)
      continue;
    const auto now = mark_of(owner.number);
    if (!now || now->started != owner.started) left.push_back(each->path());
  }
  for (const std::string& each : left) remove_group(each);
}

}  // namespace

Result<std::unique_ptr<const Delegation>> Delegation::find() {
  auto directory = own_directory();
  if (!directory) return std::unexpected(std::move(directory.error()));
  if (directory->ends_with("/" + std::string(own_leaf)))
    directory->resize(directory->size() - own_leaf.size() - 1);
  return open(std::move(*directory));
}

Result<std::unique_ptr<const Delegation>> Delegation::open(std::string directory) {
  if (!is_delegated(directory)) return none("its cgroup is not delegated to it");
  if (auto done = step_aside(directory); !done) return none(std::move(done.error().message));
  sweep(directory);
  auto controllers = enable_controllers(directory);
  return std::unique_ptr<const Delegation>(
      new Delegation(std::move(directory), std::move(controllers)));
}

Delegation::Delegation(std::string directory, std::vector<std::string> controllers)
    : directory_(std::move(directory)), controllers_(std::move(controllers)) {}

Result<CommandGroup> Delegation::make_group(const Limits& limits) const {
  const auto self = mark_of(::getpid());
  if (!self) return std::unexpected(self.error());
  const std::string path = directory_ + "/" + std::string(command_prefix) +
                           std::to_string(self->number) + "-" + std::to_string(self->started) + "-";
  for (int i = 0;; ++i) {
    auto made = CommandGroup::make(path + std::to_string(i), controllers_, limits);
    if (made || made.error().code != Errc::conflict) return made;
  }
}

}  // namespace hearth::packs::mandates::sandbox
