#include "packs/mandates/inside/tree_usage.hpp"

#include <dirent.h>
#include <fcntl.h>
#include <unistd.h>

#include <array>
#include <charconv>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "base/unique_fd.hpp"

namespace hearth::packs::mandates::inside {
namespace {

// Empty when it is gone, or not for us.
std::string_view read_small(const std::string& path, std::array<char, 4096>& buffer) {
  const UniqueFd file(::open(path.c_str(), O_RDONLY | O_CLOEXEC));
  if (!file.valid()) return {};
  const ssize_t got = ::read(file.get(), buffer.data(), buffer.size());
  return got <= 0 ? std::string_view()
                  : std::string_view(buffer.data(), static_cast<std::size_t>(got));
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

constexpr std::size_t kilobyte = 1024;

}  // namespace

TreeUsage tree_usage(std::size_t doubt_above) {
  const std::unique_ptr<DIR, int (*)(DIR*)> proc(::opendir("/proc"), &::closedir);
  TreeUsage usage;
  if (proc == nullptr) return usage;
  struct Seen {
    std::string directory;
    std::size_t bytes;
  };
  std::vector<Seen> seen;
  std::array<char, 4096> buffer{};
  while (const dirent* const entry = ::readdir(proc.get())) {
    const std::string_view name = static_cast<const char*>(entry->d_name);
    if (name.find_first_not_of("0123456789") != std::string_view::npos || name == "1") continue;
    std::string directory = "/proc/" + std::string(name);
    const std::string_view status = read_small(directory + "/status", buffer);
    if (status.empty()) continue;
    const std::size_t bytes =
        (number_of(status, "\nRssAnon:") + number_of(status, "\nRssShmem:")) * kilobyte;
    usage.processes += static_cast<int>(number_of(status, "\nThreads:"));
    usage.memory_bytes += bytes;
    seen.push_back({std::move(directory), bytes});
  }
  if (usage.memory_bytes <= doubt_above) return usage;
  usage.memory_bytes = 0;
  for (const Seen& each : seen) {
    const std::string_view rollup = read_small(each.directory + "/smaps_rollup", buffer);
    const std::size_t exact =
        (number_of(rollup, "\nPss_Anon:") + number_of(rollup, "\nPss_Shmem:")) * kilobyte;
    // Unreadable for one that may not be dumped; and never more than it has.
    usage.memory_bytes += rollup.empty() ? each.bytes : std::min(exact, each.bytes);
  }
  return usage;
}

}  // namespace hearth::packs::mandates::inside
