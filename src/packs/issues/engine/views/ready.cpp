#include "packs/issues/engine/views/ready.hpp"

#include <algorithm>
#include <iterator>
#include <string_view>

namespace hearth::packs::issues {
namespace {

constexpr std::size_t named_obstacles = 3;

bool is_open(const IssueGraph& graph, Position at) {
  return graph.issue(at).state == State::open;
}

bool waits_itself(const IssueGraph& graph, Position at) {
  return std::ranges::any_of(graph.before(at),
                             [&](Position before) { return is_open(graph, before); });
}

// Whether the parts of an epic wait for something that it waits for.
bool hands_down(const IssueGraph& graph, Position epic) {
  return std::ranges::any_of(graph.before(epic), [&](Position before) {
    return is_open(graph, before) && !graph.is_within(before, epic);
  });
}

// The open issues that are ready, or those that are not. What epics hand down is found once, from
// the top.
std::vector<Position> open_issues(const IssueGraph& graph, const Claimed& claimed, bool are_ready) {
  std::vector<bool> waits_above(graph.size());
  std::vector<Position> found;
  for (const Position at : graph.downwards()) {
    if (const auto epic = graph.parent(at)) {
      waits_above[at] = waits_above[*epic] || hands_down(graph, *epic);
    }
    const auto opens = [&graph](Position part) { return is_open(graph, part); };
    const bool is_ready = !waits_above[at] && !waits_itself(graph, at) &&
                          !claimed.contains(graph.issue(at).id) &&
                          std::ranges::none_of(graph.children(at), opens);
    if (is_open(graph, at) && is_ready == are_ready) found.push_back(at);
  }
  std::ranges::sort(found, {}, [&graph](Position at) { return urgency(graph.issue(at)); });
  return found;
}

std::string counted(std::size_t count, std::string_view one, std::string_view several) {
  return std::to_string(count).append(count == 1 ? one : several);
}

}  // namespace

Obstacles obstacles_of(const IssueGraph& graph, Position at, const Claimed& claimed) {
  Obstacles found;
  found.is_closed = !is_open(graph, at);
  found.is_claimed = claimed.contains(graph.issue(at).id);
  std::unordered_set<Position> seen;
  const auto add = [&](Position before) {
    if (is_open(graph, before) && seen.insert(before).second) found.before.push_back(before);
  };
  std::ranges::for_each(graph.before(at), add);
  for (auto epic = graph.parent(at); epic; epic = graph.parent(*epic)) {
    for (const Position before : graph.before(*epic)) {
      if (!graph.is_within(before, *epic)) add(before);
    }
  }
  std::ranges::copy_if(graph.children(at), std::back_inserter(found.open_parts),
                       [&graph](Position part) { return is_open(graph, part); });
  return found;
}

std::vector<Position> linked_to(const IssueGraph& graph, std::span<const IssueId> changed) {
  std::unordered_set<Position> seen;
  std::vector<Position> found;
  const auto add = [&](Position at) {
    if (seen.insert(at).second) found.push_back(at);
  };
  std::vector<Position> origins;
  for (const IssueId& id : changed) {
    if (const auto at = graph.find(id)) origins.push_back(*at);
  }
  seen.insert(origins.begin(), origins.end());
  std::vector<Position> waiting;
  for (const Position at : origins) {
    std::ranges::for_each(graph.before(at), add);
    std::ranges::for_each(graph.related(at), add);
    waiting.insert(waiting.end(), graph.after(at).begin(), graph.after(at).end());
  }
  std::unordered_set<Position> walked;
  while (!waiting.empty()) {
    const Position at = waiting.back();
    waiting.pop_back();
    if (!walked.insert(at).second) continue;
    add(at);
    waiting.insert(waiting.end(), graph.children(at).begin(), graph.children(at).end());
  }
  return found;
}

std::vector<Position> ready_issues(const IssueGraph& graph, const Claimed& claimed) {
  return open_issues(graph, claimed, true);
}

std::vector<Position> blocked_issues(const IssueGraph& graph, const Claimed& claimed) {
  return open_issues(graph, claimed, false);
}

std::vector<std::string> ready_reasons(const IssueGraph& graph, Position at) {
  std::vector<std::string> reasons{"priority " + std::to_string(graph.issue(at).priority)};
  if (const std::size_t closed = graph.before(at).size(); closed > 0) {
    reasons.push_back(counted(closed, " before it is closed", " before it are closed"));
  }
  const auto waiting = static_cast<std::size_t>(std::ranges::count_if(
      graph.after(at), [&graph](Position after) { return is_open(graph, after); }));
  if (waiting > 0) reasons.push_back(counted(waiting, " waits for it", " wait for it"));
  if (const std::size_t gone = graph.missing(at).size(); gone > 0) {
    reasons.push_back(counted(gone, " dependency is not here", " dependencies are not here"));
  }
  return reasons;
}

std::vector<std::string> obstacle_reasons(const IssueGraph& graph,
                                          const Obstacles& obstacles,
                                          const ShortId& short_id) {
  std::vector<std::string> reasons;
  if (obstacles.is_closed) reasons.emplace_back("closed");
  if (obstacles.is_claimed) reasons.emplace_back("claimed");
  const std::size_t named = std::min(named_obstacles, obstacles.before.size());
  for (std::size_t i = 0; i < named; ++i) {
    reasons.push_back("waits for " + short_id(graph.issue(obstacles.before[i]).id));
  }
  if (named < obstacles.before.size()) {
    reasons.push_back("and " + std::to_string(obstacles.before.size() - named) + " more");
  }
  if (const std::size_t open = obstacles.open_parts.size(); open > 0) {
    reasons.push_back("has " + counted(open, " open part", " open parts"));
  }
  return reasons;
}

}  // namespace hearth::packs::issues
