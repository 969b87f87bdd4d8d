// Keeps the indexes of a store equal to its rows.
//
// Every change of an entry has a number (`seq`, rows.hpp). An index knows up to which number it
// has all changes. After each commit the writer tells the feed to follow(), so that a write that
// was answered is visible to the next search; what an index lacks from before (its memory is lost
// with the process, it was damaged, it is new) is brought by catch_up(), slice by slice, from some
// other thread and meanwhile.
#pragma once

#include <algorithm>
#include <cstdint>
#include <functional>
#include <mutex>
#include <optional>
#include <span>
#include <stop_token>
#include <string>
#include <unordered_map>
#include <unordered_set>
#include <vector>

#include "base/guarded.hpp"
#include "base/result.hpp"
#include "packs/knowledge/engine/embedder.hpp"
#include "packs/knowledge/engine/index_leg.hpp"
#include "store/sqlite.hpp"

namespace hearth::packs::knowledge {

class IndexFeed final {
 public:
  // `embedder`, if there is one and it is immediate, makes the vectors that are not stored. It
  // outlives the feed.
  explicit IndexFeed(Embedder* embedder);

  // `leg` outlives the feed. `model` is whose stored vectors count from then on, if it is
  // one of vectors. Added after begin(), it catches up from what it covers.
  void add(IndexLeg& leg, const EmbeddingModel* model = nullptr);

  // Before the first write: brings the newest changes, so that what was written last is found at
  // once. What is older waits for catch_up().
  [[nodiscard]] Result<void> begin(store::Database& database);
  // After a commit, by one thread at a time: the writer's. On an error what it missed is brought by
  // the next call, or by catch_up(). Returns the ids of the entries that changed.
  [[nodiscard]] Result<std::vector<std::string>> follow(store::Database& database);

  // Brings one slice of what is missing; false when nothing is. Any one thread but the writer's.
  [[nodiscard]] Result<bool> catch_up(store::Database& database, const std::stop_token& stop);
  // Throws away what a leg has, but for the newest changes, and catches up from the first.
  [[nodiscard]] Result<void> restart(IndexLeg& leg, store::Database& database);

  // How many changes a leg lacks; 0 when it is complete. Waits for no index that works.
  [[nodiscard]] std::uint64_t missing(const IndexLeg& leg) const;

 private:
  struct Follower {
    IndexLeg* leg = nullptr;
    std::uint64_t has = 0;    // all changes up to here
    bool is_current = false;  // and all others, too
    bool has_missed = false;  // one that the writer could not put, since catch_up() began to read
  };
  [[nodiscard]] Result<std::vector<IndexedEntry>> read(store::Database& database,
                                                       const EmbeddingModel& model,
                                                       std::uint64_t after,
                                                       std::uint64_t up_to,
                                                       std::size_t most);
  [[nodiscard]] EmbeddingModel model() const;
  // With the lock: they move when one is added.
  [[nodiscard]] auto& follower_of(this auto& self, const IndexLeg& leg) {
    return *std::ranges::find(self.followers_, &leg, &Follower::leg);
  }
  [[nodiscard]] Result<void> embed(std::vector<IndexedEntry>& entries, const std::stop_token& stop);
  // Called with the lock.
  void publish();
  [[nodiscard]] Result<void> bring_newest(Follower& follower, store::Database& database);
  [[nodiscard]] Result<void> bring(std::span<const IndexedEntry> entries, std::uint64_t newest);
  [[nodiscard]] static Result<void> put(Follower& follower,
                                        std::span<const IndexedEntry> entries,
                                        const std::unordered_set<std::int64_t>* but);

  Embedder* const embedder_;

  mutable std::mutex mutex_;
  EmbeddingModel model_;  // whose stored vectors count
  std::vector<Follower> followers_;
  std::uint64_t followed_ = 0;  // the writer's last number: all from its first are in the legs
  // Entries that the writer brought since catch_up() began to read: what it has read may be old.
  std::unordered_set<std::int64_t> brought_;

  // What missing() says: searches ask while mutex_ is held for as long as an index takes a slice.
  mutable Guarded<std::unordered_map<const IndexLeg*, std::uint64_t>> missing_;
};

}  // namespace hearth::packs::knowledge
