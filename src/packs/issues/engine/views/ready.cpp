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

// Calls `found(before)` for what `at` itself waits for and what it inherits, until that says true.
template <typename Found>
bool any_before(const IssueGraph& graph, Position at, const Found& found) {
  for (const Position before : graph.before(at)) {
    if (is_open(graph, before) && found(before)) return true;
  }
  for (auto epic = graph.parent(at); epic; epic = graph.parent(*epic)) {
    for (const Position before : graph.before(*epic)) {
      if (is_open(graph, before) && !graph.is_within(before, *epic) && found(before)) return true;
    }
  }
  return false;
}

bool is_ready(const IssueGraph& graph, Position at, const Claimed& claimed) {
  const auto opens = [&graph](Position part) { return is_open(graph, part); };
  return is_open(graph, at) && !claimed.contains(graph.issue(at).id) &&
         std::ranges::none_of(graph.children(at), opens) &&
         !any_before(graph, at, [](Position) { return true; });
}

std::string counted(std::size_t count, std::string_view one, std::string_view several) {
  return std::to_string(count).append(count == 1 ? one : several);
}

}  // namespace

Obstacles obstacles_of(const IssueGraph& graph, Position at, const Claimed& claimed) {
  Obstacles found;
  found.is_closed = !is_open(graph, at);
  found.is_claimed = claimed.contains(graph.issue(at).id);
  any_before(graph, at, [&found](Position before) {
    const bool is_new = std::ranges::find(found.before, before) == found.before.end();
    if (is_new) found.before.push_back(before);
    return false;
  });
  std::ranges::copy_if(graph.children(at), std::back_inserter(found.open_parts),
                       [&graph](Position part) { return is_open(graph, part); });
  return found;
}

std::vector<Position> ready_issues(const IssueGraph& graph, const Claimed& claimed) {
  std::vector<Position> ready;
  for (Position at = 0; at < graph.size(); ++at) {
    if (is_ready(graph, at, claimed)) ready.push_back(at);
  }
  std::ranges::sort(ready, {}, [&graph](Position at) { return urgency(graph.issue(at)); });
  return ready;
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
