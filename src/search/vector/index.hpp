// A vector index: vectors in, the keys of the nearest out.
//
// Changes are collected by `put` and `erase` and become visible together by `commit`. Searches scan
// what is in memory (delta.hpp). `maintain`, run on some thread of the caller's from time to time,
// builds a graph of it, writes it to disk and merges generations (merge_policy.hpp). Searches look
// at a snapshot and wait for nobody.
//
// What is in memory is lost with the process, and that is as it should be: the truth is elsewhere,
// in the caller's store. After opening, the caller repeats the changes after `covered()`. To repeat
// more of them, or some of them twice, does no harm.
//
//   auto index = Index::open(env, directory, {.dimensions = 384, .metric = Metric::cosine});
//   index->put(7, embedding);
//   index->commit(sequence);
//   auto found = index->search(query, 10);
#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <mutex>
#include <optional>
#include <span>
#include <stop_token>
#include <string>
#include <unordered_map>
#include <vector>

#include "base/result.hpp"
#include "search/generations.hpp"
#include "search/merge_policy.hpp"
#include "search/vector/build.hpp"
#include "search/vector/delta.hpp"
#include "search/vector/snapshot.hpp"

namespace hearth::search::vector {

// What an index is made with. Another schema makes another index.
struct Schema {
  std::uint32_t dimensions = 0;
  Metric metric = Metric::cosine;
};

struct IndexOptions {
  // Of graphs on disk; `progress` tells of the merge that runs.
  BuildOptions build;
  std::uint32_t code_bits = 4;  // of codes on disk: 4 (with a second level) or 8
  // So many vectors in memory are written by the next `maintain`. Each costs every search 15 ns.
  NodeId most_in_memory = 4096;
  // What a merge may take to build its graph, about 0.6 KB a vector of 384 dimensions: generations
  // that would need more stay apart.
  std::uint64_t merge_bytes = std::uint64_t{1} << 30;
  MergePolicy on_disk{.fan_in = 4, .smallest_tier = 16384, .most_gone = 0.4};
};

struct SearchAnswer {
  std::vector<Hit> hits;  // best first; of equal score, by key
  // The worst of all generations that were asked: `unverified` until their checksums have been
  // read, `damaged` when one contradicts itself or was left out for that.
  Trust trust = Trust::verified;
};

// Some of the vectors of one moment, to search among: worth keeping for many searches.
class Selection final {
 public:
  [[nodiscard]] std::uint64_t count() const;

 private:
  friend class Index;
  std::shared_ptr<const Snapshot> seen_;  // shared with the index and with other searches
  std::vector<NodeSet> allowed_;          // of each part
};

// Thread-safe. `put`, `erase` and `commit` belong to one writer at a time: between the first put
// and its commit nobody else's changes may come.
class Index final {
 public:
  // The directory exists. Errors as IndexDirectory::open; a damaged generation is none, but is left
  // out, and answers say so until the index is recreated and filled again.
  [[nodiscard]] static Result<std::unique_ptr<Index>> open(store::Env& env,
                                                           std::string directory,
                                                           Schema schema,
                                                           const IndexOptions& options = {});
  // An empty index in the place of whatever there is.
  [[nodiscard]] static Result<std::unique_ptr<Index>> recreate(store::Env& env,
                                                               std::string directory,
                                                               Schema schema,
                                                               const IndexOptions& options = {});

  // Adds a vector, or replaces the one of the same key. `invalid_args` for another number of
  // dimensions, for what is no finite number, and for 0 where the measure is the cosine.
  [[nodiscard]] Result<void> put(Key key, std::span<const float> vector);
  void erase(Key key);
  // Makes all changes since the last commit visible at once. `sequence` is the last of them in the
  // caller's count. Takes some 10 µs and 2 µs a vector.
  void commit(std::uint64_t sequence);

  [[nodiscard]] std::shared_ptr<const Snapshot> snapshot() const { return generations_.snapshot(); }
  // Those whose keys are allowed: each is asked for.
  [[nodiscard]] Selection select(const std::function<bool(Key)>& allows) const;

  // The best `limit`. Errors as `put`.
  [[nodiscard]] Result<SearchAnswer> search(std::span<const float> query,
                                            std::size_t limit,
                                            SearchWidth width = {}) const;
  [[nodiscard]] Result<SearchAnswer> search(std::span<const float> query,
                                            std::size_t limit,
                                            const Selection& among,
                                            SearchWidth width = {}) const;
  // The scores of some keys; none for those that are not there. Errors as `put`.
  [[nodiscard]] Result<std::vector<std::optional<float>>> scores(std::span<const float> query,
                                                                 std::span<const Key> keys) const;
  // All whose score is `least` or more, best first, as far as the walk finds them.
  [[nodiscard]] Result<SearchAnswer> search_range(std::span<const float> query,
                                                  float least,
                                                  SearchWidth width = {}) const;

  // Does one piece of work that waits, if any does; says whether there was one. Blocks for as long
  // as it takes to build and write a generation.
  [[nodiscard]] Result<bool> maintain(const std::stop_token& stop = {}) {
    return generations_.maintain(stop);
  }
  // Writes everything in memory, so that `covered` is what was visible at the call.
  [[nodiscard]] Result<void> flush(const std::stop_token& stop = {}) {
    return generations_.flush(stop);
  }
  // Reads everything on disk against its checksums: run it in the background after opening.
  // Generations that fail are left out from then on. `damaged` names the first of them.
  [[nodiscard]] Result<void> verify(const std::stop_token& stop = {}) {
    return generations_.verify(stop);
  }
  // Gives back the memory of what is on disk: searches fetch what they need again, from the
  // system's cache while it is there.
  void unload() const { generations_.unload(); }

  [[nodiscard]] std::uint64_t covered() const { return generations_.covered(); }
  [[nodiscard]] IndexStatus status() const { return generations_.status(); }

 private:
  Index(std::unique_ptr<IndexDirectory> directory, Schema schema, const IndexOptions& options);

  // As it is compared: of the right size, finite, normalised for the cosine.
  [[nodiscard]] Result<std::vector<float>> prepared(std::span<const float> vector) const;
  [[nodiscard]] SearchAnswer search_parts(const Snapshot& seen,
                                          std::span<const NodeSet> allowed,
                                          std::span<const float> query,
                                          std::size_t limit,
                                          SearchWidth width) const;
  void insert_changed(std::vector<Part>& parts, const HeldContents& held);
  [[nodiscard]] std::shared_ptr<Delta> new_delta(const std::vector<Part>& parts,
                                                 std::span<const float* const> rows) const;

  const Schema schema_;
  const NodeId most_in_memory_;
  std::mutex writing_mutex_;  // taken before those of generations_
  std::unordered_map<Key, std::optional<std::vector<float>>> changes_;  // none: erased
  std::shared_ptr<Delta> delta_;  // the one that grows, shared with snapshots; null: none yet
  Generations generations_;
};

}  // namespace hearth::search::vector
