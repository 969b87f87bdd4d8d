// The way to a remote: what it has under a few prefixes, bringing objects here, and changing its
// references only if they are what we believe.
#pragma once

#include <memory>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include "base/result.hpp"
#include "packs/issues/engine/git/repository.hpp"

namespace hearth::packs::issues {

struct RefChange {
  std::string name;
  std::optional<ObjectId> expected;  // nothing: it is not there
  std::optional<ObjectId> to;        // nothing: it goes
};

// What became of one change.
struct Pushed {
  bool is_made = false;
  std::string refusal;  // the remote's words; empty: it was made, or the remote has something else
  bool operator==(const Pushed&) const = default;
};

// One thread.
class Transport {
 public:
  virtual ~Transport() = default;
  // What it has below refs/grite/ and refs/hearth/, by name.
  [[nodiscard]] virtual Result<std::vector<Reference>> list() = 0;
  // Brings these here, with all that they need. `remote` are some of what list() told.
  [[nodiscard]] virtual Result<void> fetch(std::span<const Reference> remote) = 0;
  // Keeps others from changing its references for as long as this lives, where that can be done;
  // for who has lost the race too often.
  [[nodiscard]] virtual Result<void> reserve() { return {}; }
  // Each by itself, and told of by itself, in their order.
  [[nodiscard]] virtual Result<std::vector<Pushed>> push(std::span<const RefChange> changes) = 0;
};

// The path of a remote that is a directory of this machine: a path, or a file: URL.
[[nodiscard]] std::optional<std::string> local_path_of(const std::string& url,
                                                       const std::string& relative_to);
// Opens such a remote, and works on both repositories directly: its references are changed under
// its own lock, so that of two who push only one wins. (libgit2's own local transport does not look
// at the old value.)
[[nodiscard]] Result<std::unique_ptr<Transport>> local_transport(
    Repository& here, const std::string& path, const Repository::Options& options);

}  // namespace hearth::packs::issues
