#include "packs/mandates/inside/keeper.hpp"

#include <fcntl.h>
#include <poll.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <charconv>
#include <csignal>
#include <cstdio>
#include <cstring>
#include <string_view>

#include "base/unique_fd.hpp"

namespace hearth::packs::mandates::inside {
namespace {

constexpr std::string_view keep_word = "--keep";

[[noreturn]] void end_all() {
  ::kill(0, SIGKILL);
  for (;;) ::pause();
}

bool read_number(std::string_view text, int& number) {
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), number);
  return error == std::errc{} && end == text.data() + text.size();
}

int give_up(const std::string& step) {
  std::fprintf(stderr, "hearth-sandbox: %s: %s\n", step.c_str(), std::strerror(errno));
  return 126;
}

// In the forked child.
[[noreturn]] void become(std::vector<std::string>& words, pid_t parent) {
  ::prctl(PR_SET_PDEATHSIG, SIGKILL);
  if (::getppid() != parent) ::_exit(1);  // it was too late for that
  std::vector<char*> argv;
  for (std::string& word : words) argv.push_back(word.data());
  argv.push_back(nullptr);
  ::execv(argv.front(), argv.data());
  ::_exit(give_up("start " + words.front()));
}

// What the sandbox was lent is no business of ours: somebody waits for the last copy to be closed.
void close_all_but(int descriptor) {
  const auto kept = static_cast<unsigned>(descriptor);
  if (kept > 0) ::syscall(SYS_close_range, 0U, kept - 1, 0U);
  ::syscall(SYS_close_range, kept + 1, ~0U, 0U);
}

// Until bubblewrap has ended, or the daemon.
int watch(pid_t program, int lifeline) {
  close_all_but(lifeline);
  const UniqueFd ended(static_cast<int>(::syscall(SYS_pidfd_open, program, 0U)));
  if (!ended.valid()) end_all();
  std::array<pollfd, 2> entries{pollfd{lifeline, POLLIN, 0}, pollfd{ended.get(), POLLIN, 0}};
  while (::poll(entries.data(), entries.size(), -1) < 0 && errno == EINTR) {
  }
  int status = 0;
  if (entries[0].revents != 0 || ::waitpid(program, &status, 0) != program || !WIFEXITED(status))
    end_all();
  return WEXITSTATUS(status);
}

}  // namespace

std::vector<std::string> KeepOrder::to_arguments() const {
  std::vector<std::string> all{std::string(keep_word), std::to_string(lifeline),
                               std::to_string(group)};
  all.insert(all.end(), words.begin(), words.end());
  return all;
}

std::optional<KeepOrder> KeepOrder::parse(std::span<char* const> arguments) {
  if (arguments.size() < 4 || arguments[0] != keep_word) return std::nullopt;
  KeepOrder order;
  if (!read_number(arguments[1], order.lifeline) || !read_number(arguments[2], order.group))
    return std::nullopt;
  for (char* const word : arguments.subspan(3)) order.words.emplace_back(word);
  return order;
}

int keep(KeepOrder order) {
  errno = EPERM;
  if (::getpgrp() != ::getpid()) return give_up("keep a process group of others");
  // Not by a name of hearth's: who kills all of that name at once leaves the keeper to end the
  // rest.
  ::prctl(PR_SET_NAME, "bwrap-keeper");
  // The daemon's end is seen by the lifeline; to be killed with it would be to miss it.
  ::prctl(PR_SET_PDEATHSIG, 0);
  if (::fcntl(order.lifeline, F_SETFD, FD_CLOEXEC) != 0) return give_up("lifeline");
  // Before there is anything else to be in it.
  if (order.group >= 0 && ::write(order.group, "0", 1) != 1) return give_up("enter the cgroup");
  if (order.group >= 0) ::close(order.group);
  const pid_t self = ::getpid();
  const pid_t program = ::fork();
  if (program < 0) return give_up("fork");
  if (program == 0) become(order.words, self);
  return watch(program, order.lifeline);
}

}  // namespace hearth::packs::mandates::inside
