// One of the indexes of a store: what it is told of each entry.
#pragma once

#include <cstdint>
#include <optional>
#include <span>
#include <stop_token>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.hpp"
#include "search/generations.hpp"

namespace hearth::packs::knowledge {

// An entry as the indexes see it.
struct IndexedEntry {
  std::int64_t n = 0;
  std::uint64_t seq = 0;
  std::string id;
  std::string kind;
  std::string title;
  std::string text;
  std::vector<std::string> tags;
  std::optional<std::string> memory;
  std::vector<float> vector;  // empty: it has none yet
  bool is_gone = false;       // then nothing else counts
};

// `put`, `erase`, `commit` and `restart` are called by one thread at a time (index_feed.hpp); the
// others by any, but `maintain`, `flush` and `verify` by one at a time, too.
class IndexLeg {
 public:
  virtual ~IndexLeg() = default;
  [[nodiscard]] virtual std::string_view name() const = 0;  // "text", "vectors"
  [[nodiscard]] virtual bool wants_vectors() const = 0;
  // More changes than these are not left in memory alone.
  [[nodiscard]] virtual std::uint64_t most_uncovered() const = 0;

  [[nodiscard]] virtual Result<void> put(const IndexedEntry& entry) = 0;
  virtual void erase(std::int64_t n) = 0;
  // All that was put is visible from here on; so are all changes up to `sequence`.
  [[nodiscard]] virtual Result<void> commit(std::uint64_t sequence) = 0;
  // Starts again with these entries and no others, all at once for searches.
  [[nodiscard]] virtual Result<void> restart(std::span<const IndexedEntry> entries) = 0;

  [[nodiscard]] virtual search::IndexStatus status() const = 0;
  // Background work, one piece of it; false when there is none. Blocks.
  [[nodiscard]] virtual Result<bool> maintain(const std::stop_token& stop) = 0;
  [[nodiscard]] virtual Result<void> flush(const std::stop_token& stop) = 0;
  [[nodiscard]] virtual Result<void> verify(const std::stop_token& stop) = 0;
  // Gives back memory that the next search takes again.
  virtual void unload() const = 0;
};

}  // namespace hearth::packs::knowledge
