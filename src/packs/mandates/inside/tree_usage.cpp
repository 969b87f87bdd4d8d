#include "packs/mandates/inside/tree_usage.hpp"

#include <dirent.h>
#include <fcntl.h>
#include <linux/kcmp.h>
#include <sys/syscall.h>
#include <sys/types.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <charconv>
#include <memory>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "base/unique_fd.hpp"

namespace hearth::packs::mandates::inside {
namespace {

constexpr std::size_t kilobyte = 1024;
// A process's status names all groups of its user.
using Buffer = std::array<char, 32'768>;

// Nothing, and errno says why, when it is gone or not for us.
std::optional<std::string_view> read_small(const std::string& path, Buffer& buffer) {
  const UniqueFd file(::open(path.c_str(), O_RDONLY | O_CLOEXEC));
  if (!file.valid()) return std::nullopt;
  const ssize_t got = ::read(file.get(), buffer.data(), buffer.size());
  if (got < 0) return std::nullopt;
  return std::string_view(buffer.data(), static_cast<std::size_t>(got));
}

// The number behind "Name:" at the beginning of a line; 0 when there is none.
std::size_t number_of(std::string_view text, std::string_view name) {
  const auto at = text.find(name);
  if (at == std::string_view::npos) return 0;
  text.remove_prefix(at + name.size());
  text.remove_prefix(std::min(text.find_first_of("0123456789"), text.size()));
  std::size_t number = 0;
  std::from_chars(text.data(), text.data() + text.size(), number);
  return number;
}

bool is_number(std::string_view name) {
  return name.find_first_not_of("0123456789") == std::string_view::npos;
}

using Directory = std::unique_ptr<DIR, int (*)(DIR*)>;

Directory open_directory(const std::string& path) {
  return {::opendir(path.c_str()), &::closedir};
}

struct Seen {
  pid_t process = 0;
  pid_t parent = 0;
  std::string directory;
  std::size_t bytes = 0;
  std::size_t tables = 0;
};

bool has_memory(std::string_view status) {
  return status.find("\nRssAnon:") != std::string_view::npos;
}

// Where the first thread has ended the process lives on in others, and only they have its memory.
void look_at_threads(Seen& seen, std::optional<std::string_view>& status, Buffer& buffer) {
  const std::string tasks = seen.directory + "/task";
  const Directory threads = open_directory(tasks);
  while (const dirent* const entry = threads == nullptr ? nullptr : ::readdir(threads.get())) {
    if (!is_number(static_cast<const char*>(entry->d_name))) continue;
    seen.directory = tasks + "/" + static_cast<const char*>(entry->d_name);
    status = read_small(seen.directory + "/status", buffer);
    if (status && has_memory(*status)) break;
  }
  seen.process = 0;  // the first thread's memory is not the one that was found
}

// A child that vfork(2) made, until it executes something.
bool shares_memory_with_its_parent(const Seen& seen) {
  return ::syscall(SYS_kcmp, seen.process, seen.parent, KCMP_VM, 0, 0) == 0;
}

std::size_t bytes_in(std::string_view status) {
  return kilobyte * (number_of(status, "\nRssAnon:") + number_of(status, "\nRssShmem:") +
                     number_of(status, "\nVmSwap:"));
}

// Each page once, and never more than was seen before; nothing when the process has ended since.
// For one that may not be dumped its pages are unreadable.
std::optional<std::size_t> exact_bytes(const Seen& seen, Buffer& buffer) {
  if (shares_memory_with_its_parent(seen)) return 0;
  const auto rollup = read_small(seen.directory + "/smaps_rollup", buffer);
  if (rollup && !rollup->empty()) {
    const std::size_t pages = number_of(*rollup, "\nPss_Anon:") +
                              number_of(*rollup, "\nPss_Shmem:") + number_of(*rollup, "\nSwapPss:");
    return std::min(pages * kilobyte, seen.bytes) + seen.tables;
  }
  const auto status = read_small(seen.directory + "/status", buffer);
  if (!status || !has_memory(*status)) return std::nullopt;
  return std::min(bytes_in(*status), seen.bytes) + seen.tables;
}

// All processes but the first; nothing when there is no way to look.
std::optional<std::vector<Seen>> look_at_all(TreeUsage& usage, Buffer& buffer) {
  const Directory proc = open_directory("/proc");
  if (proc == nullptr) return std::nullopt;
  std::vector<Seen> all;
  while (const dirent* const entry = ::readdir(proc.get())) {
    const std::string_view name = static_cast<const char*>(entry->d_name);
    if (!is_number(name) || name == "1") continue;
    Seen seen{.directory = "/proc/" + std::string(name)};
    auto status = read_small(seen.directory + "/status", buffer);
    if (!status && errno != ENOENT && errno != ESRCH) return std::nullopt;
    if (!status) continue;
    const std::size_t threads = number_of(*status, "\nThreads:");
    usage.processes += static_cast<int>(threads);
    seen.process = static_cast<pid_t>(number_of(*status, "\nPid:"));
    seen.parent = static_cast<pid_t>(number_of(*status, "\nPPid:"));
    if (!has_memory(*status) && threads > 1) look_at_threads(seen, status, buffer);
    if (!status || !has_memory(*status)) continue;
    seen.bytes = bytes_in(*status);
    seen.tables = kilobyte * number_of(*status, "\nVmPTE:");
    usage.memory_bytes += seen.bytes + seen.tables;
    all.push_back(std::move(seen));
  }
  return all;
}

}  // namespace

std::optional<TreeUsage> tree_usage(std::size_t doubt_above) {
  // What ended between the two looks has given its memory back, or has handed it on to one that was
  // not seen: then it is looked again. What goes on like that counts with what was seen.
  constexpr int most_looks = 4;
  Buffer buffer;
  for (int looks = 1;; ++looks) {
    TreeUsage usage;
    const auto all = look_at_all(usage, buffer);
    if (!all) return std::nullopt;
    if (usage.memory_bytes <= doubt_above) return usage;
    usage.memory_bytes = 0;
    bool has_one_ended = false;
    for (const Seen& each : *all) {
      const auto bytes = exact_bytes(each, buffer);
      has_one_ended = has_one_ended || !bytes;
      usage.memory_bytes += bytes.value_or(each.bytes + each.tables);
    }
    if (usage.memory_bytes <= doubt_above || !has_one_ended || looks == most_looks) return usage;
  }
}

bool is_machine_out_of_memory() {
  Buffer buffer;
  const auto text = read_small("/proc/meminfo", buffer);
  return text && is_out_of_memory(*text);
}

bool is_out_of_memory(std::string_view meminfo) {
  constexpr std::size_t least_part = 32;
  if (meminfo.find("\nMemAvailable:") == std::string_view::npos) return false;
  return number_of(meminfo, "\nMemAvailable:") < number_of(meminfo, "MemTotal:") / least_part;
}

}  // namespace hearth::packs::mandates::inside
