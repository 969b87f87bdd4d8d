#include "search/vector/store_search.hpp"

#include <algorithm>
#include <cmath>

#include "search/vector/kernels.hpp"

namespace hearth::search::vector {
namespace {

// Below it, looking at every code is faster than a walk.
constexpr NodeId few_nodes = 256;

struct Scratch {
  Query query;
  Walk walk;
  std::vector<NodeId> chosen;
};

// Kept by each thread from search to search: a walk's tables are worth more than the search itself.
Scratch& scratch_of_thread() {
  thread_local Scratch scratch;
  return scratch;
}

bool may_answer(const SearchTarget& target, NodeId node) {
  return node < target.visible && !target.gone.contains(node) &&
         (target.allowed == nullptr || target.allowed->contains(node));
}

// Whether to look at every allowed node instead of walking. A filtered walk looks behind about
// width / share nodes to find `width` allowed ones, and meets about half of their neighbours for
// the first time; each of these takes half as long again, as measured, since they lie far apart.
bool is_exhaustive_cheaper(const SearchTarget& target, std::size_t width) {
  if (target.visible <= few_nodes || !target.store.has_graph()) return true;
  if (target.allowed == nullptr) return false;
  const auto allowed = static_cast<double>(target.allowed->count());
  const double share = allowed / target.visible;
  const auto degree = static_cast<double>(target.store.graph().blocks.layout().most_neighbours);
  return allowed * share < static_cast<double>(width) * degree * 3 / 4;
}

// Leaves the nearest nodes by their codes in `walk.nearest`: `width` of a walk, or the `least` that
// are wanted where all are looked at, since more of them make that no better.
void find_candidates(const SearchTarget& target,
                     std::span<const float> query,
                     std::size_t width,
                     std::size_t least,
                     Scratch& scratch) {
  GraphView graph = target.store.graph();
  scratch.query.prepare(target.store.space(), graph.blocks.layout(), query.data());
  // Nodes that are gone take places in the list and are no answers.
  const NodeId gone = std::min(target.gone.count(), target.visible);
  width = width * target.visible / std::max(target.visible - gone, target.visible / 4 + 1);
  if (is_exhaustive_cheaper(target, width)) {
    graph.nodes = target.visible;
    if (target.allowed != nullptr) {
      exhaustive_search(graph, scratch.query, least, *target.allowed, scratch.walk);
    } else {
      exhaustive_search(graph, scratch.query, least, scratch.walk,
                        [&](NodeId node) { return !target.gone.contains(node); });
    }
  } else if (target.allowed != nullptr) {
    filtered_search(graph, scratch.query, width, *target.allowed, scratch.walk);
  } else {
    greedy_search(graph, scratch.query, width, scratch.walk);
  }
  if (scratch.walk.met_damage) target.store.report_damage();
}

void prefetch(const void* bytes, std::size_t size) {
  for (std::size_t i = 0; i < size; i += cache_line) {
    __builtin_prefetch(static_cast<const char*>(bytes) + i);
  }
}

// The first of the candidates that may be answered, with what ranks them on its way to the cache.
void choose(const SearchTarget& target, std::size_t most, bool is_exact, Scratch& scratch) {
  constexpr std::size_t first_lines = 6 * cache_line;  // the hardware sees where the rest is
  scratch.chosen.clear();
  const CandidateList& nearest = scratch.walk.nearest;
  for (std::size_t i = 0; i < nearest.size() && scratch.chosen.size() < most; ++i) {
    const NodeId node = nearest[i].node;
    if (!may_answer(target, node)) continue;
    scratch.chosen.push_back(node);
    const std::uint8_t* residuals = target.store.residuals(node);
    if (is_exact || residuals == nullptr) {
      prefetch(target.store.vector(node), first_lines);
    } else {
      prefetch(residuals, first_lines);
    }
  }
}

// A hit's score from half of the squared distance that codes are about.
float score_of(const Space& space,
               std::span<const float> query,
               const Query& coded,
               float distance) {
  switch (space.metric) {
    case Metric::l2:
      return -2 * (distance + coded.norm());
    case Metric::cosine:
      return 1 - distance - coded.norm();
    case Metric::inner_product:
      return kernels().dot(query.data(), space.mean.data(), query.size()) - distance;
  }
  return 0;
}

// How near the chosen ones are.
class Ranking final {
 public:
  Ranking(const SearchTarget& target,
          std::span<const float> query,
          bool is_exact,
          const Query& coded)
      : store_(target.store),
        graph_(store_.graph()),
        query_(query),
        is_exact_(is_exact),
        coded_(coded) {}

  [[nodiscard]] float score(NodeId node) const {
    const std::uint8_t* residuals = store_.residuals(node);
    if (is_exact_ || residuals == nullptr) {
      return exact_score(store_.space().metric, query_, store_.vector(node));
    }
    return score_of(store_.space(), query_, coded_,
                    coded_.fine_distance(graph_.blocks, node, residuals));
  }

 private:
  const VectorStore& store_;
  const GraphView graph_;
  const std::span<const float> query_;
  const bool is_exact_;
  const Query& coded_;
};

std::size_t rerank_of(const SearchTarget& target, std::size_t limit, SearchWidth width) {
  if (width.rerank != 0) return std::max(width.rerank, limit);
  return target.store.graph().blocks.layout().code_bits == 8 ? limit + limit / 2 + 8
                                                             : 3 * limit + 30;
}

}  // namespace

float exact_score(Metric metric, std::span<const float> query, const float* vector) {
  return metric == Metric::l2 ? -kernels().squared_l2(query.data(), vector, query.size())
                              : kernels().dot(query.data(), vector, query.size());
}

void search_store(const SearchTarget& target,
                  std::span<const float> query,
                  std::size_t limit,
                  SearchWidth width,
                  TopK& best) {
  if (target.visible == 0 || limit == 0) return;
  Scratch& scratch = scratch_of_thread();
  const std::size_t ranked = rerank_of(target, limit, width);
  find_candidates(target, query, std::max(width.walk, limit), ranked, scratch);
  choose(target, ranked, width.is_exact, scratch);
  const Ranking ranking(target, query, width.is_exact, scratch.query);
  for (const NodeId node : scratch.chosen) {
    best.offer({target.store.key(node), ranking.score(node)});
  }
}

void score_nodes(const SearchTarget& target,
                 std::span<const float> query,
                 std::span<const NodeId> nodes,
                 std::span<float> scores) {
  Scratch& scratch = scratch_of_thread();
  scratch.query.prepare(target.store.space(), target.store.graph().blocks.layout(), query.data());
  const Ranking ranking(target, query, false, scratch.query);
  for (std::size_t i = 0; i < nodes.size(); ++i) scores[i] = ranking.score(nodes[i]);
}

// The list doubles until less than half of what it holds is in the range (as DiskANN's range
// search does): then nothing in the range was crowded out of it.
void search_range(const SearchTarget& target,
                  std::span<const float> query,
                  float least,
                  SearchWidth width,
                  std::vector<Hit>& found) {
  if (target.visible == 0) return;
  Scratch& scratch = scratch_of_thread();
  const std::size_t begin = found.size();
  for (std::size_t list = std::max<std::size_t>(width.walk, 16);; list *= 2) {
    find_candidates(target, query, list, list, scratch);
    choose(target, list, width.is_exact, scratch);
    const Ranking ranking(target, query, width.is_exact, scratch.query);
    found.resize(begin);
    for (const NodeId node : scratch.chosen) {
      const float score = ranking.score(node);
      if (score >= least) found.push_back({target.store.key(node), score});
    }
    if ((found.size() - begin) * 2 < list || list >= target.visible) return;
  }
}

}  // namespace hearth::search::vector
