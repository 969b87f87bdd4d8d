// What can be worked on now, the most urgent first, and what stands in the way of the rest.
//
// An issue is ready when it is open, nobody else has claimed it, nothing that comes before it is
// open, and none of its own parts is. What an epic waits for, its parts wait for, too; except for
// parts of that epic, since an epic may well wait for its parts. A dependency on an issue that is
// not here stands in nobody's way: nobody could ever close it.
#pragma once

#include <cstdint>
#include <functional>
#include <span>
#include <string>
#include <unordered_set>
#include <vector>

#include "packs/issues/engine/issue_graph.hpp"

namespace hearth::packs::issues {

struct Obstacles {
  bool is_closed = false;
  bool is_claimed = false;
  std::vector<Position> before;      // open, and to be closed first
  std::vector<Position> open_parts;  // its own

  [[nodiscard]] bool none() const {
    return !is_closed && !is_claimed && before.empty() && open_parts.empty();
  }
};

// Claims of others that are in force.
using Claimed = std::unordered_set<IssueId>;

[[nodiscard]] Obstacles obstacles_of(const IssueGraph& graph, Position at, const Claimed& claimed);

// The issues, besides these, of which something else may be said when these change: what they are
// linked to, and what is within those that wait for them.
[[nodiscard]] std::vector<Position> linked_to(const IssueGraph& graph,
                                              std::span<const IssueId> changed);

// All ready issues by urgency: priority, then age.
[[nodiscard]] std::vector<Position> ready_issues(const IssueGraph& graph, const Claimed& claimed);
// The open ones that are not ready, likewise.
[[nodiscard]] std::vector<Position> blocked_issues(const IssueGraph& graph, const Claimed& claimed);

// Why an issue stands where it does in the list of the ready ones, in few words: "priority 0",
// "2 before it are closed", "3 wait for it".
[[nodiscard]] std::vector<std::string> ready_reasons(const IssueGraph& graph, Position at);
// How an issue is named in few words, as Board::short_id does.
using ShortId = std::function<std::string(const IssueId&)>;
// What is in the way, in few words: "claimed", "waits for 0123abcd", "has 2 open parts".
[[nodiscard]] std::vector<std::string> obstacle_reasons(const IssueGraph& graph,
                                                        const Obstacles& obstacles,
                                                        const ShortId& short_id);

}  // namespace hearth::packs::issues
