// What the daemon tells the first process of a sandbox, and what that reports back.
//
// The order travels as arguments, the report as one message over the control socket. Both sides are
// of one build.
#pragma once

#include <sys/stat.h>

#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.hpp"

namespace hearth::packs::mandates::inside {

struct Order {
  int control = -1;  // SOCK_SEQPACKET: says "ready", "go" begins, its end ends everything
  int input = -1;    // standard input of the command; -1: empty
  std::size_t memory_bytes = 0;
  std::size_t file_bytes = 0;
  int processes = 0;
  int open_files = 0;
  std::uint16_t relay_port = 0;  // on this port of 127.0.0.1 …
  std::string relay_socket;      // … connections go on to this socket; empty: there is no network
  std::vector<std::string> readable;  // for Landlock
  std::vector<std::string> devices;
  std::vector<std::string> writable;
  std::vector<std::string> mounted;  // "device:inode path" that must be so, before anything begins
  std::string directory = "/";
  std::vector<std::string> words;  // the command

  [[nodiscard]] std::vector<std::string> to_arguments() const;
  [[nodiscard]] static Result<Order> parse(std::span<char* const> arguments);
};

// One of Order::mounted.
[[nodiscard]] std::string mounted_as(const struct stat& status, const std::string& path);

// How it ended.
struct Report {
  enum class End : std::uint8_t {
    exited,     // number: its status
    signalled,  // number: the signal
    memory,     // all its processes together passed the limit; killed
    processes,  // there were more of them than the limit; killed
    not_begun,  // number: errno; `step` failed before the command ran
  };
  End end = End::exited;
  int number = 0;
  std::size_t peak_bytes = 0;
  int peak_processes = 0;
  std::string step;

  [[nodiscard]] std::string to_text() const;
  [[nodiscard]] static std::optional<Report> parse(std::string_view text);
};

inline constexpr std::string_view ready =
    "ready";  // all is mounted, and nothing of the command ran
inline constexpr std::string_view go = "go";

}  // namespace hearth::packs::mandates::inside
