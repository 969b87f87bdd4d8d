#include "packs/issues/engine/views/dependency_order.hpp"

#include <algorithm>
#include <queue>

namespace hearth::packs::issues {
namespace {

using Groups = std::vector<std::vector<Position>>;

class Components {
 public:
  explicit Components(const IssueGraph& graph)
      : graph_(graph), number_(graph.size()), lowest_(graph.size()), open_(graph.size()) {
    for (Position at = 0; at < graph.size(); ++at) {
      if (number_[at] == 0) explore(at);
    }
  }
  [[nodiscard]] Groups take() { return std::move(groups_); }

 private:
  struct Step {
    Position at;
    std::size_t next = 0;  // of what comes after it
  };

  void enter(Position at) {
    number_[at] = lowest_[at] = ++count_;
    open_[at] = true;
    stack_.push_back(at);
    path_.push_back({at});
  }

  void explore(Position start) {
    enter(start);
    while (!path_.empty()) {
      Step& step = path_.back();
      const Position at = step.at;
      const auto after = graph_.after(at);
      if (step.next == after.size()) {
        leave(at);
        continue;
      }
      const Position to = after[step.next++];
      if (number_[to] == 0) {
        enter(to);  // `step` is gone
      } else if (open_[to]) {
        lowest_[at] = std::min(lowest_[at], number_[to]);
      }
    }
  }

  void leave(Position at) {
    path_.pop_back();
    if (!path_.empty()) {
      Position& above = lowest_[path_.back().at];
      above = std::min(above, lowest_[at]);
    }
    if (lowest_[at] != number_[at]) return;
    const auto from = std::ranges::find(stack_, at);
    groups_.emplace_back(from, stack_.end());
    stack_.erase(from, stack_.end());
    for (const Position member : groups_.back()) open_[member] = false;
  }

  const IssueGraph& graph_;
  std::vector<Position> number_;  // in order of discovery, from 1
  std::vector<Position> lowest_;  // number that is reached from it
  std::vector<bool> open_;
  std::vector<Position> stack_;
  std::vector<Step> path_;
  Groups groups_;
  Position count_ = 0;
};

bool is_circle(const IssueGraph& graph, const std::vector<Position>& group) {
  const auto after = graph.after(group.front());
  return group.size() > 1 || std::ranges::find(after, group.front()) != after.end();
}

// Groups with the most urgent of theirs in front.
void sort_members(const IssueGraph& graph, Groups& groups) {
  for (auto& group : groups) {
    std::ranges::sort(group, {}, [&](Position at) { return urgency(graph.issue(at)); });
  }
}

std::vector<Position> order_groups(const IssueGraph& graph, const Groups& groups) {
  std::vector<std::size_t> group_of(graph.size());
  for (std::size_t group = 0; group < groups.size(); ++group) {
    for (const Position at : groups[group]) group_of[at] = group;
  }
  std::vector<std::size_t> awaited(groups.size());
  for (Position at = 0; at < graph.size(); ++at) {
    for (const Position to : graph.after(at)) {
      if (group_of[to] != group_of[at]) ++awaited[group_of[to]];
    }
  }
  const auto less_urgent = [&](std::size_t a, std::size_t b) {
    return urgency(graph.issue(groups[b].front())) < urgency(graph.issue(groups[a].front()));
  };
  std::priority_queue<std::size_t, std::vector<std::size_t>, decltype(less_urgent)> next(
      less_urgent);
  for (std::size_t group = 0; group < groups.size(); ++group) {
    if (awaited[group] == 0) next.push(group);
  }
  std::vector<Position> order;
  order.reserve(graph.size());
  while (!next.empty()) {
    const std::size_t group = next.top();
    next.pop();
    for (const Position at : groups[group]) {
      order.push_back(at);
      for (const Position to : graph.after(at)) {
        if (group_of[to] != group && --awaited[group_of[to]] == 0) next.push(group_of[to]);
      }
    }
  }
  return order;
}

}  // namespace

DependencyOrder order_of(const IssueGraph& graph) {
  Groups groups = Components(graph).take();
  sort_members(graph, groups);
  DependencyOrder found;
  found.order = order_groups(graph, groups);
  for (auto& group : groups) {
    if (!is_circle(graph, group)) continue;
    std::ranges::sort(group);
    found.circles.push_back(std::move(group));
  }
  std::ranges::sort(found.circles);
  return found;
}

bool would_close_circle(const IssueGraph& graph, Position before, Position after) {
  std::vector<bool> seen(graph.size());
  std::vector<Position> found{after};
  seen[after] = true;
  while (!found.empty()) {
    const Position at = found.back();
    found.pop_back();
    if (at == before) return true;
    for (const Position next : graph.after(at)) {
      if (seen[next]) continue;
      seen[next] = true;
      found.push_back(next);
    }
  }
  return false;
}

}  // namespace hearth::packs::issues
