// The one error type of hearth and the alias that carries it.
//
// An expected failure is a value: `Result<T>`. Exceptions mean a bug or exhaustion and are caught
// at the edges (session, pack job, main). libstdc++'s expected is not [[nodiscard]], so every
// function that returns a Result is.
#pragma once

#include <cstdint>
#include <expected>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace hearth {

// Closed: a code exists only where some caller treats it differently. `errc_name` gives the word
// that users, logs and the wire see; `exit_code` the process status of the command line.
enum class Errc : std::uint8_t {
  invalid_args,      // the request is wrong; the message says how to mend it
  not_found,         // the named thing does not exist
  conflict,          // the thing changed meanwhile, or a key was used for something else
  busy,              // a bounded resource is full; try again
  io,                // the file system or the kernel refused
  permission,        // not the owner, or outside what the caller may touch
  read_only,         // this session or this process may not write the store
  timed_out,         // the deadline passed
  cancelled,         // the caller withdrew the request or went away
  draining,          // the daemon is leaving; nothing was done; send again elsewhere
  mismatch,          // protocol, namespace or configuration of the two ends differ
  outcome_unknown,   // the effect may or may not have happened
  damaged,           // stored data fails its checks
  unsupported,       // known, and deliberately not done here
  unavailable,       // the daemon, or an engine behind it, cannot be reached
  engine_restarted,  // an engine behind the daemon ended; what it held is gone, nothing was changed
  internal,          // a bug of ours
};

[[nodiscard]] std::string_view errc_name(Errc code);
// Inverse of errc_name; `internal` for a word that is none.
[[nodiscard]] Errc errc_from_name(std::string_view name);
// 1 other, 2 invalid arguments, 3 not found, 4 conflict, 5 busy or I/O, 6 daemon.
[[nodiscard]] int exit_code(Errc code);

struct Error {
  Errc code = Errc::internal;
  std::string message;                   // one sentence: what failed, on what
  std::vector<std::string> suggestions;  // what to do next, most likely first

  // Adds context once per layer: "open index: ENOENT /path".
  [[nodiscard]] Error within(std::string_view context) && {
    message.insert(0, std::string(context) + ": ");
    return std::move(*this);
  }
};

template <typename T>
using Result = std::expected<T, Error>;

[[nodiscard]] inline std::unexpected<Error> fail(Errc code,
                                                 std::string message,
                                                 std::vector<std::string> suggestions = {}) {
  return std::unexpected(Error{code, std::move(message), std::move(suggestions)});
}

// "what: No such file or directory"; the code follows errno (ENOENT → not_found, EACCES →
// permission, else io).
[[nodiscard]] std::unexpected<Error> fail_errno(std::string_view what, int error_number);

}  // namespace hearth
