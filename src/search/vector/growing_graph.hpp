// A Vamana graph in memory while it is built: `append` adds a node without edges, `link` gives it
// its place. Several threads link and walk at the same time: lists of neighbours change word by
// word.
#pragma once

#include <array>
#include <atomic>
#include <cstdint>
#include <mutex>
#include <span>
#include <vector>

#include "search/vector/code.hpp"
#include "search/vector/walk.hpp"

namespace hearth::search::vector {

struct GraphOptions {
  std::uint32_t degree = 32;       // R: to how many neighbours a full list is pruned
  std::uint32_t build_width = 96;  // L: how many nodes a new one is compared with
  float alpha = 1.2F;              // how much longer a detour may be before an edge is kept
};

// So many neighbours have room that a list needs no pruning for each new edge, and the block ends
// with a cache line.
[[nodiscard]] BlockLayout layout_for(std::uint32_t dimensions,
                                     std::uint32_t code_bits,
                                     std::uint32_t degree);

// The room that inserting needs, kept from one to the next. One thread's at a time.
struct LinkScratch {
  Walk walk;
  Query query;
  Query of_kept;
  std::vector<Candidate> candidates;
  std::vector<Candidate> passed_over;
  std::vector<NodeId> kept;
  std::vector<NodeId> linked;
};

class GrowingGraph final {
 public:
  // Has room for so many nodes; memory is taken as they come.
  GrowingGraph(Space space, GraphOptions options, NodeId capacity);
  GrowingGraph(const GrowingGraph&) = delete;
  GrowingGraph& operator=(const GrowingGraph&) = delete;
  ~GrowingGraph();

  [[nodiscard]] const Space& space() const { return space_; }
  [[nodiscard]] NodeId nodes() const { return nodes_; }
  [[nodiscard]] const float* vector(NodeId node) const { return vectors_[node]; }
  [[nodiscard]] GraphView view() const {
    return {.blocks = blocks_, .nodes = nodes_, .entry = entry_};
  }
  [[nodiscard]] const BlockArray& blocks() const { return blocks_; }
  [[nodiscard]] NodeId entry() const { return entry_; }

  // Before any link, as often as there is room. `vector` is kept as a reference and outlives the
  // graph.
  void append(const float* vector);
  void set_entry(NodeId node) { entry_ = node; }
  // Gives a node neighbours that are known to suit it; the best of them, where they are too many.
  void adopt(NodeId node, std::span<const NodeId> neighbours, LinkScratch& scratch);
  // Finds neighbours for a node, and makes it theirs. Any number of threads, each with another
  // node; a second time improves what the first did.
  void link(NodeId node, float alpha, LinkScratch& scratch);
  // Leads a way to a node that no walk comes to, from the nearest that has room for it.
  void connect(NodeId node, LinkScratch& scratch);

 private:
  [[nodiscard]] std::atomic_ref<NodeId> slot(NodeId node, std::uint32_t i);
  void set_neighbours(NodeId node, std::span<const NodeId> neighbours);
  // False when the list is full. Under the node's lock.
  [[nodiscard]] bool try_add(NodeId node, NodeId neighbour);
  void add_neighbour(NodeId node, NodeId neighbour, float alpha, LinkScratch& scratch);
  void collect_neighbours(NodeId node, const Query& query, std::vector<Candidate>& to) const;
  void robust_prune(NodeId node, float norm, float alpha, LinkScratch& scratch) const;
  [[nodiscard]] std::mutex& lock_of(NodeId node) { return locks_[node % locks_.size()]; }

  const Space space_;
  const GraphOptions options_;
  char* memory_ = nullptr;  // of the blocks: anonymous, in huge pages where the kernel has some
  std::size_t memory_size_ = 0;
  BlockArray blocks_;
  std::vector<const float*> vectors_;
  NodeId nodes_ = 0;
  NodeId entry_ = 0;
  Encoder encoder_;
  std::array<std::mutex, 1024> locks_;  // of the lists of neighbours, against other writers
};

}  // namespace hearth::search::vector
