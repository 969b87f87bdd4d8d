// What one search sees: the generations of one moment, in memory and on disk, and which of their
// entries are gone. Nothing in it ever changes; files live as long as somebody looks at them.
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <span>
#include <vector>

#include "search/generation.hpp"
#include "search/hit.hpp"
#include "search/tombstones.hpp"

namespace hearth::search {

// The entries of a generation, numbered from 0: documents with their words, or vectors with their
// graph. Thread-safe.
class Contents {
 public:
  virtual ~Contents() = default;
  [[nodiscard]] virtual std::uint32_t count() const = 0;
  // How many it may become: more than there are while it grows in memory.
  [[nodiscard]] virtual std::uint32_t capacity() const { return count(); }
  [[nodiscard]] virtual Key key(std::uint32_t entry) const = 0;
  // The entry of a key. Of several with the same key (all but one of them gone) the last.
  [[nodiscard]] virtual std::optional<std::uint32_t> find(Key key) const = 0;
  // What Tombstones::weight sums up.
  [[nodiscard]] virtual std::uint64_t weight(std::uint32_t /*entry*/) const { return 0; }
  // The bytes it reads, if these have checksums; null otherwise.
  [[nodiscard]] virtual const Generation* backing() const = 0;
  [[nodiscard]] virtual std::uint64_t bytes() const = 0;
};

struct Part {
  std::shared_ptr<const Contents> contents;      // shared with other snapshots and with merges
  std::uint32_t visible = 0;                     // entries from here on came later
  std::shared_ptr<const Tombstones> tombstones;  // shared with the snapshots that have the same
  // Of files: the numbers in the manifest, and how many tombstones are in theirs. 0: none.
  std::uint64_t number = 0;
  std::uint64_t tombstones_number = 0;
  std::uint32_t saved_tombstones = 0;
  std::shared_ptr<const Generation> tombstones_file;  // shared with the pages of `tombstones`

  explicit Part(std::shared_ptr<const Contents> its_contents);

  [[nodiscard]] std::uint32_t live() const { return visible - tombstones->count(); }
  [[nodiscard]] bool is_in_memory() const { return number == 0; }
  // The entry of a key, if it is visible and not gone.
  [[nodiscard]] std::optional<std::uint32_t> find(Key key) const;
  // The worse of its files.
  [[nodiscard]] Trust trust() const;
  // Deletes entries, of which some may be gone already.
  void bury(std::span<const std::uint32_t> entries);
  // Reads all that has not been against its checksums.
  [[nodiscard]] Result<void> verify(const std::stop_token& stop) const;
};

struct Snapshot {
  std::vector<Part> parts;
  std::uint64_t sequence = 0;  // the last change that is visible
  bool is_degraded = false;    // a damaged generation was left out

  // The worst of its parts; `damaged` when degraded.
  [[nodiscard]] Trust trust() const;
};

}  // namespace hearth::search
