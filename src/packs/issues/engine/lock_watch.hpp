// What is held in one repository, as its folder of locks says: read again when that has changed.
#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <set>
#include <string>
#include <vector>

#include "base/clock.hpp"
#include "base/guarded.hpp"
#include "base/result.hpp"
#include "packs/issues/engine/locks.hpp"
#include "packs/issues/engine/ref_watch.hpp"

namespace hearth::packs::issues {

class LockWatch final {
 public:
  // A repository of its own; called when the first lock is looked for.
  using OpenRepository = std::function<Result<std::unique_ptr<Repository>>()>;
  // `clock` outlives it.
  LockWatch(const std::string& common_directory, const Clock& clock, OpenRepository open)
      : clock_(clock), open_(std::move(open)), probe_(common_directory, lock_folder) {}

  // ---- Any thread
  [[nodiscard]] Result<std::vector<HeldLock>> locks();
  [[nodiscard]] Result<std::optional<Lock>> claim_of(const IssueId& issue);

  // ---- One thread
  // What is held now and was not at the look before, or the other way round; nothing for a renewal.
  // Claims come, go and run out without the log.
  [[nodiscard]] std::vector<std::string> take_changes();
  // When the first of what was held then runs out, in ms of the wall clock.
  [[nodiscard]] std::uint64_t next_expiry_ms() const { return next_expiry_ms_; }

 private:
  static constexpr const char* lock_folder = "refs/grite/locks";
  struct Known {
    std::unique_ptr<Repository> repository;
    std::optional<RefProbe::Look> look;
    std::vector<HeldLock> locks;
  };

  const Clock& clock_;
  const OpenRepository open_;
  const RefProbe probe_;
  Guarded<Known> known_;
  RefProbe::Look seen_;         // how the folder was at the last look
  std::set<std::string> held_;  // then
  std::uint64_t next_expiry_ms_ = 0;
};

}  // namespace hearth::packs::issues
