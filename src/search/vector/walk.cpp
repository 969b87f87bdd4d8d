#include "search/vector/walk.hpp"

#include <algorithm>
#include <array>

namespace hearth::search::vector {
namespace {

constexpr std::size_t fetched_ahead = 16;

// The neighbours of a node that the walk meets for the first time, on their way into the cache.
std::span<const NodeId> meet_neighbours(const GraphView& graph, NodeId node, Walk& walk) {
  std::size_t count = 0;
  const bool is_sound = for_each_neighbour(graph, node, [&](NodeId neighbour) {
    if (!walk.visited.insert(neighbour)) return;
    graph.blocks.prefetch_code(neighbour);
    walk.fresh[count++] = neighbour;
  });
  walk.met_damage |= !is_sound;
  return {walk.fresh.data(), count};
}

bool is_farther(const Candidate& a, const Candidate& b) {
  return a.distance != b.distance ? a.distance > b.distance : a.node > b.node;
}

}  // namespace

void Walk::begin(const GraphView& graph, std::size_t width) {
  nearest.reset(width);
  expanded.clear();
  frontier.clear();
  visited.clear();
  met_damage = false;
  fresh.resize(graph.blocks.layout().most_neighbours);
}

std::vector<NodeId> breadth_first(const GraphView& graph, NodeId from, NodeSet& met) {
  std::vector<NodeId> order;
  const auto meet = [&](NodeId node) {
    if (met.contains(node)) return;
    met.insert(node);
    order.push_back(node);
  };
  if (from < graph.nodes) meet(from);
  for (std::size_t next = 0; next < order.size(); ++next) {
    (void)for_each_neighbour(graph, order[next], meet);
  }
  return order;
}

void greedy_search(const GraphView& graph, const Query& query, std::size_t width, Walk& walk) {
  walk.begin(graph, width);
  if (graph.entry >= graph.nodes) return;
  (void)walk.visited.insert(graph.entry);
  walk.nearest.offer(query.distance(graph.blocks, graph.entry), graph.entry);
  while (walk.nearest.has_next()) {
    const Candidate from = walk.nearest.take_next();
    walk.expanded.push_back(from);
    const auto fresh = meet_neighbours(graph, from.node, walk);
    if (walk.nearest.has_next()) graph.blocks.prefetch_neighbours(walk.nearest.peek_next());
    for (const NodeId node : fresh) {
      walk.nearest.offer(query.distance(graph.blocks, node), node);
    }
  }
}

// The frontier holds allowed and other nodes alike and has no bound but the farthest of the list of
// allowed ones, once that is full.
void filtered_search(const GraphView& graph,
                     const Query& query,
                     std::size_t width,
                     const NodeSet& allowed,
                     Walk& walk) {
  walk.begin(graph, width);
  if (graph.entry >= graph.nodes) return;
  const auto meet = [&](NodeId node) {
    const float distance = query.distance(graph.blocks, node);
    if (!(distance < walk.nearest.limit())) return;
    walk.frontier.push_back({distance, node});
    std::ranges::push_heap(walk.frontier, is_farther);
    if (allowed.contains(node)) walk.nearest.offer(distance, node);
  };
  (void)walk.visited.insert(graph.entry);
  meet(graph.entry);
  while (!walk.frontier.empty()) {
    std::ranges::pop_heap(walk.frontier, is_farther);
    const Candidate from = walk.frontier.back();
    walk.frontier.pop_back();
    if (from.distance > walk.nearest.limit()) break;
    const auto fresh = meet_neighbours(graph, from.node, walk);
    if (!walk.frontier.empty()) graph.blocks.prefetch_neighbours(walk.frontier.front().node);
    for (const NodeId node : fresh) meet(node);
  }
}

void exhaustive_search(const GraphView& graph,
                       const Query& query,
                       std::size_t width,
                       const NodeSet& allowed,
                       Walk& walk) {
  walk.begin(graph, width);
  // Each is compared when some others' codes are on their way.
  std::array<NodeId, fetched_ahead> waiting;
  std::size_t met = 0;
  const auto compare = [&](NodeId node) {
    walk.nearest.offer(query.distance(graph.blocks, node), node);
  };
  allowed.for_each([&](NodeId node) {
    if (node >= graph.nodes) return;
    NodeId& place = waiting[met % fetched_ahead];
    if (met++ >= fetched_ahead) compare(place);
    graph.blocks.prefetch_code(node);
    place = node;
  });
  for (std::size_t i = met - std::min(met, fetched_ahead); i < met; ++i) {
    compare(waiting[i % fetched_ahead]);
  }
}

}  // namespace hearth::search::vector
