#include "packs/issues/engine/views/dependency_order.hpp"

#include <algorithm>
#include <cstdint>
#include <queue>
#include <set>
#include <tuple>
#include <utility>

namespace hearth::packs::issues {
namespace {

// The beginning or the end of an issue.
using Node = std::uint32_t;
using Groups = std::vector<std::vector<Node>>;

Node begin_of(Position at) {
  return 2 * at;
}
Node end_of(Position at) {
  return 2 * at + 1;
}
bool is_end(Node node) {
  return node % 2 == 1;
}
Position issue_of(Node node) {
  return node / 2;
}

// What of `after` cannot be before `before` has ended.
Node held_back(const IssueGraph& graph, Position before, Position after) {
  const bool is_own_part = before != after && graph.is_within(before, after);
  return is_own_part ? end_of(after) : begin_of(after);
}

template <typename Found>
void each_after(const IssueGraph& graph, Node node, const Found& found) {
  const Position at = issue_of(node);
  if (is_end(node)) {
    for (const Position after : graph.after(at)) found(held_back(graph, at, after));
    if (const auto epic = graph.parent(at)) found(end_of(*epic));
  } else {
    found(end_of(at));
    for (const Position part : graph.children(at)) found(begin_of(part));
  }
}

Adjacency all_after(const IssueGraph& graph) {
  std::vector<std::pair<Node, Node>> pairs;
  const Node size = 2 * graph.size();
  for (Node node = 0; node < size; ++node) {
    each_after(graph, node, [&](Node to) { pairs.emplace_back(node, to); });
  }
  return Adjacency(size, std::move(pairs));
}

// Whether `to` comes after `from`, over at least one step.
bool leads_to(const IssueGraph& graph, Node from, Node to) {
  std::vector<bool> seen(std::size_t{2} * graph.size());
  std::vector<Node> waiting{from};
  while (!waiting.empty()) {
    const Node node = waiting.back();
    waiting.pop_back();
    bool is_found = false;
    each_after(graph, node, [&](Node next) {
      is_found = is_found || next == to;
      if (seen[next]) return;
      seen[next] = true;
      waiting.push_back(next);
    });
    if (is_found) return true;
  }
  return false;
}

class Components {
 public:
  Components(const Adjacency& after, Node size)
      : after_(after), number_(size), lowest_(size), open_(size) {
    for (Node at = 0; at < size; ++at) {
      if (number_[at] == 0) explore(at);
    }
  }
  [[nodiscard]] Groups take() { return std::move(groups_); }

 private:
  struct Step {
    Node at;
    std::size_t next = 0;  // of what comes after it
  };

  void enter(Node at) {
    number_[at] = lowest_[at] = ++count_;
    open_[at] = true;
    stack_.push_back(at);
    path_.push_back({at});
  }

  void explore(Node start) {
    enter(start);
    while (!path_.empty()) {
      Step& step = path_.back();
      const Node at = step.at;
      const auto after = after_.of(at);
      if (step.next == after.size()) {
        leave(at);
        continue;
      }
      const Node to = after[step.next++];
      if (number_[to] == 0) {
        enter(to);  // `step` is gone
      } else if (open_[to]) {
        lowest_[at] = std::min(lowest_[at], number_[to]);
      }
    }
  }

  void leave(Node at) {
    path_.pop_back();
    if (!path_.empty()) {
      Node& above = lowest_[path_.back().at];
      above = std::min(above, lowest_[at]);
    }
    if (lowest_[at] != number_[at]) return;
    const auto from = std::ranges::find(stack_, at);
    groups_.emplace_back(from, stack_.end());
    stack_.erase(from, stack_.end());
    for (const Node member : groups_.back()) open_[member] = false;
  }

  const Adjacency& after_;
  std::vector<Node> number_;  // in order of discovery, from 1
  std::vector<Node> lowest_;  // number that is reached from it
  std::vector<bool> open_;
  std::vector<Node> stack_;
  std::vector<Step> path_;
  Groups groups_;
  Node count_ = 0;
};

// Groups with the most urgent of theirs in front.
void sort_members(const IssueGraph& graph, Groups& groups) {
  for (auto& group : groups) {
    std::ranges::sort(group, {}, [&](Node node) {
      return std::tuple_cat(urgency(graph.issue(issue_of(node))), std::tuple(node));
    });
  }
}

std::vector<Position> order_groups(const IssueGraph& graph,
                                   const Adjacency& after,
                                   const Groups& groups) {
  const Node size = 2 * graph.size();
  std::vector<std::size_t> group_of(size);
  for (std::size_t group = 0; group < groups.size(); ++group) {
    for (const Node node : groups[group]) group_of[node] = group;
  }
  std::vector<std::size_t> awaited(groups.size());
  for (Node node = 0; node < size; ++node) {
    for (const Node to : after.of(node)) {
      if (group_of[to] != group_of[node]) ++awaited[group_of[to]];
    }
  }
  const auto less_urgent = [&](std::size_t a, std::size_t b) {
    return urgency(graph.issue(issue_of(groups[b].front()))) <
           urgency(graph.issue(issue_of(groups[a].front())));
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
    for (const Node node : groups[group]) {
      if (is_end(node)) order.push_back(issue_of(node));
      for (const Node to : after.of(node)) {
        if (group_of[to] != group && --awaited[group_of[to]] == 0) next.push(group_of[to]);
      }
    }
  }
  return order;
}

}  // namespace

DependencyOrder order_of(const IssueGraph& graph) {
  const Adjacency after = all_after(graph);
  Groups groups = Components(after, 2 * graph.size()).take();
  sort_members(graph, groups);
  DependencyOrder found;
  found.order = order_groups(graph, after, groups);
  for (const auto& group : groups) {
    if (group.size() == 1) continue;
    std::set<Position> members;
    for (const Node node : group) members.insert(issue_of(node));
    found.circles.emplace_back(members.begin(), members.end());
  }
  std::ranges::sort(found.circles);
  return found;
}

bool would_close_circle(const IssueGraph& graph, Position before, Position after) {
  return before == after || leads_to(graph, held_back(graph, before, after), end_of(before));
}

bool is_in_circle(const IssueGraph& graph, Position at) {
  return leads_to(graph, begin_of(at), begin_of(at)) || leads_to(graph, end_of(at), end_of(at));
}

bool comes_before(const IssueGraph& graph, Position first, Position second) {
  return leads_to(graph, end_of(first), end_of(second));
}

}  // namespace hearth::packs::issues
