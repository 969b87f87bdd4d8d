#include "packs/mandates/sandbox/command_group.hpp"

#include <fcntl.h>
#include <poll.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <charconv>
#include <chrono>
#include <csignal>
#include <fstream>

#include "base/regular_file.hpp"

namespace hearth::packs::mandates::sandbox {
namespace {

using std::chrono::milliseconds;
using std::chrono::steady_clock;

constexpr std::size_t most_bytes = 64 << 10;  // of a file that is read
constexpr milliseconds longest_end{5'000};    // for what was killed
constexpr milliseconds between_kills{100};

// The keeper, bubblewrap and process 1 are in the group as well.
constexpr int own_processes = 3;
constexpr std::size_t own_bytes = std::size_t{64} << 20;  // and what the kernel keeps for all

bool is_empty(int events) {
  std::array<char, 256> text{};
  const ssize_t got = ::pread(events, text.data(), text.size(), 0);
  return got < 0 || number_of({text.data(), static_cast<std::size_t>(got)}, "populated") == 0;
}

// Before Linux 5.14 there is no word for all of them. Those that they start meanwhile are in it
// too.
void kill_each(const std::string& directory) {
  std::ifstream processes(directory + "/cgroup.procs");
  for (pid_t each = 0; processes >> each;) {
    if (each > 0) ::kill(each, SIGKILL);
  }
}

bool end_all(const std::string& directory) {
  const UniqueFd events(::open((directory + "/cgroup.events").c_str(), O_RDONLY | O_CLOEXEC));
  if (!events.valid()) return errno == ENOENT;
  const auto end = steady_clock::now() + longest_end;
  while (!is_empty(events.get())) {
    if (steady_clock::now() >= end) return false;
    if (!write_into(directory + "/cgroup.kill", "1")) kill_each(directory);
    pollfd changed{events.get(), POLLPRI, 0};
    (void)::poll(&changed, 1, static_cast<int>(between_kills.count()));
  }
  return true;
}

}  // namespace

Result<void> write_into(const std::string& file, std::string_view text) {
  const UniqueFd opened(::open(file.c_str(), O_WRONLY | O_CLOEXEC));
  if (!opened.valid()) return fail_errno("open " + file, errno);
  if (::write(opened.get(), text.data(), text.size()) != static_cast<ssize_t>(text.size()))
    return fail_errno("write " + std::string(text) + " into " + file, errno);
  return {};
}

std::uint64_t number_of(std::string_view text, std::string_view name) {
  while (!text.empty()) {
    std::string_view line = text.substr(0, text.find('\n'));
    text.remove_prefix(std::min(line.size() + 1, text.size()));
    if (!line.starts_with(name) || !line.substr(name.size()).starts_with(' ')) continue;
    line.remove_prefix(name.size() + 1);
    std::uint64_t number = 0;
    std::from_chars(line.data(), line.data() + line.size(), number);
    return number;
  }
  return 0;
}

// Of memory the kernel counts more than the watchdog does: files in /tmp and /dev/shm, and its own.
// Its limit leaves room for these, so that what may be used without a group may be used with one.
std::vector<std::pair<std::string, std::string>> contents_for(
    const Limits& limits, std::span<const std::string> controllers) {
  std::vector<std::pair<std::string, std::string>> contents;
  const auto has = [&](std::string_view name) {
    return std::ranges::find(controllers, name) != controllers.end();
  };
  if (has("memory")) {
    const std::size_t bytes =
        limits.memory_bytes + limits.tmp_bytes + limits.tmp_bytes / 4 + own_bytes;
    contents.emplace_back("memory.max", std::to_string(bytes));
    contents.emplace_back("memory.swap.max", "0");
    // One of them killed leaves a command that nobody can judge: all or none.
    contents.emplace_back("memory.oom.group", "1");
  }
  if (has("pids"))
    contents.emplace_back("pids.max", std::to_string(limits.processes + own_processes));
  return contents;
}

void remove_group(const std::string& directory) {
  if (end_all(directory)) ::rmdir(directory.c_str());
}

Result<CommandGroup> CommandGroup::make(std::string directory,
                                        std::span<const std::string> controllers,
                                        const Limits& limits) {
  if (::mkdir(directory.c_str(), 0700) != 0) {
    if (errno == EEXIST) return fail(Errc::conflict, directory + " exists");
    return fail_errno("make " + directory, errno);
  }
  UniqueFd entrance(::open((directory + "/cgroup.procs").c_str(), O_WRONLY | O_CLOEXEC));
  const int error = errno;
  CommandGroup group(std::move(directory), std::move(entrance));
  if (!group.entrance_.valid()) return fail_errno("open " + group.directory_, error);
  for (const auto& [name, content] : contents_for(limits, controllers)) {
    const std::string file = group.directory_ + "/" + name;
    // Kernels without swap have no limit for it.
    if (::access(file.c_str(), F_OK) != 0 && name == "memory.swap.max") continue;
    if (auto done = write_into(file, content); !done) return std::unexpected(done.error());
  }
  return group;
}

CommandGroup::CommandGroup(std::string directory, UniqueFd entrance)
    : directory_(std::move(directory)), entrance_(std::move(entrance)) {}

CommandGroup::CommandGroup(CommandGroup&& other) noexcept
    : directory_(std::exchange(other.directory_, {})), entrance_(std::move(other.entrance_)) {}

CommandGroup::~CommandGroup() {
  if (!directory_.empty()) remove_group(directory_);
}

bool CommandGroup::end() const {
  return end_all(directory_);
}

bool CommandGroup::is_out_of_memory() const {
  const auto events = read_head(directory_ + "/memory.events", most_bytes);
  // The second also counts what the whole machine's want has killed.
  return events && number_of(*events, "oom") > 0 && number_of(*events, "oom_kill") > 0;
}

}  // namespace hearth::packs::mandates::sandbox
