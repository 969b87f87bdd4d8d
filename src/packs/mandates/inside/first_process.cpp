#include "packs/mandates/inside/first_process.hpp"

#include <fcntl.h>
#include <poll.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/signalfd.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <csignal>
#include <cstdlib>
#include <optional>
#include <utility>
#include <vector>

#include "base/unique_fd.hpp"
#include "packs/mandates/inside/landlock.hpp"
#include "packs/mandates/inside/probes.hpp"
#include "packs/mandates/inside/relay.hpp"
#include "packs/mandates/inside/system_call_filter.hpp"
#include "packs/mandates/inside/tree_usage.hpp"

namespace hearth::packs::mandates::inside {
namespace {

// A process can fill some 100 MB between two looks; RLIMIT_DATA holds each single one meanwhile.
constexpr int tick = 20;  // ms
constexpr int most_missed = 50;
constexpr int most_reaped = 256;
// So that a command that takes all it gets leaves room for the daemon, and for the watchdog.
constexpr int niceness = 5;

Result<void> limit(__rlimit_resource resource, std::size_t most, const char* name) {
  const rlimit both{most, most};
  if (::setrlimit(resource, &both) != 0) return fail_errno(std::string("limit ") + name, errno);
  return {};
}

Result<void> set_limits(const Order& order) {
  if (auto done = limit(RLIMIT_CORE, 0, "core files"); !done) return done;
  if (auto done = limit(RLIMIT_DATA, order.memory_bytes, "memory"); !done) return done;
  if (auto done = limit(RLIMIT_FSIZE, order.file_bytes, "file size"); !done) return done;
  if (auto done = limit(RLIMIT_NOFILE, static_cast<std::size_t>(order.open_files), "files"); !done)
    return done;
  // Counted per user namespace, so that the user's other processes are not in it. One for us. The
  // kernel exempts root's processes, whatever their number in here: there the watchdog alone
  // counts.
  return limit(RLIMIT_NPROC, static_cast<std::size_t>(order.processes) + 1, "processes");
}

// If the machine runs out of memory, the kernel shall take this process first. Best effort.
void offer_to_the_kernel() {
  // Of one that may not be dumped, which process 1 has left to us, this file is root's. Nothing of
  // the command runs yet that could look into us.
  ::prctl(PR_SET_DUMPABLE, 1);
  const UniqueFd file(::open("/proc/self/oom_score_adj", O_WRONLY | O_CLOEXEC));
  if (file.valid()) (void)!::write(file.get(), "1000", 4);
}

Result<void> enclose(const Order& order) {
  if (order.input >= 0 && ::dup2(order.input, 0) < 0) return fail_errno("standard input", errno);
  if (::chdir(order.directory.c_str()) != 0) return fail_errno("go to " + order.directory, errno);
  // Programs ask it where they are, and bubblewrap has set it to where the mounts were made.
  if (::setenv("PWD", order.directory.c_str(), 1) != 0) return fail_errno("set PWD", errno);
  ::setsid();
  ::setpriority(PRIO_PROCESS, 0, niceness);
  offer_to_the_kernel();
  if (auto done = set_limits(order); !done) return done;
  if (auto done = restrict_with_landlock(
          {.readable = order.readable, .devices = order.devices, .writable = order.writable});
      !done)
    return done;
  return install_system_call_filter();
}

// bubblewrap mounts by path, and a path can be led elsewhere after the daemon has looked.
Result<void> check_mounts(const Order& order) {
  for (const std::string& each : order.mounted) {
    const std::string path = each.substr(each.find(' ') + 1);
    struct stat status{};
    if (::stat(path.c_str(), &status) != 0) return fail_errno(path, errno);
    if (mounted_as(status, path) == each) continue;
    errno = ESTALE;
    return fail(Errc::permission, path + " was exchanged for something else");
  }
  return {};
}

// In the forked child. Returns only with what failed.
std::pair<int, std::string> become_command(const Order& order, int report) {
  sigset_t none;
  ::sigemptyset(&none);
  ::sigprocmask(SIG_SETMASK, &none, nullptr);
  if (auto done = enclose(order); !done) return {errno, done.error().message};
  if (order.words.front() == probe_word) {
    ::close(report);  // as execve(2) does
    ::_exit(run_probe(order.words.back()));
  }
  std::vector<std::string> words = order.words;
  std::vector<char*> argv;
  for (std::string& word : words) argv.push_back(word.data());
  argv.push_back(nullptr);
  ::execvp(argv.front(), argv.data());
  return {errno, "start " + order.words.front()};
}

class FirstProcess final {
 public:
  explicit FirstProcess(const Order& order) : order_(order) {}

  int run() {
    Report report = supervise();
    report.peak_bytes = peak_.memory_bytes;
    report.peak_processes = peak_.processes;
    const std::string text = report.to_text();
    (void)::send(order_.control, text.data(), text.size(), MSG_NOSIGNAL);
    return 0;
  }

 private:
  static Report not_begun(std::string step) {
    return {.end = Report::End::not_begun, .number = errno, .step = std::move(step)};
  }

  Report supervise() {
    ::prctl(PR_SET_PDEATHSIG, SIGKILL);
    ::prctl(PR_SET_DUMPABLE, 0);  // the command may not look into us
    for (const int descriptor : {order_.control, order_.input}) {
      if (descriptor >= 0) ::fcntl(descriptor, F_SETFD, FD_CLOEXEC);
    }
    sigset_t child;
    ::sigemptyset(&child);
    ::sigaddset(&child, SIGCHLD);
    ::sigprocmask(SIG_BLOCK, &child, nullptr);
    ended_.reset(::signalfd(-1, &child, SFD_CLOEXEC | SFD_NONBLOCK));
    if (!ended_.valid()) return not_begun("signalfd");
    if (!order_.relay_socket.empty()) {
      auto relay = Relay::open(order_.relay_port, order_.relay_socket);
      if (!relay) return not_begun(relay.error().message);
      relay_.emplace(std::move(*relay));
    }
    if (auto done = check_mounts(order_); !done) return not_begun(done.error().message);
    // From its sender the daemon knows who we are outside of this namespace.
    (void)::send(order_.control, ready.data(), ready.size(), MSG_NOSIGNAL);
    std::array<char, 8> word{};
    if (::recv(order_.control, word.data(), word.size(), 0) <= 0) ::_exit(1);
    return start();
  }

  Report start() {
    int ends[2];
    if (::pipe2(ends, O_CLOEXEC) != 0) return not_begun("pipe");
    const UniqueFd read_end(ends[0]);
    UniqueFd write_end(ends[1]);
    command_ = ::fork();
    if (command_ < 0) return not_begun("fork");
    if (command_ == 0) {
      const auto [error, step] = become_command(order_, write_end.get());
      const std::string text =
          Report{.end = Report::End::not_begun, .number = error, .step = step}.to_text();
      (void)!::write(write_end.get(), text.data(), text.size());
      ::_exit(127);
    }
    write_end.reset();
    std::array<char, 1024> text{};
    const ssize_t got = ::read(read_end.get(), text.data(), text.size());
    if (got > 0) {
      if (auto failed = Report::parse({text.data(), static_cast<std::size_t>(got)})) return *failed;
    }
    return watch();
  }

  Report watch() {
    std::vector<pollfd> entries;
    for (;;) {
      entries.assign({{ended_.get(), POLLIN, 0}, {order_.control, POLLIN, 0}});
      if (relay_) relay_->add_to(entries);
      (void)::poll(entries.data(), entries.size(), tick);
      if (entries[1].revents != 0) ::_exit(1);  // the daemon has closed its end, or is gone
      if (const auto report = reap()) return *report;
      if (relay_) relay_->serve(entries.data() + 2);
      if (const auto report = measure()) return *report;
    }
  }

  std::optional<Report> reap() {
    signalfd_siginfo info{};
    while (::read(ended_.get(), &info, sizeof info) > 0) {
    }
    int status = 0;
    // Others may end faster than they can be reaped; the rest has time until the next look.
    for (int i = 0; i < most_reaped; ++i) {
      const pid_t pid = ::waitpid(-1, &status, WNOHANG);
      if (pid <= 0) break;
      if (pid != command_) continue;
      const bool has_exited = WIFEXITED(status);
      return Report{.end = has_exited ? Report::End::exited : Report::End::signalled,
                    .number = has_exited ? WEXITSTATUS(status) : WTERMSIG(status)};
    }
    return std::nullopt;
  }

  std::optional<Report> measure() {
    const auto now = tree_usage(order_.memory_bytes);
    if (!now) {
      // Descriptors may be short for a moment; nothing runs unwatched for longer.
      if (++missed_ > most_missed) ::_exit(1);
      return std::nullopt;
    }
    missed_ = 0;
    peak_.memory_bytes = std::max(peak_.memory_bytes, now->memory_bytes);
    peak_.processes = std::max(peak_.processes, now->processes);
    if (now->processes > order_.processes) return Report{.end = Report::End::processes};
    if (now->memory_bytes > order_.memory_bytes || is_machine_out_of_memory())
      return Report{.end = Report::End::memory};
    return std::nullopt;
  }

  const Order& order_;
  UniqueFd ended_;
  std::optional<Relay> relay_;
  pid_t command_ = -1;
  TreeUsage peak_;
  int missed_ = 0;  // looks in a row
};

}  // namespace

int run_first_process(const Order& order) {
  return FirstProcess(order).run();
}

}  // namespace hearth::packs::mandates::inside
