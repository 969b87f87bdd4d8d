// Issues of beads (its JSONL export), as events of our log.
//
// Everything about an event is derived from what the export says: the issue from beads' id, the
// actor from the author's name, the times from its times. So the same export gives the same events,
// with the same ids, wherever and however often it is imported, and clones that import it agree. Of
// an issue that is here already only what differs is written; a local change that is younger than
// beads' own wins, as always. Labels, assignees and dependencies that an earlier import has set and
// a newer file does not have any more are taken away; those that were set here stay.
//
//   blocks, conditional-blocks, waits-for   depends_on; parent-child, and the dots of "bd-a3.1":
//   the
//                                           parent; other kinds: related_to
//   status                                  open or closed; others than these as a label "status:…"
//   design, acceptance_criteria, notes      sections of the body
//   beads' id, external_ref                 links "beads:bd-a3", and as it stands
#pragma once

#include <cstdint>
#include <functional>
#include <map>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "packs/issues/engine/issue.hpp"

namespace hearth::packs::issues {

struct BeadsDependency {
  std::string target;
  std::string type;
  std::uint64_t created_ms = 0;  // 0: as the issue was last updated
};
struct BeadsComment {
  std::string author;
  std::string text;
  std::uint64_t created_ms = 0;
};
struct BeadsIssue {
  std::string id;
  std::string title;
  std::string body;  // description and the sections
  std::string status;
  std::string type;
  std::optional<std::uint8_t> priority;
  std::string assignee;
  std::string author;
  std::string external_ref;
  std::string close_reason;
  std::uint64_t created_ms = 0;
  std::uint64_t updated_ms = 0;
  std::uint64_t closed_ms = 0;  // 0: not closed
  std::vector<std::string> labels;
  std::vector<BeadsDependency> dependencies;
  std::vector<BeadsComment> comments;
};

[[nodiscard]] IssueId beads_issue_id(std::string_view beads_id);
[[nodiscard]] ActorId beads_actor_id(std::string_view name);

struct BeadsEvents {
  std::vector<Event> events;              // sealed; each issue's creation first
  std::map<ActorId, std::string> actors;  // the names behind the ids
  std::size_t created = 0;                // issues
  std::size_t changed = 0;                // that are another with these events
  std::size_t unchanged = 0;              // here or by younger changes
  // Labels, assignees and dependencies that the file does not have, and an earlier import of one no
  // older has set: which of both is right nobody can tell, so they stay.
  std::size_t kept = 0;
  std::size_t deleted = 0;  // beads' tombstones: left alone, or closed where they are here
};

struct IssueHere {
  std::vector<Event> events;  // normalized
  Issue issue;                // what they amount to
};
// What is here, null for what is not. Of one id that comes twice the later update counts.
using FindIssue = std::function<const IssueHere*(const IssueId&)>;
[[nodiscard]] BeadsEvents events_of_beads(std::span<const BeadsIssue> issues,
                                          const FindIssue& here);

}  // namespace hearth::packs::issues
