// Walks through the graph towards a query: GreedySearch (Subramanya et al. 2019, algorithm 1).
//
// The walk keeps the nearest nodes that it has met (as many as its width), and goes on from the
// nearest whose neighbours it has not seen, until there is none. A wider list finds more and takes
// longer.
#pragma once

#include <bit>
#include <cstdint>
#include <vector>

#include "search/vector/block.hpp"
#include "search/vector/candidate_list.hpp"
#include "search/vector/code.hpp"
#include "search/vector/visited_set.hpp"

namespace hearth::search::vector {

// A graph as a walk sees it. Nodes from `nodes` on are not there, whatever a block says.
struct GraphView {
  BlockArray blocks;
  NodeId nodes = 0;
  NodeId entry = 0;  // where walks begin
};

// Calls `visit` with each neighbour of a node that is there; false if any is not.
template <typename Visit>
bool for_each_neighbour(const GraphView& graph, NodeId node, Visit visit) {
  bool is_sound = true;
  for (std::uint32_t i = 0; i < graph.blocks.layout().most_neighbours; ++i) {
    const NodeId neighbour = graph.blocks.neighbour(node, i);
    if (neighbour < graph.nodes) {
      visit(neighbour);
    } else if (neighbour == no_node) {
      break;
    } else {
      is_sound = false;
    }
  }
  return is_sound;
}

// A bit for each node.
class NodeSet final {
 public:
  explicit NodeSet(NodeId nodes = 0) : words_((std::size_t{nodes} + 63) / 64) {}
  void insert(NodeId node) {
    std::uint64_t& word = words_[node / 64];
    const std::uint64_t bit = std::uint64_t{1} << (node % 64);
    count_ += (word & bit) == 0 ? 1 : 0;
    word |= bit;
  }
  // False beyond the end.
  [[nodiscard]] bool contains(NodeId node) const {
    return node / 64 < words_.size() && (words_[node / 64] >> (node % 64) & 1) != 0;
  }
  [[nodiscard]] NodeId count() const { return count_; }
  // Ascending.
  template <typename Visit>
  void for_each(Visit visit) const {
    for (std::size_t i = 0; i < words_.size(); ++i) {
      for (std::uint64_t bits = words_[i]; bits != 0; bits &= bits - 1) {
        visit(static_cast<NodeId>(i * 64 + static_cast<std::size_t>(std::countr_zero(bits))));
      }
    }
  }

 private:
  std::vector<std::uint64_t> words_;
  NodeId count_ = 0;
};

// The nodes that can be reached from `from` and are not in `met`, breadth first; adds them to it.
[[nodiscard]] std::vector<NodeId> breadth_first(const GraphView& graph, NodeId from, NodeSet& met);

// The room that walks need, kept from one to the next. One thread's at a time.
struct Walk {
  CandidateList nearest;            // the answer
  std::vector<Candidate> expanded;  // nodes whose neighbours were looked at, in that order
  std::vector<Candidate> frontier;  // of a filtered walk: a heap, the nearest at its front
  VisitedSet visited;
  std::vector<NodeId> fresh;
  bool met_damage = false;  // a block named a node that is not there

  void begin(const GraphView& graph, std::size_t width);
};

// Fills `walk.nearest` with the `width` nearest it finds.
void greedy_search(const GraphView& graph, const Query& query, std::size_t width, Walk& walk);

// The same of the allowed nodes only. All others are walked through but not kept, so that the
// allowed ones behind them are found.
void filtered_search(const GraphView& graph,
                     const Query& query,
                     std::size_t width,
                     const NodeSet& allowed,
                     Walk& walk);

// The nearest of the allowed nodes, by looking at each of them.
void exhaustive_search(const GraphView& graph,
                       const Query& query,
                       std::size_t width,
                       const NodeSet& allowed,
                       Walk& walk);

// The nearest of all nodes that are admitted, by looking at every one; asked is only about those
// that are near.
template <typename Admits>
void exhaustive_search(
    const GraphView& graph, const Query& query, std::size_t width, Walk& walk, Admits admits) {
  walk.begin(graph, width);
  for (NodeId node = 0; node < graph.nodes; ++node) {
    const float distance = query.distance(graph.blocks, node);
    if (distance < walk.nearest.limit() && admits(node)) walk.nearest.offer(distance, node);
  }
}

}  // namespace hearth::search::vector
