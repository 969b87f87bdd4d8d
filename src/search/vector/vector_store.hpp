// Vectors with their graph, as a search sees them: a mapped generation (segment.hpp) or what is
// still in memory (delta.hpp).
#pragma once

#include "search/part.hpp"
#include "search/vector/code.hpp"
#include "search/vector/metric.hpp"
#include "search/vector/walk.hpp"

namespace hearth::search::vector {

// Thread-safe. Nodes that are given to it are less than those it has.
class VectorStore : public Contents {
 public:
  [[nodiscard]] virtual const Space& space() const = 0;
  // Whether walks find anything; its nodes are scanned otherwise.
  [[nodiscard]] virtual bool has_graph() const = 0;
  [[nodiscard]] virtual GraphView graph() const = 0;
  // In full precision; for `cosine`, normalised.
  [[nodiscard]] virtual const float* vector(NodeId node) const = 0;
  // The second level of its code; null when the codes have none.
  [[nodiscard]] virtual const std::uint8_t* residuals(NodeId node) const = 0;
  // A walk met what cannot be.
  virtual void report_damage() const = 0;
};

}  // namespace hearth::search::vector
