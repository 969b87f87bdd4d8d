#include "packs/mandates/sandbox/process_mark.hpp"

#include <poll.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <cerrno>
#include <csignal>
#include <fstream>
#include <sstream>

#include "base/regular_file.hpp"
#include "base/unique_fd.hpp"

namespace hearth::packs::mandates::sandbox {
namespace {

std::string this_boot() {
  std::ifstream file("/proc/sys/kernel/random/boot_id");
  std::string id;
  std::getline(file, id);
  return id;
}

// One field of proc_pid_stat(5), from the third on; 0: there is no such process.
std::uint64_t status_of(pid_t process, int wanted) {
  constexpr std::size_t most_bytes = 4'096;
  // It may end between being opened and being read.
  const auto all = read_head("/proc/" + std::to_string(process) + "/stat", most_bytes);
  if (!all) return 0;
  // The second is a name that may hold anything.
  const auto name_end = all->rfind(')');
  if (name_end == std::string::npos) return 0;
  std::istringstream rest(all->substr(name_end + 1));
  std::string field;
  for (int i = 3; i < wanted; ++i) rest >> field;
  std::uint64_t value = 0;
  rest >> value;
  return value;
}

std::uint64_t start_of(pid_t process) {
  constexpr int start_time = 22;
  return status_of(process, start_time);
}

bool ends_within(const UniqueFd& process, std::chrono::milliseconds time) {
  pollfd entry{process.get(), POLLIN, 0};
  int ready = 0;
  do ready = ::poll(&entry, 1, static_cast<int>(time.count()));
  while (ready < 0 && errno == EINTR);
  return ready > 0;
}

}  // namespace

bool ProcessMark::is_of_this_boot() const {
  return boot == this_boot();
}

pid_t parent_of(pid_t number) {
  constexpr int parent = 4;
  return static_cast<pid_t>(status_of(number, parent));
}

Result<ProcessMark> mark_of(pid_t number) {
  ProcessMark mark{.number = number, .started = start_of(number), .boot = this_boot()};
  if (mark.started != 0 && !mark.boot.empty()) return mark;
  return fail(Errc::not_found, "there is no process " + std::to_string(number));
}

Result<void> wait_for_end(const ProcessMark& mark, std::chrono::milliseconds grace) {
  if (mark.number <= 0 || !mark.is_of_this_boot()) return {};
  const UniqueFd process(static_cast<int>(::syscall(SYS_pidfd_open, mark.number, 0U)));
  if (!process.valid() && errno == ESRCH) return {};
  if (!process.valid()) return fail_errno("look at process " + std::to_string(mark.number), errno);
  if (start_of(mark.number) != mark.started || ends_within(process, grace)) return {};
  (void)::syscall(SYS_pidfd_send_signal, process.get(), SIGKILL, nullptr, 0U);
  if (ends_within(process, grace)) return {};
  return fail(Errc::unavailable,
              "process " + std::to_string(mark.number) + " of a sandbox does not end",
              {"it may wait for a device: end it, then start hearth again"});
}

}  // namespace hearth::packs::mandates::sandbox
