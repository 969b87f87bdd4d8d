// What is protected in a workspace while a command runs that may write, kept where a kill of the
// daemon leaves it, so that the next start compares what the command's end would have compared.
//
// The record is written when the sandbox stands and before the command begins, and removed once
// what was found is known to whoever asked for the command. One record for each command.
#pragma once

#include <chrono>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.hpp"
#include "packs/mandates/sandbox/process_mark.hpp"
#include "packs/mandates/workspace/comparison.hpp"
#include "packs/mandates/workspace/protected_entries.hpp"

namespace hearth::packs::mandates::workspace {

// Of one command, by whoever runs it.
struct GuardPlaces {
  std::string aside;    // a directory of hearth's own, for what is taken away
  std::string records;  // another one, which is there; empty: after a kill nothing is compared
  std::string key;      // whose command it is
};

struct GuardRecord {
  std::string key;
  std::string workspace;  // the root's path
  ProtectedEntry::Identity root;
  bool is_git = false;  // as protected_entries() was asked
  sandbox::ProcessMark first_process;
  ProtectedEntries before;
  // When the daemon last saw the command run: not kept in the record, but the time of its file, in
  // the clock of files; 0: nobody knows.
  std::int64_t seen_at = 0;

  [[nodiscard]] std::string to_bytes() const;
  // `damaged` when it is not whole, or of another format.
  [[nodiscard]] static Result<GuardRecord> parse(std::string_view bytes);
};

[[nodiscard]] Result<void> write_guard(const std::string& records, const GuardRecord& record);
// While the command runs, at least every second.
void touch_guard(const std::string& records, const std::string& key);
// The command has ended, or was compared after a kill: of the record only a mark stays, that it had
// begun, until its outcome is recorded. Nothing happens where there is none.
[[nodiscard]] Result<void> end_guard(const std::string& records, const std::string& key);
// Whether it ever began: there is a record, a damaged one, or the mark.
[[nodiscard]] bool has_begun(const std::string& records, const std::string& key);
void forget_ended(const std::string& records, const std::string& key);
// Of all commands but these.
void forget_ended_but(const std::string& records, const std::vector<std::string>& keys);

// What a kill left: paths of the records.
[[nodiscard]] Result<std::vector<std::string>> left_guards(const std::string& records);
[[nodiscard]] Result<GuardRecord> read_guard(const std::string& path);
// Whether it is, or was, the record of this key: told by its name, of a damaged one too.
[[nodiscard]] bool is_guard_of(const std::string& path, const std::string& key);
// One that cannot be read, and that a person was told of, is kept beside under another name.
[[nodiscard]] Result<void> keep_damaged_guard(const std::string& path);
// All that are kept so.
[[nodiscard]] std::vector<std::string> damaged_guards(const std::string& records);

// Waits until nothing of the command runs (`grace`: sandbox::wait_for_end), then compares. What was
// born more than 2 s after seen_at is not the command's, which ends with its daemon. After the
// machine has started anew the numbers of devices are others. The record stays. `hidden`: as for
// protected_entries. Errors: `unavailable` (it runs on), `not_found` (the workspace is gone, or
// another directory), those of the comparison.
[[nodiscard]] Result<Findings> recover_guard(GuardRecord record,
                                             const std::string& aside,
                                             const std::vector<std::string>& hidden,
                                             std::chrono::milliseconds grace);

}  // namespace hearth::packs::mandates::workspace
