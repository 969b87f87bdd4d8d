// The daemon's claim on its user's rendezvous: lock, socket and discovery file, from claim() to
// destruction.
#pragma once

#include <chrono>
#include <optional>
#include <string>

#include "base/file_lock.hpp"
#include "base/result.hpp"
#include "base/unique_fd.hpp"
#include "ipc/paths.hpp"
#include "ipc/socket.hpp"

namespace hearth::daemon {

// Who may write the stores under one data directory. The lock lies beside the data, so that two
// runtime directories (or two HOMEs) never write one store.
class StoreOwnership {
 public:
  // Takes the lock beside the data. `busy` naming the owner when another process has it.
  [[nodiscard]] static Result<StoreOwnership> claim(const ipc::Paths& paths);

 private:
  explicit StoreOwnership(FileLock lock) : lock_(std::move(lock)) {}
  FileLock lock_;
};

// Records `version` at `binary` beside the data if it is newer than what is recorded there, so that
// old clients start the newest hearthd that has opened these stores.
void record_newest(const ipc::Paths& paths, std::string_view version, const std::string& binary);

class Rendezvous {
 public:
  struct Announcement {
    std::string version;
    std::string config_id;
    std::string started_at;
    int protocol = 1;
  };

  // Takes the lock, waiting up to `patience` for a predecessor that is leaving, then makes the
  // socket (or takes the listening one that a service manager handed over). `busy` naming the
  // holder when a daemon is there and stays.
  [[nodiscard]] static Result<Rendezvous> claim(const ipc::Paths& paths,
                                                std::optional<UniqueFd> handed_over,
                                                std::chrono::milliseconds patience);
  Rendezvous(Rendezvous&&) noexcept = default;
  Rendezvous& operator=(Rendezvous&&) = delete;
  ~Rendezvous() { retract(); }

  // Writes the discovery file.
  [[nodiscard]] Result<void> announce(const Announcement& announcement);
  // Puts back what somebody has taken away of lock, socket and discovery file since announce(): a
  // cleaner of /tmp, most likely. Returns the new listener if the socket was gone, else nothing.
  // `busy` when another daemon has come in our place.
  [[nodiscard]] Result<std::optional<UniqueFd>> restore();
  // Takes socket and discovery file away, if they still are ours. Idempotent. The lock stays.
  void retract();
  [[nodiscard]] UniqueFd take_listener() { return std::move(listener_); }

 private:
  Rendezvous(const ipc::Paths& paths, FileLock lock) : paths_(paths), lock_(std::move(lock)) {}
  [[nodiscard]] Result<void> make_socket();

  ipc::Paths paths_;
  FileLock lock_;
  UniqueFd listener_;
  std::optional<ipc::FileIdentity> socket_;   // nothing when a service manager owns the socket
  std::optional<Announcement> announcement_;  // from announce() to retract()
  std::optional<ipc::FileIdentity> discovery_;
};

}  // namespace hearth::daemon
