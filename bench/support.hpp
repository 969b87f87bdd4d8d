// What the benchmark programs share. They are short and synchronous; anything unexpected ends them
// with a message, because a figure measured on the way to an error is worth nothing.
#pragma once

#include <sys/types.h>

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "base/unique_fd.hpp"

namespace hearth::bench {

using Clock = std::chrono::steady_clock;

[[nodiscard]] double milliseconds_since(Clock::time_point start);
[[nodiscard]] double microseconds_since(Clock::time_point start);

// Prints `what` and, if `number` is an errno, its text; exits with 1.
[[noreturn]] void die(const std::string& what, int number = 0);
// The command-line word at `index` as a number of at least 1; dies without one.
[[nodiscard]] int number_argument(int argc, char** argv, int index, std::string_view name);

// The value below which `share` (0…1) of `values` lie; sorts them partially.
[[nodiscard]] double percentile(std::vector<float>& values, double share);
// Prints {"name":…,"unit":…,"values":[…]} as one line.
void print_series(std::string_view name, std::string_view unit, const std::vector<double>& values);

// A blocking connection to a Unix socket.
[[nodiscard]] UniqueFd connect_blocking(const std::string& path);
void write_all(int fd, std::string_view bytes);
// Reads one answer, in as few system calls as it arrives in; dies at the end of the stream.
void read_exactly(int fd, std::size_t size);
[[nodiscard]] std::string read_frame(int fd);
[[nodiscard]] std::string read_line(int fd);
// The same without keeping it.
void skip_frame(int fd);
void skip_line(int fd);

// Whole frames and messages as a client sends them.
[[nodiscard]] std::string framed(std::string_view message);
[[nodiscard]] std::string hello_message();
inline constexpr std::string_view ping_message =
    R"({"jsonrpc":"2.0","id":7,"method":"daemon/ping"})";
// MCP's own: the bridge keeps the daemon's methods from its client.
inline constexpr std::string_view mcp_ping_message = R"({"jsonrpc":"2.0","id":7,"method":"ping"})";
inline constexpr std::string_view list_message =
    R"({"jsonrpc":"2.0","id":7,"method":"tools/list"})";
inline constexpr std::string_view tool_message =
    R"({"jsonrpc":"2.0","id":7,"method":"tools/call","params":{"name":"hearth_status","arguments":{}}})";
inline constexpr std::string_view initialize_message =
    R"({"jsonrpc":"2.0","id":1,"method":"initialize","params":{"protocolVersion":"2025-11-25",)"
    R"("capabilities":{},"clientInfo":{"name":"bench","version":"1"}}})"
    "\n";

// A greeted, framed connection to hearthd.
[[nodiscard]] UniqueFd connect_greeted(const std::string& path);

// A child with pipes at its standard input and output. Its destructor closes both and waits.
class Child final {
 public:
  explicit Child(const std::vector<std::string>& command);
  ~Child();
  Child(const Child&) = delete;
  Child& operator=(const Child&) = delete;

  [[nodiscard]] int in() const { return in_.get(); }    // what it reads
  [[nodiscard]] int out() const { return out_.get(); }  // what it writes
  [[nodiscard]] pid_t pid() const { return pid_; }
  // Closes its standard input, reads its output to the end and waits for it.
  void finish();

 private:
  pid_t pid_ = -1;
  UniqueFd in_;
  UniqueFd out_;
};

// The daemon of $HEARTH_HOME: its pid by the discovery file; dies without one.
[[nodiscard]] pid_t daemon_pid();
// A descriptor that becomes readable when the process ends.
[[nodiscard]] UniqueFd watch_process(pid_t pid);
// Waits for that, at most 10 s.
void await_end(int process);

// Texts that look like notes: `count` words of a vocabulary of 4,000 with few frequent and many
// rare ones. The same seed gives the same text.
class Words final {
 public:
  explicit Words(std::uint64_t seed) : state_(seed * 2 + 1) {}
  [[nodiscard]] std::string text(int count);

 private:
  std::uint64_t state_;
};

}  // namespace hearth::bench
