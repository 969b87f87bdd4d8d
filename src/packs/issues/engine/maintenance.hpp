// Looking after a repository's issues: checks, repairs, room on disk.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "base/result.hpp"
#include "packs/issues/engine/issue_store.hpp"

namespace hearth::packs::issues {

struct Verification {
  std::uint64_t commits = 0;
  std::uint64_t events = 0;
  std::uint64_t signed_events = 0;          // whose signatures were checked
  std::uint64_t bad_signatures = 0;         // of them
  std::uint64_t signatures_of_unknown = 0;  // of actors whose keys are not known
  LogProblems problems;                     // chunks, ids, events that others do not see
};
// Reads all of the log again and checks it: digests of chunks, ids of events, signatures, and that
// every event is on the chain that other readers follow; then snapshots and attachments. Blocks for
// as long as that takes.
[[nodiscard]] Result<Verification> verify_log(const Repository& repository,
                                              const std::stop_token& stop);

enum class Health : std::uint8_t { ok, warning, error };
[[nodiscard]] std::string_view name_of(Health health);
struct Check {
  std::string id;
  Health health = Health::ok;
  std::string message;
  std::vector<std::string> plan;  // what mending would do, or did
  bool is_mended = false;
};
// Finds what is wrong and, if asked to, mends what can be mended without losing anything.
[[nodiscard]] Result<std::vector<Check>> examine(IssueStore& store, bool fix);

struct Compaction {
  std::size_t packed_objects = 0;
  std::size_t removed_locks = 0;
};
// Packs what the log, snapshots and all that belongs to them have lying loose.
[[nodiscard]] Result<Compaction> compact(Repository& repository, std::uint64_t now_ms);

}  // namespace hearth::packs::issues
