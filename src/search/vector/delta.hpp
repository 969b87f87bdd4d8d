// Vectors that came since the last generation was written: a graph in memory that every commit
// adds to (FreshDiskANN, Singh et al. 2021, calls it the temporary index). What comes in bulk gets
// no graph: it is scanned until the merge that follows builds one for all of it at once, on many
// threads.
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <span>
#include <unordered_map>
#include <vector>

#include "search/vector/growing_graph.hpp"
#include "search/vector/vector_store.hpp"

namespace hearth::search::vector {

// `insert` and `find` are the writer's, one at a time. Everything else may be called meanwhile, for
// nodes of which the caller has heard through its snapshot.
class Delta final : public VectorStore {
 public:
  enum class Kind : std::uint8_t { graph, bulk };
  Delta(Kind kind, Space space, GraphOptions options, NodeId capacity);

  [[nodiscard]] bool is_full() const { return graph_.nodes() == graph_.capacity(); }
  [[nodiscard]] NodeId nodes() const { return graph_.nodes(); }
  [[nodiscard]] NodeId capacity() const { return graph_.capacity(); }
  // Copies the vector. Not when full.
  void insert(Key key, std::span<const float> vector);
  [[nodiscard]] std::uint64_t bytes() const;

  [[nodiscard]] const Space& space() const override { return graph_.space(); }
  [[nodiscard]] bool has_graph() const override { return kind_ == Kind::graph; }
  [[nodiscard]] GraphView graph() const override { return graph_.view(); }
  [[nodiscard]] const float* vector(NodeId node) const override { return graph_.vector(node); }
  [[nodiscard]] const std::uint8_t* residuals(NodeId) const override { return nullptr; }
  [[nodiscard]] Key key(NodeId node) const override { return keys_[node]; }
  [[nodiscard]] std::optional<NodeId> find(Key key) const override;
  void report_damage() const override {}

 private:
  const Kind kind_;
  const float alpha_;
  std::unique_ptr<float[]> vectors_;
  std::vector<Key> keys_;
  std::unordered_map<Key, NodeId> newest_;
  GrowingGraph graph_;
  LinkScratch scratch_;
};

}  // namespace hearth::search::vector
