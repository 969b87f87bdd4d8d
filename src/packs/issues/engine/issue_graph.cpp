#include "packs/issues/engine/issue_graph.hpp"

#include <algorithm>
#include <iterator>

namespace hearth::packs::issues {

Adjacency::Adjacency(std::size_t size, std::vector<std::pair<Position, Position>> pairs)
    : begins_(size + 1) {
  std::ranges::sort(pairs);
  const auto twins = std::ranges::unique(pairs);
  pairs.erase(twins.begin(), twins.end());
  targets_.reserve(pairs.size());
  for (const auto& [from, to] : pairs) {
    ++begins_[from + 1];
    targets_.push_back(to);
  }
  for (std::size_t i = 0; i < size; ++i) begins_[i + 1] += begins_[i];
}

IssueGraph::IssueGraph(std::span<const Summary> issues) : issues_(issues) {
  positions_.reserve(issues.size());
  for (Position at = 0; at < size(); ++at) positions_.emplace(issues[at].id, at);
  read_dependencies();
  read_parents();
}

std::optional<Position> IssueGraph::find(const IssueId& id) const {
  const auto found = positions_.find(id);
  if (found == positions_.end()) return std::nullopt;
  return found->second;
}

std::optional<Position> IssueGraph::parent(Position at) const {
  if (parents_[at] == nowhere) return std::nullopt;
  return parents_[at];
}

bool IssueGraph::is_within(Position at, Position ancestor) const {
  return begins_[ancestor] <= begins_[at] && begins_[at] < ends_[ancestor];
}

std::vector<Dependency> IssueGraph::missing(Position at) const {
  std::vector<Dependency> gone;
  for (const Dependency& dependency : issues_[at].dependencies) {
    if (!positions_.contains(dependency.target)) gone.push_back(dependency);
  }
  return gone;
}

std::vector<Position> IssueGraph::connected_to(Position at) const {
  std::vector<bool> seen(issues_.size());
  std::vector<Position> found;
  const auto add = [&](Position next) {
    if (seen[next]) return;
    seen[next] = true;
    found.push_back(next);
  };
  add(at);
  for (std::size_t i = 0; i < found.size(); ++i) {
    const Position here = found[i];
    for (const auto next : {before(here), after(here), related(here), children(here)}) {
      std::ranges::for_each(next, add);
    }
    if (parents_[here] != nowhere) add(parents_[here]);
  }
  std::ranges::sort(found);
  return found;
}

void IssueGraph::read_dependencies() {
  using Pairs = std::vector<std::pair<Position, Position>>;
  Pairs before;
  Pairs after;
  Pairs related;
  for (Position at = 0; at < size(); ++at) {
    for (const Dependency& dependency : issues_[at].dependencies) {
      const std::optional<Position> target = find(dependency.target);
      if (!target) continue;
      if (dependency.type == DependencyType::related_to) {
        related.emplace_back(at, *target);
        related.emplace_back(*target, at);
        continue;
      }
      const bool waits = dependency.type == DependencyType::depends_on;
      const auto [first, second] = waits ? std::pair(*target, at) : std::pair(at, *target);
      before.emplace_back(second, first);
      after.emplace_back(first, second);
    }
  }
  before_ = Adjacency(issues_.size(), std::move(before));
  after_ = Adjacency(issues_.size(), std::move(after));
  related_ = Adjacency(issues_.size(), std::move(related));
}

void IssueGraph::read_parents() {
  parents_.assign(issues_.size(), nowhere);
  for (Position at = 0; at < size(); ++at) {
    if (const auto& parent = issues_[at].parent) parents_[at] = find(*parent).value_or(nowhere);
  }
  // Walks upwards from each; who meets the mark of this very walk again is on a circle.
  std::vector<Position> walk(issues_.size(), nowhere);
  for (Position start = 0; start < size(); ++start) {
    Position at = start;
    while (at != nowhere && walk[at] == nowhere) {
      walk[at] = start;
      at = parents_[at];
    }
    if (at != nowhere && walk[at] == start) cut_circle(at);
  }
  std::vector<std::pair<Position, Position>> children;
  for (Position at = 0; at < size(); ++at) {
    if (parents_[at] != nowhere) children.emplace_back(parents_[at], at);
  }
  children_ = Adjacency(issues_.size(), std::move(children));
  number_downwards();
}

void IssueGraph::number_downwards() {
  downwards_.reserve(issues_.size());
  begins_.resize(issues_.size());
  ends_.resize(issues_.size());
  std::vector<Position> waiting;
  for (Position top = 0; top < size(); ++top) {
    if (parents_[top] == nowhere) waiting.push_back(top);
    while (!waiting.empty()) {
      const Position at = waiting.back();
      waiting.pop_back();
      begins_[at] = static_cast<Position>(downwards_.size());
      downwards_.push_back(at);
      std::ranges::copy(children(at), std::back_inserter(waiting));
    }
  }
  // From the last one on, each tells the one above where it ends.
  for (auto at = downwards_.rbegin(); at != downwards_.rend(); ++at) {
    ends_[*at] = std::max(ends_[*at], begins_[*at] + 1);
    if (const Position above = parents_[*at]; above != nowhere) {
      ends_[above] = std::max(ends_[above], ends_[*at]);
    }
  }
}

void IssueGraph::cut_circle(Position on_it) {
  const auto age = [this](Position at) {
    return std::pair(issues_[at].created_ms, issues_[at].id);
  };
  Position oldest = on_it;
  for (Position at = parents_[on_it]; at != on_it; at = parents_[at]) {
    if (age(at) < age(oldest)) oldest = at;
  }
  parents_[oldest] = nowhere;
  cut_loose_.push_back(oldest);
}

}  // namespace hearth::packs::issues
