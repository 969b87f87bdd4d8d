#include "search/vector/growing_graph.hpp"

#include <sys/mman.h>

#include <algorithm>
#include <new>
#include <utility>

namespace hearth::search::vector {
namespace {

constexpr std::size_t huge_page = std::size_t{2} << 20;

bool is_nearer(const Candidate& a, const Candidate& b) {
  return a.distance != b.distance ? a.distance < b.distance : a.node < b.node;
}

}  // namespace

BlockLayout layout_for(std::uint32_t dimensions, std::uint32_t code_bits, std::uint32_t degree) {
  BlockLayout layout{dimensions, code_bits, degree + degree / 4};
  const std::size_t room = layout.stride() - layout.code_size() - sizeof(BlockHead);
  layout.most_neighbours = static_cast<std::uint32_t>(room / sizeof(NodeId));
  return layout;
}

GrowingGraph::GrowingGraph(Space space, GraphOptions options, NodeId capacity)
    : space_(std::move(space)),
      options_(options),
      vectors_(capacity),
      encoder_(space_,
               layout_for(static_cast<std::uint32_t>(space_.mean.size()), 8, options.degree)) {
  const auto layout = layout_for(static_cast<std::uint32_t>(space_.mean.size()), 8, options.degree);
  memory_size_ = round_up(layout.stride() * std::max<std::size_t>(capacity, 1), huge_page);
  void* memory = ::mmap(nullptr, memory_size_, PROT_READ | PROT_WRITE,
                        MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
  if (memory == MAP_FAILED) throw std::bad_alloc();
  (void)::madvise(memory, memory_size_, MADV_HUGEPAGE);  // a wish
  memory_ = static_cast<char*>(memory);
  blocks_ = BlockArray(layout, memory_);
}

GrowingGraph::~GrowingGraph() {
  ::munmap(memory_, memory_size_);
}

std::atomic_ref<NodeId> GrowingGraph::slot(NodeId node, std::uint32_t i) {
  const BlockLayout& layout = blocks_.layout();
  char* block = memory_ + node * layout.stride();
  auto* slots = reinterpret_cast<NodeId*>(block + layout.code_size() + sizeof(BlockHead));
  return std::atomic_ref<NodeId>(slots[i]);
}

void GrowingGraph::append(const float* vector) {
  const NodeId node = nodes_++;
  const BlockLayout& layout = blocks_.layout();
  char* block = memory_ + node * layout.stride();
  vectors_[node] = vector;
  auto* head = reinterpret_cast<BlockHead*>(block + layout.code_size());
  *head = encoder_.encode(vector, reinterpret_cast<std::uint8_t*>(block));
  set_neighbours(node, {});
}

void GrowingGraph::set_neighbours(NodeId node, std::span<const NodeId> neighbours) {
  for (std::uint32_t i = 0; i < blocks_.layout().most_neighbours; ++i) {
    slot(node, i).store(i < neighbours.size() ? neighbours[i] : no_node, std::memory_order_release);
  }
}

void GrowingGraph::adopt(NodeId node, std::span<const NodeId> neighbours, LinkScratch& scratch) {
  if (neighbours.size() <= blocks_.layout().most_neighbours) {
    set_neighbours(node, neighbours);
    return;
  }
  scratch.query.prepare_node(space_, blocks_.layout(), vectors_[node]);
  scratch.candidates.clear();
  for (const NodeId neighbour : neighbours) {
    scratch.candidates.push_back({scratch.query.distance(blocks_, neighbour), neighbour});
  }
  robust_prune(node, scratch.query.norm(), options_.alpha, scratch);
  set_neighbours(node, scratch.kept);
}

void GrowingGraph::link(NodeId node, float alpha, LinkScratch& scratch) {
  scratch.query.prepare_node(space_, blocks_.layout(), vectors_[node]);
  greedy_search(view(), scratch.query, options_.build_width, scratch.walk);
  scratch.candidates.clear();
  for (const Candidate& each : scratch.walk.expanded) {
    if (each.node != node) scratch.candidates.push_back(each);
  }
  {
    const std::lock_guard lock(lock_of(node));
    collect_neighbours(node, scratch.query, scratch.candidates);
    robust_prune(node, scratch.query.norm(), alpha, scratch);
    set_neighbours(node, scratch.kept);
  }
  scratch.linked = scratch.kept;
  for (const NodeId neighbour : scratch.linked) add_neighbour(neighbour, node, alpha, scratch);
}

bool GrowingGraph::try_add(NodeId node, NodeId neighbour) {
  for (std::uint32_t i = 0; i < blocks_.layout().most_neighbours; ++i) {
    const NodeId there = slot(node, i).load(std::memory_order_relaxed);
    if (there == neighbour) return true;
    if (there != no_node) continue;
    slot(node, i).store(neighbour, std::memory_order_release);
    return true;
  }
  return false;
}

void GrowingGraph::add_neighbour(NodeId node, NodeId neighbour, float alpha, LinkScratch& scratch) {
  const std::lock_guard lock(lock_of(node));
  if (try_add(node, neighbour)) return;
  scratch.query.prepare_node(space_, blocks_.layout(), vectors_[node]);
  scratch.candidates.clear();
  collect_neighbours(node, scratch.query, scratch.candidates);
  scratch.candidates.push_back({scratch.query.distance(blocks_, neighbour), neighbour});
  robust_prune(node, scratch.query.norm(), alpha, scratch);
  set_neighbours(node, scratch.kept);
}

void GrowingGraph::connect(NodeId node, LinkScratch& scratch) {
  scratch.query.prepare_node(space_, blocks_.layout(), vectors_[node]);
  greedy_search(view(), scratch.query, options_.build_width, scratch.walk);
  std::ranges::sort(scratch.walk.expanded, is_nearer);
  for (const Candidate& each : scratch.walk.expanded) {
    const std::lock_guard lock(lock_of(each.node));
    if (try_add(each.node, node)) return;
  }
}

void GrowingGraph::collect_neighbours(NodeId node,
                                      const Query& query,
                                      std::vector<Candidate>& to) const {
  for_each_neighbour(view(), node, [&](NodeId neighbour) {
    to.push_back({query.distance(blocks_, neighbour), neighbour});
  });
}

// RobustPrune (Subramanya et al. 2019, algorithm 2), from scratch.candidates to scratch.kept: the
// nearest candidate is kept, and those go to which it is a detour of less than `alpha`; and so on
// with the nearest that is left. Edges of many directions and lengths stay. When few are left so
// (among many equal vectors one), the nearest of those that went fill up half of the list. `norm`
// is that of the query at `node`.
void GrowingGraph::robust_prune(NodeId node, float norm, float alpha, LinkScratch& scratch) const {
  std::vector<Candidate>& candidates = scratch.candidates;
  std::ranges::sort(candidates, is_nearer);
  const auto twins = std::ranges::unique(candidates, {}, &Candidate::node);
  candidates.erase(twins.begin(), twins.end());
  std::erase_if(candidates, [node](const Candidate& each) { return each.node == node; });

  scratch.kept.clear();
  scratch.passed_over.clear();
  std::size_t left = candidates.size();  // the first of them, in order of distance
  while (left > 0 && scratch.kept.size() < options_.degree) {
    const NodeId nearest = candidates.front().node;
    scratch.kept.push_back(nearest);
    scratch.of_kept.prepare_node(space_, blocks_.layout(), vectors_[nearest]);
    const float norm_of_kept = scratch.of_kept.norm();
    std::size_t stay = 0;
    for (std::size_t i = 1; i < left; ++i) {
      const float detour = norm_of_kept + scratch.of_kept.distance(blocks_, candidates[i].node);
      if (alpha * detour > norm + candidates[i].distance) {
        candidates[stay++] = candidates[i];
      } else {
        scratch.passed_over.push_back(candidates[i]);
      }
    }
    left = stay;
  }
  const std::size_t wanted = options_.degree / 2;
  if (scratch.kept.size() >= wanted) return;
  std::ranges::sort(scratch.passed_over, is_nearer);
  for (const Candidate& each : scratch.passed_over) {
    if (scratch.kept.size() == wanted) return;
    scratch.kept.push_back(each.node);
  }
}

}  // namespace hearth::search::vector
