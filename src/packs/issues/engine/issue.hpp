// What the events of an issue amount to.
//
// A projection is a function of the set of events alone: in whatever order, by whatever way and how
// often they arrive, the same events give the same issue. So clones that have exchanged all events
// agree, without asking each other.
//
//   title, body, state   the event of the highest version that says something about it
//   labels, assignees,   an element is there when the event of the highest version about it adds it
//   dependencies
//   comments, links,     all of them, by version; a comment whose parent is another comment of the
//   attachments          issue replaces the text of that one
//
// The creation of an issue comes first, whatever its time says (clocks are skewed). Of several the
// lowest version creates, the others count as updates. Without one there is no issue yet: its
// events wait.
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include "packs/issues/engine/event.hpp"

namespace hearth::packs::issues {

struct Dependency {
  IssueId target;
  DependencyType type = DependencyType::depends_on;
  auto operator<=>(const Dependency&) const = default;
};

// What lists, filters and graphs need, kept in memory for every issue.
struct Summary {
  IssueId id;
  ActorId created_by;
  std::uint64_t created_ms = 0;
  std::uint64_t updated_ms = 0;  // the highest time of its events
  std::string title;
  State state = State::open;
  std::vector<std::string> labels;       // sorted, without those that are extensions
  std::vector<std::string> assignees;    // sorted
  std::vector<Dependency> dependencies;  // sorted
  std::uint32_t comments = 0;            // how many
  // What labels with the prefix "hearth:" stand for (extension.hpp).
  std::uint8_t priority = 2;      // 0, most urgent, to 4
  std::string type;               // "task", "bug", "epic" …; empty: none was given
  std::optional<IssueId> parent;  // the epic it belongs to
  bool operator==(const Summary&) const = default;
};

struct Comment {
  EventId id;
  ActorId author;
  std::uint64_t ts_ms = 0;
  std::string body;
  std::optional<std::uint64_t> edited_ms;
  bool operator==(const Comment&) const = default;
};
struct Link {
  EventId id;
  ActorId author;
  std::uint64_t ts_ms = 0;
  std::string url;
  std::optional<std::string> note;
  bool operator==(const Link&) const = default;
};
struct Attachment {
  EventId id;
  ActorId author;
  std::uint64_t ts_ms = 0;
  std::string name;
  Sha256 sha256;
  std::string mime;
  bool operator==(const Attachment&) const = default;
};

struct Issue {
  Summary summary;
  std::string body;
  std::vector<std::string> extensions;  // labels with the prefix "hearth:", the newest last
  std::vector<Comment> comments;
  std::vector<Link> links;
  std::vector<Attachment> attachments;
  bool operator==(const Issue&) const = default;
};

// What is known of a source file, and a note about the project: of each path and key the newest.
struct ContextFile {
  ContextUpdated content;
  Version version;
  bool operator==(const ContextFile&) const = default;
};
struct ProjectNote {
  std::string key;
  std::string value;
  Version version;
  bool operator==(const ProjectNote&) const = default;
};

// The id under which notes about the project are kept: 16 × 0xff.
inline constexpr IssueId project_issue_id = [] {
  IssueId id;
  id.bytes.fill(0xff);
  return id;
}();

// Sorts by version and leaves out duplicates: the form that projections take.
void normalize(std::vector<Event>& events);
// Of one issue's events, normalized. Nothing while its creation has not arrived.
[[nodiscard]] std::optional<Issue> project_issue(std::span<const Event> events);
// Of the events of one file, normalized; nothing when none is about one.
[[nodiscard]] std::optional<ContextFile> project_file(std::span<const Event> events);
// Of the project's events, normalized, by key.
[[nodiscard]] std::vector<ProjectNote> project_notes(std::span<const Event> events);

}  // namespace hearth::packs::issues
