#include "io/child_process.hpp"

#include <fcntl.h>
#include <linux/close_range.h>
#include <poll.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <csignal>
#include <cstdlib>
#include <cstring>
#include <future>
#include <string_view>
#include <utility>

#ifndef P_PIDFD
#define P_PIDFD 3
#endif

namespace hearth::io {
namespace {

std::vector<char*> pointers(std::vector<std::string>& texts) {
  std::vector<char*> list;
  for (std::string& text : texts) list.push_back(text.data());
  list.push_back(nullptr);
  return list;
}

// What the forked child does. Everything is made before the fork: only async-signal-safe calls
// after it.
class Launch {
 public:
  Launch(const ChildPlan& plan, std::string program)
      : plan_(plan), program_(std::move(program)), words_(plan.words), parent_(::getpid()) {
    argv_ = pointers(words_);
    if (!plan.environment) return;
    variables_ = *plan.environment;
    envp_ = pointers(variables_);
  }

  // Never returns: the program runs, or errno goes to `report`.
  [[noreturn]] void run(int report) const {
    ::setsid();
    ::prctl(PR_SET_PDEATHSIG, SIGKILL);
    if (::getppid() != parent_) ::_exit(127);  // it was too late for that
    report = ::fcntl(report, F_DUPFD_CLOEXEC, 3);
    if (report < 0 || !place_streams() || ::chdir(plan_.directory.c_str()) != 0) give_up(report);
    ::syscall(SYS_close_range, 3, ~0U, CLOSE_RANGE_CLOEXEC);
    for (const int descriptor : plan_.lent) {
      if (::fcntl(descriptor, F_SETFD, 0) != 0) give_up(report);
    }
    reset_signals();
    ::execve(program_.c_str(), argv_.data(), plan_.environment ? envp_.data() : environ);
    give_up(report);
  }

 private:
  // Those lent are lifted out of the way first: one may lie where another belongs.
  bool place_streams() const {
    const int null = ::open("/dev/null", O_RDWR | O_CLOEXEC);
    if (null < 0) return false;
    std::array<int, 3> streams{plan_.input, plan_.output, plan_.errors};
    for (int& stream : streams) {
      stream = ::fcntl(stream < 0 ? null : stream, F_DUPFD_CLOEXEC, 3);
      if (stream < 0) return false;
    }
    for (int i = 0; i < 3; ++i) {
      if (::dup2(streams[static_cast<std::size_t>(i)], i) < 0) return false;
    }
    return true;
  }
  // Asks the kernel itself: the C library refuses the two signals that it keeps for its threads,
  // and who started us may have left those ignored.
  static void reset_signals() {
    constexpr std::array<unsigned long, 4> by_default{};  // a struct sigaction of the kernel's
    constexpr std::size_t mask_bytes = 8;
    for (int number = 1; number < NSIG; ++number) {
      ::syscall(SYS_rt_sigaction, number, by_default.data(), nullptr, mask_bytes);
    }
    sigset_t none;
    ::sigemptyset(&none);
    ::sigprocmask(SIG_SETMASK, &none, nullptr);
  }
  [[noreturn]] static void give_up(int report) {
    const int reason = errno;
    (void)!::write(report, &reason, sizeof reason);
    ::_exit(127);
  }

  const ChildPlan& plan_;
  const std::string program_;
  std::vector<std::string> words_;
  std::vector<std::string> variables_;
  std::vector<char*> argv_;
  std::vector<char*> envp_;
  const pid_t parent_;
};

// Reaps nothing.
void await_end(int pidfd) {
  pollfd entry{pidfd, POLLIN, 0};
  while (::poll(&entry, 1, -1) < 0 && errno == EINTR) {
  }
}

struct Started {
  pid_t pid = -1;
  int error = 0;  // errno of what failed
  UniqueFd pidfd;
};

Started launch(const Launch& plan) {
  int ends[2];
  if (::pipe2(ends, O_CLOEXEC) != 0) return {.error = errno, .pidfd = {}};
  const UniqueFd read_end(ends[0]);
  UniqueFd write_end(ends[1]);
  const pid_t pid = ::fork();
  if (pid < 0) return {.error = errno, .pidfd = {}};
  if (pid == 0) plan.run(write_end.get());
  Started started{.pid = pid,
                  .error = 0,
                  .pidfd = UniqueFd(static_cast<int>(::syscall(SYS_pidfd_open, pid, 0)))};
  if (!started.pidfd.valid()) started.error = errno;
  write_end.reset();
  int reason = 0;
  ssize_t got = 0;
  while ((got = ::read(read_end.get(), &reason, sizeof reason)) < 0 && errno == EINTR) {
  }
  if (got == sizeof reason) started.error = reason;
  if (started.error != 0) {
    ::kill(pid, SIGKILL);
    while (::waitpid(pid, nullptr, 0) < 0 && errno == EINTR) {
    }
  }
  return started;
}

}  // namespace

Result<std::string> find_program(const std::string& name) {
  if (name.empty()) return fail(Errc::invalid_args, "no program is named");
  const auto missing = [&](const std::string& where) {
    return fail(Errc::not_found, "there is no program " + name + where,
                {"install it, or write its full path"});
  };
  const auto is_program = [](const std::string& path) { return ::access(path.c_str(), X_OK) == 0; };
  if (name.find('/') != std::string::npos) {
    if (::access(name.c_str(), F_OK) != 0) return missing("");
    if (is_program(name)) return name;
    return fail(Errc::permission, name + " may not be executed", {"chmod +x " + name});
  }
  const char* const variable = std::getenv("PATH");
  std::string_view path = variable == nullptr ? "/usr/local/bin:/usr/bin:/bin" : variable;
  while (!path.empty()) {
    const auto end = std::min(path.find(':'), path.size());
    const std::string candidate = std::string(path.substr(0, end)) + "/" + name;
    // Only absolute directories: the daemon's own is no place of the user's.
    if (candidate.front() == '/' && candidate != "/" + name && is_program(candidate))
      return candidate;
    path.remove_prefix(std::min(end + 1, path.size()));
  }
  return missing(" in PATH");
}

std::string ChildEnd::describe() const {
  if (signal == 0) return "exited with status " + std::to_string(exit_code);
  const char* const name = ::sigabbrev_np(signal);
  return "was killed by " +
         (name == nullptr ? "signal " + std::to_string(signal) : "SIG" + std::string(name));
}

Result<std::unique_ptr<ChildProcess>> ChildProcess::start(const ChildPlan& plan) {
  auto program = find_program(plan.words.empty() ? "" : plan.words.front());
  if (!program) return std::unexpected(std::move(program.error()));
  const Launch launched(plan, *program);
  std::promise<Started> promise;
  auto future = promise.get_future();
  std::jthread keeper([&launched, promise = std::move(promise)]() mutable {
    Started started = launch(launched);
    const UniqueFd pidfd(started.error == 0 ? ::fcntl(started.pidfd.get(), F_DUPFD_CLOEXEC, 0)
                                            : -1);
    // From here on `launched` is no longer there.
    std::exchange(promise, {}).set_value(std::move(started));
    if (pidfd.valid()) await_end(pidfd.get());
  });
  Started started = future.get();
  if (started.error != 0) return fail_errno("start " + *program, started.error);
  return std::unique_ptr<ChildProcess>(
      new ChildProcess(started.pid, std::move(started.pidfd), std::move(keeper)));
}

ChildProcess::ChildProcess(pid_t pid, UniqueFd pidfd, std::jthread keeper)
    : pid_(pid), pidfd_(std::move(pidfd)), keeper_(std::move(keeper)) {}

ChildProcess::~ChildProcess() {
  signal(SIGKILL);
  (void)wait(MonotonicTime::max());
}

std::optional<ChildEnd> ChildProcess::wait(MonotonicTime deadline) {
  while (!end_) {
    int timeout = -1;
    if (deadline != MonotonicTime::max()) {
      const auto left =
          std::chrono::ceil<std::chrono::milliseconds>(deadline - std::chrono::steady_clock::now());
      timeout = deadline == MonotonicTime{}
                    ? 0
                    : static_cast<int>(std::clamp<std::int64_t>(left.count(), 0, 3'600'000));
    }
    pollfd entry{pidfd(), POLLIN, 0};
    const int ready = ::poll(&entry, 1, timeout);
    if (ready > 0) return reap();
    if (ready == 0 && std::chrono::steady_clock::now() >= deadline) return std::nullopt;
  }
  return end_;
}

void ChildProcess::signal(int number) {
  // Until it is reaped no other group can have this number.
  if (!end_) ::kill(-pid_, number);
}

ChildEnd ChildProcess::stop(std::chrono::milliseconds grace) {
  signal(SIGTERM);
  if (const auto end = wait(std::chrono::steady_clock::now() + grace)) return *end;
  signal(SIGKILL);
  return *wait(MonotonicTime::max());
}

// Takes along what is left of its group, before the number is free for others.
ChildEnd ChildProcess::reap() {
  signal(SIGKILL);
  siginfo_t info{};
  while (::waitid(static_cast<idtype_t>(P_PIDFD), static_cast<id_t>(pidfd()), &info, WEXITED) < 0 &&
         errno == EINTR) {
  }
  const bool has_exited = info.si_code == CLD_EXITED;
  end_ = {.exit_code = has_exited ? info.si_status : -1, .signal = has_exited ? 0 : info.si_status};
  return *end_;
}

}  // namespace hearth::io
