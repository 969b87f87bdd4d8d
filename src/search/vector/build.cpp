#include "search/vector/build.hpp"

#include <algorithm>
#include <atomic>
#include <cmath>
#include <numeric>
#include <random>
#include <thread>
#include <utility>
#include <vector>

namespace hearth::search::vector {
namespace {

constexpr std::size_t nodes_at_a_time = 64;
constexpr std::uint32_t order_seed = 20190612;  // any: the same graph from the same vectors

// Of the first `nodes` the one nearest to the mean: for walks the shortest way to everywhere.
NodeId medoid(const GrowingGraph& graph, NodeId nodes) {
  Query mean;
  mean.prepare(graph.space(), graph.blocks().layout(), graph.space().mean.data());
  Walk walk;
  exhaustive_search(graph.view(), mean, 1, walk, [nodes](NodeId node) { return node < nodes; });
  return walk.nearest.size() == 0 ? 0 : walk.nearest[0].node;
}

// The nodes from `begin` on, in no order that the caller's data has: a graph grown cluster after
// cluster has few edges between them. The entry comes first, if it is one of them.
std::vector<NodeId> random_order(NodeId begin, NodeId nodes, NodeId entry) {
  std::vector<NodeId> order(nodes - begin);
  std::iota(order.begin(), order.end(), begin);
  std::mt19937 random(order_seed);
  for (NodeId i = nodes - begin; i > 1; --i) {
    // Not std::shuffle, whose result is each library's own.
    std::swap(order[i - 1], order[(std::uint64_t{random()} * i) >> 32]);
  }
  if (entry >= begin) std::iter_swap(order.begin(), std::ranges::find(order, entry));
  return order;
}

// Walks come to every node after this.
void connect_all(GrowingGraph& graph) {
  NodeSet met(graph.nodes());
  LinkScratch scratch;
  (void)breadth_first(graph.view(), graph.entry(), met);
  for (NodeId node = 0; node < graph.nodes(); ++node) {
    if (met.contains(node)) continue;
    graph.connect(node, scratch);
    (void)breadth_first(graph.view(), node, met);
  }
}

// Does something with each node once, by several threads that take them in small batches.
class Pass final {
 public:
  using Step = std::function<void(NodeId, LinkScratch&)>;
  Pass(std::span<const NodeId> order,
       Step step,
       const std::stop_token& stop,
       std::function<void(std::size_t)> progress = {})
      : order_(order), step_(std::move(step)), stop_(stop), progress_(std::move(progress)) {}

  [[nodiscard]] bool run(unsigned threads) {
    {
      std::vector<std::jthread> others;
      for (unsigned i = 1; i < threads; ++i) others.emplace_back([this] { work(false); });
      work(true);
    }
    return !stop_.stop_requested();
  }

 private:
  void work(bool reports) {
    LinkScratch scratch;
    for (;;) {
      const std::size_t begin = next_.fetch_add(nodes_at_a_time, std::memory_order_relaxed);
      if (begin >= order_.size()) return;
      const std::size_t end = std::min(begin + nodes_at_a_time, order_.size());
      for (std::size_t i = begin; i < end; ++i) {
        if (stop_.stop_requested()) return;
        step_(order_[i], scratch);
      }
      if (reports && progress_) progress_(end);
    }
  }

  const std::span<const NodeId> order_;
  const Step step_;
  const std::stop_token& stop_;
  const std::function<void(std::size_t)> progress_;
  std::atomic<std::size_t> next_ = 0;
};

void adopt_all(GrowingGraph& graph,
               const KnownGraph& known,
               unsigned threads,
               const std::stop_token& stop) {
  std::vector<NodeId> order(known.nodes);
  std::iota(order.begin(), order.end(), NodeId{0});
  const auto adopt = [&](NodeId node, LinkScratch& scratch) {
    scratch.linked.clear();
    known.neighbours(node, scratch.linked);
    graph.adopt(node, scratch.linked, scratch);
  };
  (void)Pass(order, adopt, stop).run(threads);
}

}  // namespace

Space space_of(Metric metric, std::size_t dimensions, std::span<const float* const> vectors) {
  std::vector<double> sums(dimensions);
  float largest = 0;
  for (const float* vector : vectors) {
    for (std::size_t i = 0; i < dimensions; ++i) sums[i] += vector[i];
    if (metric == Metric::inner_product) {
      largest = std::max(largest, squared_norm({vector, dimensions}));
    }
  }
  Space space{metric, std::vector<float>(dimensions), std::sqrt(largest)};
  if (vectors.empty()) return space;
  for (std::size_t i = 0; i < dimensions; ++i) {
    space.mean[i] = static_cast<float>(sums[i] / static_cast<double>(vectors.size()));
  }
  return space;
}

Result<std::unique_ptr<GrowingGraph>> build_graph(Space space,
                                                  std::span<const float* const> vectors,
                                                  const BuildOptions& options,
                                                  const std::stop_token& stop,
                                                  const KnownGraph& known) {
  const auto nodes = static_cast<NodeId>(vectors.size());
  auto graph = std::make_unique<GrowingGraph>(std::move(space), options.graph, nodes);
  for (const float* vector : vectors) {
    if (stop.stop_requested()) break;
    graph->append(vector);
  }
  if (graph->nodes() == nodes && nodes > 0) {
    const unsigned threads = std::max(options.threads, 1U);
    graph->set_entry(medoid(*graph, known.nodes == 0 ? nodes : known.nodes));
    if (known.nodes != 0) adopt_all(*graph, known, threads, stop);
    const std::vector<NodeId> order = random_order(known.nodes, nodes, graph->entry());
    for (unsigned i = 0; i < options.passes; ++i) {
      const float alpha = i + 1 == options.passes ? options.graph.alpha : 1.0F;
      const auto link = [&](NodeId node, LinkScratch& scratch) {
        graph->link(node, alpha, scratch);
      };
      const auto progress = [&, i](std::size_t done) {
        if (options.progress) {
          options.progress(i * order.size() + done, options.passes * order.size());
        }
      };
      if (!Pass(order, link, stop, progress).run(threads)) break;
    }
    if (!stop.stop_requested()) connect_all(*graph);
  }
  if (stop.stop_requested()) return fail(Errc::cancelled, "build the graph of vectors: stopped");
  return graph;
}

}  // namespace hearth::search::vector
