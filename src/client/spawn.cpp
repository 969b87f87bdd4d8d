#include "client/spawn.hpp"

#include <fcntl.h>
#include <poll.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <csignal>
#include <utility>

#include "base/program_path.hpp"
#include "base/regular_file.hpp"
#include "base/version.hpp"
#include "ipc/socket.hpp"
#include "json/json.hpp"

namespace hearth::client {
namespace {

// The descriptors a daemon finds open: standard streams and these.
constexpr int ready_fd = 3;
constexpr int private_fd = 4;

std::string own_directory() {
  const std::string path = program_path();
  return path.substr(0, path.rfind('/'));
}

// What record_newest() of the daemon left beside the data, if it is newer than we are and still
// there.
std::string recorded_binary(const Options& options) {
  const auto text = read_head(options.paths.newest(), 4096);
  const auto record = json::parse(text.value_or(""));
  if (!record || compare_versions(json::string_or(*record, "version", "0"), version()) <= 0)
    return {};
  std::string binary(json::string_or(*record, "binary", ""));
  return ::access(binary.c_str(), X_OK) == 0 ? binary : std::string();
}

// Runs in the forked child: only async-signal-safe calls until exec.
class ChildPlan {
 public:
  ChildPlan(std::string binary, std::vector<std::string> arguments) : words_(std::move(arguments)) {
    words_.insert(words_.begin(), std::move(binary));
    for (std::string& word : words_) argv_.push_back(word.data());
    argv_.push_back(nullptr);
  }

  // Never returns. Descriptors at their places, everything else closed, own session, no parent to
  // outlive.
  [[noreturn]] void run(int log, int ready, int connection) const {
    ::setsid();
    if (::fork() != 0) ::_exit(0);  // the grandchild belongs to init and leaves no zombie here
    place(log, ready, connection);
    (void)!::chdir("/");
    block_daemon_signals();
    ::execv(argv_.front(), argv_.data());
    give_up(ready_fd, "unavailable cannot execute hearthd\n");
  }

 private:
  // Whatever lies at a place that is still to be filled is lifted out of the way first.
  static void place(int log, int ready, int connection) {
    const int null = lift(::open("/dev/null", O_RDWR | O_CLOEXEC));
    const int lifted_log = log >= 0 ? lift(log) : null;
    const int lifted_ready = lift(ready);
    const int lifted_connection = connection >= 0 ? lift(connection) : -1;
    const bool is_short = null < 0 || lifted_log < 0 || lifted_ready < 0;
    if (is_short || (connection >= 0 && lifted_connection < 0))
      give_up(ready, "unavailable too few file descriptors to start hearthd\n");
    ::dup2(null, STDIN_FILENO);
    ::dup2(lifted_log, STDOUT_FILENO);
    ::dup2(lifted_log, STDERR_FILENO);
    ::dup2(lifted_ready, ready_fd);
    if (connection >= 0) ::dup2(lifted_connection, private_fd);
    ::close_range(connection >= 0 ? private_fd + 1 : ready_fd + 1, ~0U, 0);
  }
  static int lift(int fd) { return ::fcntl(fd, F_DUPFD_CLOEXEC, private_fd + 1); }
  [[noreturn]] static void give_up(int ready, std::string_view text) {
    (void)!::write(ready, text.data(), text.size());
    ::_exit(127);
  }
  // A signal between exec and the daemon's first statement waits for its handler instead of killing
  // it.
  static void block_daemon_signals() {
    sigset_t set;
    ::sigemptyset(&set);
    for (const int number : {SIGTERM, SIGINT, SIGHUP, SIGUSR1}) ::sigaddset(&set, number);
    ::sigprocmask(SIG_SETMASK, &set, nullptr);
    for (const int number : {SIGPIPE, SIGCHLD, SIGHUP, SIGINT, SIGTERM}) ::signal(number, SIG_DFL);
  }

  std::vector<std::string> words_;
  std::vector<char*> argv_;
};

Result<void> parse_readiness(std::string_view text,
                             const std::string& binary,
                             const Options& options) {
  if (text == "ready\n") return {};
  const std::vector<std::string> see_log{"look at " + options.paths.log()};
  if (text.empty())
    return fail(Errc::unavailable, binary + " ended before it could serve", see_log);
  const auto line_end = std::min(text.find('\n'), text.size());
  const auto word_end = std::min(text.find(' '), line_end);
  std::vector<std::string> suggestions;
  for (auto begin = line_end + 1; begin < text.size();) {
    const auto end = std::min(text.find('\n', begin), text.size());
    suggestions.emplace_back(text.substr(begin, end - begin));
    begin = end + 1;
  }
  if (suggestions.empty()) suggestions = see_log;
  const auto message =
      text.substr(std::min(word_end + 1, line_end), line_end - std::min(word_end + 1, line_end));
  return fail(errc_from_name(text.substr(0, word_end)), "hearthd: " + std::string(message),
              suggestions);
}

// Reads the readiness pipe to its end, or to "ready\n".
Result<void> await_readiness(int pipe,
                             const std::string& binary,
                             const Options& options,
                             MonotonicTime deadline) {
  std::string text;
  for (;;) {
    pollfd entry{pipe, POLLIN, 0};
    const int ready = ::poll(&entry, 1, std::min(ipc::poll_timeout(deadline), 100));
    if (ready < 0 && errno != EINTR) return fail_errno("wait for hearthd", errno);
    if (ready == 0 && std::chrono::steady_clock::now() >= deadline) {
      return fail(Errc::timed_out, binary + " did not become ready in time",
                  {"look at " + options.paths.log()});
    }
    if (options.is_abandoned && options.is_abandoned())
      return fail(Errc::cancelled, "the client has gone");
    if (ready <= 0) continue;
    std::array<char, 1024> chunk{};
    const ssize_t got = ::read(pipe, chunk.data(), chunk.size());
    if (got < 0 && errno == EINTR) continue;
    if (got > 0) text.append(chunk.data(), static_cast<std::size_t>(got));
    if (got <= 0 || text == "ready\n") return parse_readiness(text, binary, options);
  }
}

Result<void> launch(const Options& options, int connection, MonotonicTime deadline) {
  const auto binary = find_daemon_binary(options);
  if (!binary) return std::unexpected(binary.error());
  if (auto made = ipc::ensure_private_directory(options.paths.state); !made) return made;
  int ends[2];
  if (::pipe2(ends, O_CLOEXEC) != 0) return fail_errno("pipe", errno);
  const UniqueFd ready_read(ends[0]);
  UniqueFd ready_write(ends[1]);
  // Without a log it starts all the same, and says through the readiness pipe why it cannot write.
  const auto log = open_regular(options.paths.log(), O_WRONLY | O_CREAT | O_APPEND);
  std::vector<std::string> arguments = options.daemon_arguments;
  arguments.insert(arguments.end(), {"--ready-fd", std::to_string(ready_fd)});
  if (connection >= 0)
    arguments.insert(arguments.end(), {"--private-fd", std::to_string(private_fd)});
  const ChildPlan plan(*binary, std::move(arguments));
  const pid_t child = ::fork();
  if (child < 0) return fail_errno("fork", errno);
  if (child == 0) plan.run(log ? log->get() : -1, ready_write.get(), connection);
  ready_write.reset();
  while (::waitpid(child, nullptr, 0) < 0 && errno == EINTR) {
  }
  return await_readiness(ready_read.get(), *binary, options, deadline);
}

}  // namespace

Result<std::string> find_daemon_binary(const Options& options) {
  if (auto newer = recorded_binary(options); !newer.empty()) return newer;
  const std::string binary =
      options.daemon_binary.empty() ? own_directory() + "/hearthd" : options.daemon_binary;
  if (::access(binary.c_str(), X_OK) == 0) return binary;
  return fail(Errc::unavailable, "there is no hearthd at " + binary,
              {"install hearth and hearthd into one directory",
               "set daemon_binary in [client] of config.toml"});
}

Result<void> spawn_shared(const Options& options, MonotonicTime deadline) {
  return launch(options, -1, deadline);
}

Result<UniqueFd> spawn_private(const Options& options, MonotonicTime deadline) {
  auto ends = ipc::socket_pair();
  if (!ends) return std::unexpected(ends.error());
  if (auto launched = launch(options, ends->second.get(), deadline); !launched) {
    return std::unexpected(launched.error());
  }
  return std::move(ends->first);
}

}  // namespace hearth::client
