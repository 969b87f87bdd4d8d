// Find the daemon, or start it: the one place that decides between shared, private and failure.
#include <fcntl.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <thread>
#include <utility>

#include "base/file_lock.hpp"
#include "base/log.hpp"
#include "base/regular_file.hpp"
#include "base/version.hpp"
#include "client/client.hpp"
#include "client/spawn.hpp"
#include "ipc/socket.hpp"

namespace hearth::client {
namespace {

using std::chrono::milliseconds;

// A daemon that dies while it starts, or finds another one in its way, is tried again this often:
// whatever killed it, or the other one, may be gone by then.
constexpr int most_spawns = 5;

// One try at connecting, greeting or spawning ends in one of these.
enum class Verdict : std::uint8_t {
  again,     // the situation changed or may change by itself: try from the start
  fallback,  // no shared daemon can serve; private mode may
  final,     // an error to report
};
struct Setback {
  Verdict verdict;
  std::string reason;  // word for the fallback counters
  Error error;
};

template <typename T>
using Attempt = std::expected<T, Setback>;

// A lone frame from a daemon that has not welcomed us yet.
Result<std::string> read_frame(int fd, const Options& options, MonotonicTime deadline) {
  constexpr auto slice = milliseconds(100);  // between looks at whether anybody still waits
  ipc::FrameReader reader(ipc::Framing::length_prefixed);
  std::string bytes;
  for (;;) {
    bytes.clear();
    const auto now = std::chrono::steady_clock::now();
    const auto got = ipc::receive_some(fd, bytes, std::min(deadline, now + slice));
    if (!got && got.error().code == Errc::timed_out && now + slice < deadline) {
      if (options.is_abandoned && options.is_abandoned())
        return fail(Errc::cancelled, "the client has gone");
      continue;
    }
    if (!got) return std::unexpected(got.error());
    if (*got == 0)
      return fail(Errc::draining, "the daemon closed the connection before it answered");
    reader.feed(bytes);
    const auto frame = reader.next();
    if (!frame) return std::unexpected(frame.error());
    if (*frame) return std::string(**frame);
  }
}

// What follows from a refusal. A private daemon helps where the shared one serves something else;
// it would only add to the load of a busy one.
Verdict verdict_of(std::string_view reason) {
  if (reason == "draining") return Verdict::again;
  const bool is_final = reason == "busy" || reason == "wrong_user";
  return is_final ? Verdict::final : Verdict::fallback;
}

Attempt<ipc::Welcome> greet(int fd, const Options& options, MonotonicTime deadline) {
  std::string frame;
  ipc::append_frame(frame, ipc::encode_greeting(options.greeting));
  const auto sent = ipc::send_all(fd, frame, deadline);
  const auto answer =
      sent ? read_frame(fd, options, deadline) : Result<std::string>(std::unexpected(sent.error()));
  if (!answer) {
    const Errc code = answer.error().code;
    const bool is_gone = code == Errc::unavailable || code == Errc::draining;
    if (is_gone) return std::unexpected(Setback{Verdict::again, "draining", answer.error()});
    if (code == Errc::cancelled)
      return std::unexpected(Setback{Verdict::final, "cancelled", answer.error()});
    Error error = answer.error();
    if (code == Errc::timed_out) {
      const auto peer = ipc::peer_credentials(fd);
      error.message =
          "the daemon (pid " + std::to_string(peer ? peer->pid : 0) + ") does not answer";
      error.suggestions = {"it may be stopped (SIGSTOP) or overloaded: `hearth daemon logs`",
                           "use --no-daemon meanwhile"};
      return std::unexpected(Setback{Verdict::final, "no_answer", std::move(error)});
    }
    error.code = Errc::mismatch;
    error.message =
        "what listens on " + options.paths.socket() + " is no hearth daemon: " + error.message;
    error.suggestions = {"stop that program", "set HEARTH_HOME to a directory of hearth's own"};
    return std::unexpected(Setback{Verdict::fallback, "no_daemon", std::move(error)});
  }
  auto welcome = ipc::decode_welcome(*answer);
  if (welcome) return std::move(*welcome);
  const std::string& reason = welcome.error().reason;
  return std::unexpected(Setback{verdict_of(reason), reason, std::move(welcome.error().error)});
}

std::unexpected<Setback> failed(Verdict verdict, std::string reason, Error error) {
  return std::unexpected(Setback{verdict, std::move(reason), std::move(error)});
}

// Whoever made the socket's directory first could listen there in our daemon's place.
Result<void> check_owner(int fd) {
  const auto peer = ipc::peer_credentials(fd);
  if (!peer) return std::unexpected(peer.error());
  if (peer->uid == ::geteuid()) return {};
  return fail(Errc::permission,
              "the process behind the socket (pid " + std::to_string(peer->pid) +
                  ") belongs to uid " + std::to_string(peer->uid) + ", not to you",
              {"set HEARTH_HOME or XDG_RUNTIME_DIR to a directory of your own"});
}

// Starts a daemon. The caller holds the spawn lock.
Attempt<void> spawn(const Options& options, MonotonicTime deadline) {
  auto spawned = spawn_shared(options, deadline);
  if (spawned) return {};
  Error& error = spawned.error();
  if (error.code == Errc::cancelled) return failed(Verdict::final, "cancelled", std::move(error));
  // Busy: a daemon that others started meanwhile, or another owner of the stores. Unavailable: it
  // ended without a word.
  if (error.code == Errc::busy) return failed(Verdict::again, "store_owned", std::move(error));
  const bool may_pass = error.code == Errc::unavailable;
  const auto holder = lock_holder(options.paths.lock());
  if (error.code == Errc::timed_out && holder) {
    error.message += "; " + options.paths.lock() + " is held by " + *holder;
    error.suggestions.emplace_back("`hearth daemon stop` ends that one");
  }
  return failed(may_pass ? Verdict::again : Verdict::fallback, "spawn_failed", std::move(error));
}

Attempt<FileLock> take_spawn_lock(const Options& options) {
  if (auto made = ipc::ensure_private_directory(options.paths.runtime); !made)
    return failed(Verdict::fallback, "runtime_dir", std::move(made.error()));
  auto lock = FileLock::try_acquire(options.paths.spawn_lock());
  if (lock) return std::move(*lock);
  // Another client spawns; we connect when it has.
  const bool is_busy = lock.error().code == Errc::busy;
  return failed(is_busy ? Verdict::again : Verdict::fallback, is_busy ? "draining" : "runtime_dir",
                std::move(lock.error()));
}

// Makes an older daemon leave and starts ours in its place. The spawn lock is held all the while:
// an older client that waits for a daemon would start the older one again.
Attempt<void> replace(Connection old, const Options& options, MonotonicTime deadline) {
  const auto lock = take_spawn_lock(options);
  if (!lock) return std::unexpected(lock.error());
  const json::Object params{{"reason", "retire"}, {"version", version()}};
  (void)old.request("daemon/stop", params, milliseconds(ipc::poll_timeout(deadline)));
  (void)old.wait_for_end(deadline);
  return spawn(options, deadline);
}

Attempt<Connection> try_connect(const Options& options, MonotonicTime deadline) {
  auto fd = ipc::connect_unix(options.paths.socket(), deadline);
  if (!fd) {
    const Errc code = fd.error().code;
    const bool is_absent = code == Errc::not_found || code == Errc::unavailable;
    return failed(is_absent ? Verdict::again : Verdict::final, "absent", std::move(fd.error()));
  }
  if (auto own = check_owner(fd->get()); !own)
    return failed(Verdict::fallback, "wrong_user", std::move(own.error()));
  auto welcome = greet(fd->get(), options, deadline);
  if (!welcome) return std::unexpected(std::move(welcome.error()));
  Connection connection(options, std::move(*fd), std::move(*welcome));
  const bool is_older = compare_versions(connection.welcome().version, version()) < 0;
  if (!is_older || options.mode == Mode::shared_only) return connection;
  auto replaced = replace(std::move(connection), options, deadline);
  if (!replaced) return std::unexpected(std::move(replaced.error()));
  return failed(Verdict::again, "draining",
                Error{Errc::draining, "an older daemon is leaving", {}});
}

// Starts a daemon under the spawn lock, unless somebody else is at it or has done it.
Attempt<void> try_spawn(const Options& options, MonotonicTime deadline) {
  const auto lock = take_spawn_lock(options);
  if (!lock) return std::unexpected(lock.error());
  if (ipc::connect_unix(options.paths.socket(), deadline)) return {};
  return spawn(options, deadline);
}

// Leaves a line for `hearth daemon status` to count.
void count_fallback(const Options& options, const Fallback& fallback) {
  const auto file =
      open_regular(options.paths.fallbacks(), O_WRONLY | O_CREAT | O_APPEND | O_NOFOLLOW);
  if (!file) return log::warning("it is not counted", {log::kv("error", file.error().message)});
  std::string line =
      fallback.reason + " " + format_rfc3339(SystemClock().wall()) + " " + fallback.message;
  std::ranges::replace(line, '\n', ' ');
  line.push_back('\n');
  (void)!::write(file->get(), line.data(), line.size());
}

Result<Connection> connect_private(const Options& options, MonotonicTime deadline) {
  auto fd = spawn_private(options, deadline);
  if (!fd) return std::unexpected(std::move(fd.error()));
  auto welcome = greet(fd->get(), options, deadline);
  if (!welcome) return std::unexpected(std::move(welcome.error().error));
  return Connection(options, std::move(*fd), std::move(*welcome));
}

Result<Connection> fall_back(const Options& options, Setback setback, MonotonicTime deadline) {
  if (options.mode != Mode::with_fallback) return std::unexpected(std::move(setback.error));
  const Fallback fallback{setback.reason, setback.error.message};
  auto connection = connect_private(options, deadline);
  if (!connection) return std::unexpected(std::move(setback.error));  // the first failure says more
  count_fallback(options, fallback);
  connection->note_fallback(fallback);
  return connection;
}

}  // namespace

Result<Connection> connect(const Options& options) {
  const auto deadline = std::chrono::steady_clock::now() + options.timeout;
  if (options.mode == Mode::private_only) return connect_private(options, deadline);
  int failed_spawns = 0;
  for (auto pause = milliseconds(1);; pause = std::min(pause * 2, milliseconds(16))) {
    auto connection = try_connect(options, deadline);
    if (connection) return std::move(*connection);
    Setback setback = std::move(connection.error());
    if (setback.reason == "absent" && setback.verdict == Verdict::again) {
      if (options.mode == Mode::shared_only) {
        return fail(Errc::unavailable, "no daemon is running",
                    {"`hearth daemon start` starts one"});
      }
      if (auto spawned = try_spawn(options, deadline); !spawned)
        setback = std::move(spawned.error());
    }
    const bool is_spawn = setback.reason == "spawn_failed" || setback.reason == "store_owned";
    if (is_spawn && ++failed_spawns == most_spawns && setback.verdict == Verdict::again)
      setback.verdict = Verdict::fallback;
    if (setback.verdict == Verdict::final) return std::unexpected(std::move(setback.error));
    if (setback.verdict == Verdict::fallback)
      return fall_back(options, std::move(setback), deadline);
    if (options.is_abandoned && options.is_abandoned())
      return fail(Errc::cancelled, "the client has gone");
    if (std::chrono::steady_clock::now() + pause >= deadline) {
      auto suggestions = std::move(setback.error.suggestions);
      suggestions.push_back("look at " + options.paths.log());
      return fail(Errc::timed_out,
                  "no daemon became ready within " + std::to_string(options.timeout.count()) +
                      " ms: " + setback.error.message,
                  std::move(suggestions));
    }
    std::this_thread::sleep_for(pause);
  }
}

}  // namespace hearth::client
