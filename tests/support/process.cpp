#include "support/process.hpp"

#include <fcntl.h>
#include <poll.h>
#include <sys/eventfd.h>
#include <sys/mman.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cerrno>
#include <csignal>
#include <cstdint>
#include <fstream>
#include <stdexcept>
#include <thread>
#include <utility>

namespace hearth::test {
namespace {

UniqueFd kept(const char* name) {
  return UniqueFd(::memfd_create(name, MFD_CLOEXEC));
}

std::string contents(int fd) {
  std::string text;
  char chunk[4096];
  for (off_t at = 0;;) {
    const ssize_t got = ::pread(fd, chunk, sizeof chunk, at);
    if (got <= 0) return text;
    text.append(chunk, static_cast<std::size_t>(got));
    at += got;
  }
}

std::vector<char*> pointers(std::vector<std::string>& words) {
  std::vector<char*> list;
  for (std::string& word : words) list.push_back(word.data());
  list.push_back(nullptr);
  return list;
}

struct Pipe {
  UniqueFd read_end, write_end;
  Pipe() {
    int ends[2];
    if (::pipe2(ends, O_CLOEXEC) != 0) throw std::runtime_error("pipe2");
    read_end.reset(ends[0]);
    write_end.reset(ends[1]);
  }
};

}  // namespace

std::string Outcome::describe() const {
  std::string text = is_timed_out ? "still running" : "exit status " + std::to_string(exit_code);
  if (signal != 0) text += ", signal " + std::to_string(signal);
  return text + " after " + std::to_string(took.count()) + " ms\nstdout: " + out +
         "\nstderr: " + err;
}

Process::Process(const Plan& plan)
    : kept_out_(kept("stdout")),
      kept_err_(kept("stderr")),
      started_(std::chrono::steady_clock::now()) {
  std::vector<std::string> words = plan.words;
  std::vector<std::string> variables;
  for (const auto& [name, value] : plan.environment) variables.push_back(name + "=" + value);
  const auto argv = pointers(words);
  const auto envp = pointers(variables);
  std::optional<Pipe> input;
  std::optional<Pipe> output;
  if (plan.has_input) input.emplace();
  if (plan.pipes_output) output.emplace();
  const UniqueFd null(::open("/dev/null", O_RDONLY | O_CLOEXEC));
  pid_ = ::fork();
  if (pid_ < 0) throw std::runtime_error("fork");
  if (pid_ == 0) {
    std::uint64_t one = 0;
    if (plan.gate >= 0) (void)!::read(plan.gate, &one, sizeof one);
    ::dup2(input ? input->read_end.get() : null.get(), STDIN_FILENO);
    ::dup2(output ? output->write_end.get() : kept_out_.get(), STDOUT_FILENO);
    ::dup2(kept_err_.get(), STDERR_FILENO);
    if (::chdir(plan.cwd.c_str()) != 0) ::_exit(126);
    if (plan.before_exec) plan.before_exec();
    ::execve(argv.front(), argv.data(), envp.data());
    ::_exit(127);
  }
  pidfd_.reset(static_cast<int>(::syscall(SYS_pidfd_open, pid_, 0)));
  if (input) input_ = std::move(input->write_end);
  if (output) output_ = std::move(output->read_end);
}

Process::Process(Process&& other) noexcept
    : pid_(std::exchange(other.pid_, -1)),
      pidfd_(std::move(other.pidfd_)),
      input_(std::move(other.input_)),
      output_(std::move(other.output_)),
      kept_out_(std::move(other.kept_out_)),
      kept_err_(std::move(other.kept_err_)),
      started_(other.started_),
      status_(other.status_) {}

Process::~Process() {
  if (pid_ < 0 || status_) return;
  signal(SIGKILL);
  (void)reap(std::chrono::hours(1));
}

void Process::signal(int number) const {
  if (!status_) ::kill(pid_, number);
}

bool Process::reap(milliseconds timeout) {
  if (status_) return true;
  const auto deadline = std::chrono::steady_clock::now() + timeout;
  for (;;) {
    int status = 0;
    if (::waitpid(pid_, &status, WNOHANG) == pid_) {
      status_ = status;
      return true;
    }
    const auto left =
        std::chrono::ceil<milliseconds>(deadline - std::chrono::steady_clock::now()).count();
    if (left <= 0) return false;
    pollfd entry{pidfd_.get(), POLLIN, 0};
    (void)::poll(&entry, 1, static_cast<int>(std::min<std::int64_t>(left, 60'000)));
  }
}

Outcome Process::wait(milliseconds timeout) {
  Outcome outcome;
  if (!reap(timeout)) {
    outcome.is_timed_out = true;
    signal(SIGKILL);
    (void)reap(std::chrono::hours(1));
  }
  outcome.took = std::chrono::ceil<milliseconds>(std::chrono::steady_clock::now() - started_);
  if (WIFEXITED(*status_)) outcome.exit_code = WEXITSTATUS(*status_);
  if (WIFSIGNALED(*status_)) outcome.signal = WTERMSIG(*status_);
  outcome.out = contents(kept_out_.get());
  outcome.err = errors();
  return outcome;
}

bool Process::is_running() {
  return !reap(milliseconds(0));
}

std::string Process::errors() const {
  return contents(kept_err_.get());
}

Outcome run(const Plan& plan, milliseconds timeout) {
  return Process(plan).wait(timeout);
}

bool eventually(const std::function<bool()>& is_true, milliseconds timeout) {
  const auto deadline = std::chrono::steady_clock::now() + timeout;
  for (;;) {
    if (is_true()) return true;
    if (std::chrono::steady_clock::now() >= deadline) return false;
    std::this_thread::sleep_for(milliseconds(2));
  }
}

bool is_alive(pid_t pid) {
  const std::string stat = read_file("/proc/" + std::to_string(pid) + "/stat");
  const auto name_end = stat.rfind(')');
  if (name_end == std::string::npos || name_end + 2 >= stat.size()) return false;
  const char state = stat[name_end + 2];
  return state != 'Z' && state != 'X';
}

std::size_t resident_bytes(pid_t pid) {
  std::ifstream statm("/proc/" + std::to_string(pid) + "/statm");
  std::size_t size = 0;
  std::size_t resident = 0;
  statm >> size >> resident;
  return resident * static_cast<std::size_t>(::sysconf(_SC_PAGESIZE));
}

// Not by a stream: those throw when a process goes while its file in /proc is read.
std::string read_file(const std::string& path) {
  const UniqueFd file(::open(path.c_str(), O_RDONLY | O_CLOEXEC));
  std::string text;
  char chunk[4096];
  for (ssize_t got = 0; (got = ::read(file.get(), chunk, sizeof chunk)) > 0;)
    text.append(chunk, static_cast<std::size_t>(got));
  return text;
}

void write_file(const std::string& path, std::string_view text) {
  std::ofstream(path, std::ios::binary | std::ios::trunc) << text;
}

}  // namespace hearth::test
