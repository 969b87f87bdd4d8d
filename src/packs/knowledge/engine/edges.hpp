// The graph: typed, weighted edges between entries. What changes something runs inside a
// transaction of the store's writer.
#pragma once

#include <cstdint>
#include <optional>
#include <stop_token>
#include <string>
#include <string_view>
#include <vector>

#include "base/clock.hpp"
#include "base/result.hpp"
#include "packs/knowledge/engine/entry.hpp"
#include "store/sqlite.hpp"

namespace hearth::packs::knowledge {

inline constexpr std::int64_t deepest_traversal = 10;

struct NewEdge {
  std::string source;  // names of entries, as find_entry() takes them
  std::string relation;
  std::string target;
  double weight = 1;
};

struct Edge {
  std::string source;  // ids
  std::string relation;
  std::string target;
  double weight = 1;
  bool is_new = true;  // else it was there, and has this weight now
};

// `invalid_args` for an entry with itself, or a weight that is no positive number.
[[nodiscard]] Result<Edge> link(store::Database& database, const NewEdge& wanted, WallTime now);
// Those from `source` to `target`, of one relation or of all. How many are gone.
[[nodiscard]] Result<std::int64_t> unlink(store::Database& database,
                                          std::string_view source,
                                          std::string_view target,
                                          const std::optional<std::string>& relation);

enum class Direction : std::uint8_t { out, in, both };

// Which edges are followed.
struct EdgeFilter {
  Direction direction = Direction::both;
  std::vector<std::string> relations;  // empty: all
  double least_weight = 0;
};

struct EntryBrief {
  std::string id;
  std::string title;
  std::string kind;
};

struct Neighbor {
  EntryBrief entry;
  std::string relation;
  bool is_outgoing = true;
  double weight = 1;
};
struct Neighbors {
  std::vector<Neighbor> neighbors;  // heaviest first
  std::int64_t total = 0;
};
[[nodiscard]] Result<Neighbors> neighbors(store::Database& database,
                                          std::string_view name,
                                          const EdgeFilter& filter,
                                          std::int64_t limit,
                                          std::int64_t offset = 0);

struct Reached {
  std::int64_t n = 0;
  EntryBrief entry;
  std::int64_t depth = 0;
  // How it was reached first; empty for a root.
  std::string from;  // an id
  std::string relation;
  bool is_outgoing = true;
  double weight = 1;
};
struct Traversal {
  std::vector<Reached> reached;  // nearest first
  bool is_more = false;          // there are others within the depth
};
// Breadth first from the roots, which come first themselves.
[[nodiscard]] Result<Traversal> traverse(store::Database& database,
                                         const std::vector<std::string>& roots,
                                         const EdgeFilter& filter,
                                         std::int64_t depth,
                                         std::int64_t limit,
                                         const std::stop_token& stop = {});

// `newer` takes the place of `older`: that is found only by who asks for it. `conflict` where this
// would go in a circle.
[[nodiscard]] Result<void> supersede(store::Database& database,
                                     std::string_view older,
                                     std::string_view newer,
                                     WallTime now,
                                     std::optional<std::int64_t> expected_version = {});

struct Merge {
  std::string into;
  std::string from;
  bool is_dry_run = false;
  std::optional<std::int64_t> expected_version = {};  // of `into`
};
struct Merged {
  Entry into;  // as it is then
  Entry from;  // as it was
  std::int64_t edges_moved = 0;
  std::int64_t edges_dropped = 0;            // between both, or there already
  std::vector<std::string> properties_kept;  // of `into`, where both had them and differed
};
// Adds to `into` what only `from` has (text, tags, properties, edges), and softly deletes `from`.
// `union_of` makes one JSON object of two, the first one's members first, and names the conflicts.
using UnionOfProperties = Result<std::string> (*)(std::string_view,
                                                  std::string_view,
                                                  std::vector<std::string>&);
[[nodiscard]] Result<Merged> merge_entries(store::Database& database,
                                           const Merge& wanted,
                                           UnionOfProperties union_of,
                                           WallTime now);

// Names as people write them, to entries.
struct Resolved {
  enum class How : std::uint8_t { found, ambiguous, missing };
  How how = How::missing;
  std::vector<EntryBrief> entries;  // the one, or some that fit
};
[[nodiscard]] Result<Resolved> resolve_reference(store::Database& database, std::string_view name);

}  // namespace hearth::packs::knowledge
