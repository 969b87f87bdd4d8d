// Changes of several files that happen all or not at all.
//
// prepare() reads the files and works out every effect without touching anything: what a person
// approves. apply() stages the new contents in a directory of the workspace, writes a record, swaps
// each file in by one rename (RENAME_EXCHANGE, so that the old content stays at hand and is
// compared with the expected hash after the swap: no moment in which somebody else's change could
// be overwritten unseen), and removes the record when all of it is durable. If one effect fails,
// those before it are taken back. After a kill, recover() looks at the hashes and completes the
// set, or takes it back where that is impossible; directories that were made for it may stay
// behind, empty.
//
// One change set of a workspace at a time: its owner sees to that. Blocking.
#pragma once

#include <functional>
#include <span>
#include <string>
#include <vector>

#include "base/result.hpp"
#include "packs/mandates/workspace/effect.hpp"

namespace hearth::packs::mandates::workspace {

// Literally: no pattern, no escape.
struct Replacement {
  std::string before;  // must occur; exactly once unless `all`
  std::string after;
  bool all = false;
};

struct Change {
  Action action = Action::edit;
  std::string path;
  std::string to;       // of a move
  std::string content;  // of a created file; of an edited one without replacements
  std::vector<Replacement> replacements;  // one after another
  std::string base_hash;                  // what its author saw; empty: what is there at prepare()
  bool is_executable = false;             // of a created file
};

struct PreparedEffect {
  Effect effect;
  std::string before;  // contents, for the diff that a person sees
  std::string after;
};

// Errors: conflict (the file is another than base_hash says, a text does not occur or occurs
// several times, a name is taken), not_found, permission (links), invalid_args (the set contradicts
// itself).
[[nodiscard]] Result<std::vector<PreparedEffect>> prepare(const Root& root,
                                                          std::span<const Change> changes);

// Called before each step that a kill could precede; false: stop here, as a kill would. For tests.
using Checkpoint = std::function<bool()>;

// `id`: letters, digits and hyphens, new. `records`: a directory of hearth's own, outside of the
// workspace. Errors leave the workspace as it was: conflict (somebody changed a file meanwhile),
// permission, io; or, where that failed too, outcome_unknown, with the record left for recover().
[[nodiscard]] Result<void> apply(const Root& root,
                                 std::span<const PreparedEffect> effects,
                                 const std::string& id,
                                 const std::string& records,
                                 const Checkpoint& checkpoint = {});

struct Recovery {
  enum class End : std::uint8_t {
    completed,
    undone,
    needs_review,  // somebody else changed what is half done; record and staged files are kept
  };
  std::string id;
  End end = End::completed;
  std::string detail;  // of a review: which files
};

// For each record of this workspace; then removes what staging left behind without a record. Call
// it before the first apply() after a start.
[[nodiscard]] Result<std::vector<Recovery>> recover(const Root& root, const std::string& records);

// The workspaces of all records, each once. `damaged` where one cannot be read.
[[nodiscard]] Result<std::vector<std::string>> left_change_sets(const std::string& records);

// A person has looked: removes the record and what was staged. Nothing happens where there is none.
[[nodiscard]] Result<void> discard(const std::string& id, const std::string& records);

}  // namespace hearth::packs::mandates::workspace
