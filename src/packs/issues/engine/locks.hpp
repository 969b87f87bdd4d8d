// Locks of resources, and claims of issues, which are locks of "issue:<id>".
//
// A lock is a reference refs/grite/locks/<h> whose commits each say who holds it until when; to
// take, renew and give back is to add a commit. With a remote, taking it is pushing that commit:
// the remote compares with the one before, so that of two who push at the same instant exactly one
// wins.
#pragma once

#include <cstdint>
#include <functional>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "base/result.hpp"
#include "packs/issues/engine/git/repository.hpp"
#include "packs/issues/engine/log_files.hpp"
#include "packs/issues/engine/transport.hpp"

namespace hearth::packs::issues {

inline constexpr const char* lock_reference_prefix = "refs/grite/locks/";
inline constexpr std::uint64_t longest_ttl_ms = 24ULL * 3600 * 1000;
inline constexpr std::uint64_t most_clock_error_ms = 24ULL * 3600 * 1000;

// One name for one thing: "path:./src/" is "path:src".
[[nodiscard]] std::string normalized_resource(std::string_view resource);
[[nodiscard]] std::string lock_reference(std::string_view resource);
// Whether two resources exclude each other: "repo:…" everything, "path:a" also "path:a/b",
// "issue:x" only itself.
[[nodiscard]] bool do_conflict(std::string_view a, std::string_view b);
// A UUID: of a call that may be repeated always the same one, else a random one.
[[nodiscard]] std::string make_nonce(const std::optional<std::string>& call = std::nullopt);

struct HeldLock {
  std::string reference;
  ObjectId commit;
  Lock lock;
  // One of a clock that is wrong, or of somebody who wants it for ever, must not stay so.
  [[nodiscard]] bool is_live(std::uint64_t now_ms) const {
    return now_ms < lock.expires_ms &&
           lock.expires_ms - now_ms <= longest_ttl_ms + most_clock_error_ms;
  }
};
// `damaged` when it holds none, or one that belongs elsewhere.
[[nodiscard]] Result<HeldLock> read_lock(const Repository& repository, const Reference& reference);
// References that hold no lock that can be read are passed over: nobody holds anything by them.
[[nodiscard]] Result<std::vector<HeldLock>> list_locks(const Repository& repository);
// Those: "refs/grite/locks/…: why".
[[nodiscard]] Result<std::vector<std::string>> unreadable_locks(const Repository& repository);
// Whether ours was taken, renewed or given back on top of theirs, which it replaces then. What is
// no commit is no lock, and gives way to one.
[[nodiscard]] bool continues_lock(const Repository& repository,
                                  const ObjectId& ours,
                                  const ObjectId& theirs);
// Removes those that have been over for a day, so that clocks that are late do not miss them; how
// many.
[[nodiscard]] Result<std::size_t> remove_old_locks(Repository& repository, std::uint64_t now_ms);

struct LockRequest {
  std::string resource;
  ActorId owner;
  std::uint64_t now_ms = 0;
  std::uint64_t ttl_ms = 300'000;
  // The lock's name among all that are ever taken. Of renew and release: to be sure that it is this
  // one. Of acquire: to get the same one again when the call is repeated; else it gets a new one.
  std::optional<std::string> nonce;
};
// What an actor is called where it is known; empty: its id only.
using LabelOf = std::function<std::string(const ActorId&)>;

// One thread; both outlive it. Without a remote only this repository is asked. Errors name actors
// by what `label_of` calls them, too.
class Locks final {
 public:
  Locks(Repository& repository, Transport* remote, LabelOf label_of = {})
      : repository_(repository), remote_(remote), label_of_(std::move(label_of)) {}

  // `conflict` when somebody holds it, or what excludes it; who, and until when. To whoever holds
  // it by the same nonce it is given once more as it is.
  [[nodiscard]] Result<Lock> acquire(const LockRequest& request);
  // `conflict` when it is not the owner's any more; `not_found` when nobody has it.
  [[nodiscard]] Result<Lock> renew(const LockRequest& request);
  [[nodiscard]] Result<Lock> release(const LockRequest& request);

 private:
  struct Place {
    std::optional<ObjectId> target;  // of the reference
    std::optional<HeldLock> lock;    // if that can be read
  };
  enum class Besides : std::uint8_t {
    nothing,
    itself
  };  // whether a lock of the same is in the way
  [[nodiscard]] Result<void> fetch(const LockRequest& request);
  [[nodiscard]] Result<void> take_over(std::span<const Reference> theirs,
                                       const std::string& reference);
  [[nodiscard]] Result<std::optional<WriteLock::Held>> hold();
  [[nodiscard]] Result<Place> find(const std::string& reference);
  [[nodiscard]] Result<HeldLock> find_own(const LockRequest& request);
  [[nodiscard]] Result<void> check_free(const LockRequest& request, Besides besides);
  [[nodiscard]] Result<Lock> put(const Place& place,
                                 const Lock& lock,
                                 std::uint64_t now_ms,
                                 std::optional<WriteLock::Held> held);
  [[nodiscard]] Result<Lock> settle(const LockRequest& request, Lock lock);
  [[nodiscard]] std::unexpected<Error> taken(const Lock& lock) const;

  Repository& repository_;
  Transport* const remote_;
  const LabelOf label_of_;
};

// Writes one commit of a lock; no reference is touched.
[[nodiscard]] Result<ObjectId> write_lock_commit(Repository& repository,
                                                 const Lock& lock,
                                                 const std::optional<ObjectId>& previous,
                                                 std::int64_t seconds,
                                                 int zone_minutes);

}  // namespace hearth::packs::issues
