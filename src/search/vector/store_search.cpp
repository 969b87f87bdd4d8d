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
// the first time.
bool is_exhaustive_cheaper(const SearchTarget& target, std::size_t width) {
  if (target.visible <= few_nodes) return true;
  if (target.allowed == nullptr) return false;
  const auto allowed = static_cast<double>(target.allowed->count());
  const double share = allowed / target.visible;
  const auto degree = static_cast<double>(target.store.graph().blocks.layout().most_neighbours);
  return allowed * share < static_cast<double>(width) * degree / 2;
}

// Leaves the nearest nodes by their codes in `walk.nearest`.
void find_candidates(const SearchTarget& target,
                     std::span<const float> query,
                     std::size_t width,
                     Scratch& scratch) {
  GraphView graph = target.store.graph();
  scratch.query.prepare(target.store.space(), graph.blocks.layout(), query.data());
  // Nodes that are gone take places in the list and are no answers.
  const NodeId gone = std::min(target.gone.count(), target.visible);
  width = width * target.visible / std::max(target.visible - gone, target.visible / 4 + 1);
  if (is_exhaustive_cheaper(target, width)) {
    graph.nodes = target.visible;
    exhaustive_search(graph, scratch.query, width, target.allowed, scratch.walk);
  } else if (target.allowed != nullptr) {
    filtered_search(graph, scratch.query, width, *target.allowed, scratch.walk);
  } else {
    greedy_search(graph, scratch.query, width, scratch.walk);
  }
  if (scratch.walk.met_damage) target.store.report_damage();
}

// The first of the candidates that may be answered, with their vectors on the way to the cache.
void choose(const SearchTarget& target, std::size_t most, Scratch& scratch) {
  scratch.chosen.clear();
  const CandidateList& nearest = scratch.walk.nearest;
  for (std::size_t i = 0; i < nearest.size() && scratch.chosen.size() < most; ++i) {
    const NodeId node = nearest[i].node;
    if (!may_answer(target, node)) continue;
    scratch.chosen.push_back(node);
    const auto* vector = reinterpret_cast<const char*>(target.store.vector(node));
    // The first lines; the hardware sees where the rest is.
    for (std::size_t line = 0; line < 4; ++line) __builtin_prefetch(vector + line * cache_line);
  }
}

std::size_t rerank_of(const SearchTarget& target, std::size_t limit, SearchWidth width) {
  if (width.rerank != 0) return std::max(width.rerank, limit);
  return target.store.graph().blocks.layout().code_bits == 8 ? limit + limit / 2 + 8
                                                             : 2 * limit + 20;
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
  const std::size_t rerank = rerank_of(target, limit, width);
  find_candidates(target, query, std::max(width.walk, limit), scratch);
  choose(target, rerank, scratch);
  const Metric metric = target.store.space().metric;
  for (const NodeId node : scratch.chosen) {
    best.offer({target.store.key(node), exact_score(metric, query, target.store.vector(node))});
  }
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
  const Metric metric = target.store.space().metric;
  const std::size_t begin = found.size();
  for (std::size_t list = std::max<std::size_t>(width.walk, 16);; list *= 2) {
    find_candidates(target, query, list, scratch);
    choose(target, list, scratch);
    found.resize(begin);
    for (const NodeId node : scratch.chosen) {
      const float score = exact_score(metric, query, target.store.vector(node));
      if (score >= least) found.push_back({target.store.key(node), score});
    }
    if ((found.size() - begin) * 2 < list || list >= target.visible) return;
  }
}

}  // namespace hearth::search::vector
