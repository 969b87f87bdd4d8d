#include "daemon/rendezvous.hpp"

#include <sys/socket.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <thread>
#include <utility>

#include "base/clock.hpp"
#include "base/log.hpp"
#include "base/regular_file.hpp"
#include "base/version.hpp"
#include "json/json.hpp"
#include "store/atomic_file.hpp"

namespace hearth::daemon {
namespace {

using std::chrono::milliseconds;

std::string holder_line(const ipc::Paths& paths) {
  return "pid " + std::to_string(::getpid()) + " (hearthd " + std::string(version()) + ", " +
         paths.runtime + ")";
}

// Whether somebody accepts connections on the socket: then the lock's holder is no predecessor that
// is leaving.
bool is_served(const ipc::Paths& paths) {
  return ipc::connect_unix(paths.socket(), std::chrono::steady_clock::now() + milliseconds(50))
      .has_value();
}

Result<FileLock> take_lock(const ipc::Paths& paths, milliseconds patience) {
  const auto deadline = std::chrono::steady_clock::now() + patience;
  for (auto pause = milliseconds(1);; pause = std::min(pause * 2, milliseconds(20))) {
    auto lock = FileLock::try_acquire(paths.lock());
    if (lock || lock.error().code != Errc::busy) return lock;
    if (is_served(paths) || std::chrono::steady_clock::now() + pause > deadline) {
      return std::unexpected(
          Error{Errc::busy,
                "another daemon is running: " + lock.error().message,
                {"`hearth daemon status` shows it", "`hearth daemon stop` ends it"}});
    }
    std::this_thread::sleep_for(pause);
  }
}

}  // namespace

Result<StoreOwnership> StoreOwnership::claim(const ipc::Paths& paths) {
  if (auto made = ipc::ensure_private_directory(paths.data); !made)
    return std::unexpected(made.error());
  auto lock = FileLock::try_acquire(paths.store_lock());
  if (!lock) {
    if (lock.error().code != Errc::busy)
      return std::unexpected(std::move(lock.error()).within("claim the stores"));
    return fail(
        Errc::busy,
        "the stores in " + paths.data + " belong to another process: " + lock.error().message,
        {"use that daemon (same XDG_RUNTIME_DIR or HEARTH_HOME)", "stop it first"});
  }
  lock->describe_holder(holder_line(paths));
  return StoreOwnership(std::move(*lock));
}

void record_newest(const ipc::Paths& paths, std::string_view version, const std::string& binary) {
  if (const auto recorded = json::parse(read_head(paths.newest(), 4096).value_or(""))) {
    const auto known = json::string_or(*recorded, "version", "0");
    const bool is_older = compare_versions(version, known) < 0;
    if (is_older &&
        ::access(std::string(json::string_or(*recorded, "binary", "")).c_str(), X_OK) == 0)
      return;
    if (compare_versions(version, known) == 0 && json::string_or(*recorded, "binary", "") == binary)
      return;
  }
  const json::Value record{{"version", version}, {"binary", binary}};
  if (auto written = store::replace_file(paths.newest(), json::dump(record) + "\n"); !written) {
    log::warning("cannot record this version beside the data",
                 {log::kv("error", written.error().message)});
  }
}

Result<Rendezvous> Rendezvous::claim(const ipc::Paths& paths,
                                     std::optional<UniqueFd> handed_over,
                                     milliseconds patience) {
  if (auto made = ipc::ensure_private_directory(paths.runtime); !made)
    return std::unexpected(made.error());
  auto lock = take_lock(paths, patience);
  if (!lock) return std::unexpected(std::move(lock.error()));
  lock->describe_holder(holder_line(paths));
  Rendezvous claimed(paths, std::move(*lock));
  if (handed_over) {
    claimed.listener_ = std::move(*handed_over);
    return claimed;
  }
  if (auto made = claimed.make_socket(); !made) return std::unexpected(std::move(made.error()));
  return claimed;
}

Result<void> Rendezvous::make_socket() {
  auto listener = ipc::listen_unix(paths_.socket());
  if (!listener) return std::unexpected(std::move(listener.error()));
  const auto identity = ipc::file_identity(paths_.socket());
  if (!identity) return std::unexpected(identity.error());
  listener_ = std::move(*listener);
  socket_ = *identity;
  return {};
}

Result<void> Rendezvous::announce(const Announcement& announcement) {
  const json::Value record{{"pid", ::getpid()},
                           {"version", announcement.version},
                           {"protocol", announcement.protocol},
                           {"config_id", announcement.config_id},
                           {"started_at", announcement.started_at},
                           {"endpoints", {{"socket", paths_.socket()}}}};
  if (auto written = store::replace_file(paths_.discovery(), json::dump(record) + "\n"); !written)
    return written;
  if (const auto identity = ipc::file_identity(paths_.discovery())) discovery_ = *identity;
  announcement_ = announcement;
  return {};
}

Result<std::optional<UniqueFd>> Rendezvous::restore() {
  if (!announcement_) return std::nullopt;
  if (auto made = ipc::ensure_private_directory(paths_.runtime); !made)
    return std::unexpected(std::move(made.error()));
  if (!lock_.is_at(paths_.lock())) {
    auto lock = FileLock::try_acquire(paths_.lock());
    if (!lock) return std::unexpected(std::move(lock.error()));
    lock_ = std::move(*lock);
    lock_.describe_holder(holder_line(paths_));
  }
  // What others have put there in its place is theirs.
  const auto is_gone = [](const std::string& path) {
    const auto there = ipc::file_identity(path);
    return !there && there.error().code == Errc::not_found;
  };
  std::optional<UniqueFd> listener;
  if (socket_ && is_gone(paths_.socket())) {
    if (auto made = make_socket(); !made) return std::unexpected(std::move(made.error()));
    listener = take_listener();
  }
  if (is_gone(paths_.discovery())) {
    if (auto announced = announce(Announcement(*announcement_)); !announced)
      return std::unexpected(std::move(announced.error()));
  }
  return listener;
}

void Rendezvous::retract() {
  if (socket_) ipc::unlink_if_same(paths_.socket(), *socket_);
  if (discovery_) ipc::unlink_if_same(paths_.discovery(), *discovery_);
  socket_.reset();
  discovery_.reset();
  announcement_.reset();
}

}  // namespace hearth::daemon
