#include "support.hpp"

#include <fcntl.h>
#include <poll.h>
#include <spawn.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <sys/un.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <cmath>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <fstream>
#include <iterator>

#include "ipc/frame.hpp"
#include "ipc/hello.hpp"
#include "ipc/paths.hpp"
#include "json/json.hpp"

extern char** environ;

namespace hearth::bench {

double milliseconds_since(Clock::time_point start) {
  return std::chrono::duration<double, std::milli>(Clock::now() - start).count();
}

double microseconds_since(Clock::time_point start) {
  return std::chrono::duration<double, std::micro>(Clock::now() - start).count();
}

void die(const std::string& what, int number) {
  std::fprintf(stderr, "bench: %s%s%s\n", what.c_str(), number != 0 ? ": " : "",
               number != 0 ? std::strerror(number) : "");
  std::exit(1);
}

int number_argument(int argc, char** argv, int index, std::string_view name) {
  const int number = index < argc ? std::atoi(argv[index]) : 0;
  if (number < 1) die("argument " + std::to_string(index) + " must be the " + std::string(name));
  return number;
}

double percentile(std::vector<float>& values, double share) {
  if (values.empty()) die("nothing was measured");
  const auto rank = static_cast<std::size_t>(share * static_cast<double>(values.size() - 1));
  const auto at = values.begin() + static_cast<std::ptrdiff_t>(rank);
  std::nth_element(values.begin(), at, values.end());
  return *at;
}

void print_series(std::string_view name, std::string_view unit, const std::vector<double>& values) {
  std::printf("{\"name\":%s,\"unit\":%s,\"values\":[", json::quoted(name).c_str(),
              json::quoted(unit).c_str());
  for (std::size_t i = 0; i < values.size(); ++i)
    std::printf("%s%.4f", i == 0 ? "" : ",", values[i]);
  std::printf("]}\n");
}

UniqueFd connect_blocking(const std::string& path) {
  sockaddr_un address{};
  address.sun_family = AF_UNIX;
  if (path.size() >= sizeof address.sun_path) die("socket path too long: " + path);
  std::memcpy(address.sun_path, path.data(), path.size());
  UniqueFd fd(::socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0));
  const auto* generic = reinterpret_cast<const sockaddr*>(&address);
  if (!fd.valid() || ::connect(fd.get(), generic, sizeof address) != 0)
    die("connect to " + path, errno);
  return fd;
}

void write_all(int fd, std::string_view bytes) {
  while (!bytes.empty()) {
    const ssize_t written = ::write(fd, bytes.data(), bytes.size());
    if (written < 0 && errno == EINTR) continue;
    if (written <= 0) die("write", errno);
    bytes.remove_prefix(static_cast<std::size_t>(written));
  }
}

namespace {

std::size_t read_some(int fd, char* data, std::size_t size) {
  for (;;) {
    const ssize_t got = ::read(fd, data, size);
    if (got < 0 && errno == EINTR) continue;
    if (got < 0) die("read", errno);
    if (got == 0) die("the other end closed the connection");
    return static_cast<std::size_t>(got);
  }
}

}  // namespace

void read_exactly(int fd, std::size_t size) {
  std::array<char, 65536> chunk;
  while (size > 0) size -= read_some(fd, chunk.data(), std::min(size, chunk.size()));
}

std::string read_frame(int fd) {
  std::array<char, 65536> chunk;
  ipc::FrameReader reader(ipc::Framing::length_prefixed);
  for (;;) {
    reader.feed(std::string_view(chunk.data(), read_some(fd, chunk.data(), chunk.size())));
    const auto message = reader.next();
    if (!message) die(message.error().message);
    if (*message) return std::string(**message);
  }
}

std::string read_line(int fd) {
  std::array<char, 65536> chunk;
  std::string line;
  while (!line.ends_with('\n'))
    line.append(chunk.data(), read_some(fd, chunk.data(), chunk.size()));
  return line;
}

void skip_frame(int fd) {
  std::array<unsigned char, 65536> chunk;
  char* const bytes = reinterpret_cast<char*>(chunk.data());
  std::size_t have = 0;
  while (have < 4) have += read_some(fd, bytes + have, chunk.size() - have);
  const std::size_t want = 4 + (std::size_t{chunk[0]} << 24 | std::size_t{chunk[1]} << 16 |
                                std::size_t{chunk[2]} << 8 | chunk[3]);
  while (have < want) have += read_some(fd, bytes, std::min(chunk.size(), want - have));
}

void skip_line(int fd) {
  std::array<char, 65536> chunk;
  while (chunk[read_some(fd, chunk.data(), chunk.size()) - 1] != '\n') {
  }
}

std::string framed(std::string_view message) {
  std::string frame;
  ipc::append_frame(frame, message);
  return frame;
}

std::string hello_message() {
  ipc::Greeting greeting;
  greeting.client_name = "bench";
  greeting.pid = ::getpid();
  greeting.cwd = "/";
  return ipc::encode_greeting(greeting);
}

UniqueFd connect_greeted(const std::string& path) {
  UniqueFd fd = connect_blocking(path);
  write_all(fd.get(), framed(hello_message()));
  const std::string answer = read_frame(fd.get());
  if (!ipc::decode_welcome(answer)) die("hearthd refused: " + answer);
  return fd;
}

Child::Child(const std::vector<std::string>& command) {
  std::array<int, 2> to{};
  std::array<int, 2> from{};
  if (::pipe2(to.data(), O_CLOEXEC) != 0 || ::pipe2(from.data(), O_CLOEXEC) != 0)
    die("pipe", errno);
  const UniqueFd child_in(to[0]);
  const UniqueFd child_out(from[1]);
  in_ = UniqueFd(to[1]);
  out_ = UniqueFd(from[0]);
  posix_spawn_file_actions_t actions;
  ::posix_spawn_file_actions_init(&actions);
  ::posix_spawn_file_actions_adddup2(&actions, child_in.get(), STDIN_FILENO);
  ::posix_spawn_file_actions_adddup2(&actions, child_out.get(), STDOUT_FILENO);
  std::vector<char*> words;
  for (const std::string& word : command) words.push_back(const_cast<char*>(word.c_str()));
  words.push_back(nullptr);
  const int failed = ::posix_spawn(&pid_, words[0], &actions, nullptr, words.data(), environ);
  ::posix_spawn_file_actions_destroy(&actions);
  if (failed != 0) die("start " + command.front(), failed);
}

Child::~Child() {
  finish();
}

void Child::finish() {
  if (pid_ < 0) return;
  in_.reset();
  std::array<char, 4096> chunk;
  while (::read(out_.get(), chunk.data(), chunk.size()) > 0) {
  }
  out_.reset();
  while (::waitpid(pid_, nullptr, 0) < 0 && errno == EINTR) {
  }
  pid_ = -1;
}

pid_t daemon_pid() {
  const auto paths = ipc::resolve_paths();
  if (!paths) die(paths.error().message);
  std::ifstream file(paths->discovery());
  const std::string text{std::istreambuf_iterator<char>(file), {}};
  const auto value = json::parse(text);
  if (!value) die("no daemon has left " + paths->discovery());
  return static_cast<pid_t>(json::int_or(*value, "pid", 0));
}

UniqueFd watch_process(pid_t pid) {
  UniqueFd fd(static_cast<int>(::syscall(SYS_pidfd_open, pid, 0)));
  if (!fd.valid()) die("watch process " + std::to_string(pid), errno);
  return fd;
}

void await_end(int process) {
  pollfd entry{process, POLLIN, 0};
  if (::poll(&entry, 1, 10'000) != 1) die("a daemon did not end within 10 s");
}

std::string Words::text(int count) {
  std::string out;
  for (int i = 0; i < count; ++i) {
    state_ ^= state_ << 13;
    state_ ^= state_ >> 7;
    state_ ^= state_ << 17;
    const double uniform = static_cast<double>(state_ >> 11) * 0x1.0p-53;
    auto word = static_cast<unsigned>(4000 * uniform * uniform * uniform);
    if (i != 0) out.push_back(' ');
    for (word += 20; word > 0; word /= 20) {  // two or three syllables
      out.push_back("bdfgklmnprstvzhjcwxq"[word % 20]);
      out.push_back("aeiou"[word % 5]);
    }
  }
  return out;
}

}  // namespace hearth::bench
