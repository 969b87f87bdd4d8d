// Events: what happened to an issue, or to what is known of the project. The log is a set of them,
// and everything else is computed from it (issue.hpp).
//
// Kinds and payloads are those of the log's format (docs/formats/issues.md) and closed: one that
// others do not know would keep them from reading the log at all.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <tuple>
#include <variant>
#include <vector>

#include "packs/issues/engine/ids.hpp"

namespace hearth::packs::issues {

enum class State : std::uint8_t { open, closed };
enum class DependencyType : std::uint8_t { blocks, depends_on, related_to };
[[nodiscard]] std::string_view name_of(State state);
[[nodiscard]] std::string_view name_of(DependencyType type);
[[nodiscard]] std::optional<State> state_of(std::string_view name);
[[nodiscard]] std::optional<DependencyType> dependency_type_of(std::string_view name);

struct IssueCreated {
  std::string title;
  std::string body;
  std::vector<std::string> labels;  // written in order of their bytes
  bool operator==(const IssueCreated&) const = default;
};
struct IssueUpdated {
  std::optional<std::string> title;
  std::optional<std::string> body;
  bool operator==(const IssueUpdated&) const = default;
};
struct CommentAdded {
  std::string body;
  bool operator==(const CommentAdded&) const = default;
};
struct LabelAdded {
  std::string label;
  bool operator==(const LabelAdded&) const = default;
};
struct LabelRemoved {
  std::string label;
  bool operator==(const LabelRemoved&) const = default;
};
struct StateChanged {
  State state = State::open;
  bool operator==(const StateChanged&) const = default;
};
struct LinkAdded {
  std::string url;
  std::optional<std::string> note;
  bool operator==(const LinkAdded&) const = default;
};
struct AssigneeAdded {
  std::string user;
  bool operator==(const AssigneeAdded&) const = default;
};
struct AssigneeRemoved {
  std::string user;
  bool operator==(const AssigneeRemoved&) const = default;
};
struct AttachmentAdded {
  std::string name;
  Sha256 sha256;
  std::string mime;
  bool operator==(const AttachmentAdded&) const = default;
};
struct DependencyAdded {
  IssueId target;
  DependencyType type = DependencyType::depends_on;
  bool operator==(const DependencyAdded&) const = default;
};
struct DependencyRemoved {
  IssueId target;
  DependencyType type = DependencyType::depends_on;
  bool operator==(const DependencyRemoved&) const = default;
};

// A definition in a source file; lines count from 1.
struct Symbol {
  std::string name;
  std::string kind;  // "function", "class" …
  std::uint32_t line_start = 0;
  std::uint32_t line_end = 0;
  bool operator==(const Symbol&) const = default;
};
struct ContextUpdated {
  std::string path;
  std::string language;
  std::vector<Symbol> symbols;  // written in order of name and kind
  std::string summary;
  Sha256 content_hash;
  bool operator==(const ContextUpdated&) const = default;
};
struct ProjectContextUpdated {
  std::string key;
  std::string value;
  bool operator==(const ProjectContextUpdated&) const = default;
};

// In the order of their tags, which count from 1.
using Kind = std::variant<IssueCreated,
                          IssueUpdated,
                          CommentAdded,
                          LabelAdded,
                          LabelRemoved,
                          StateChanged,
                          LinkAdded,
                          AssigneeAdded,
                          AssigneeRemoved,
                          AttachmentAdded,
                          DependencyAdded,
                          DependencyRemoved,
                          ContextUpdated,
                          ProjectContextUpdated>;
[[nodiscard]] inline std::uint64_t tag_of(const Kind& kind) {
  return kind.index() + 1;
}
[[nodiscard]] std::string_view name_of(const Kind& kind);  // "IssueCreated"

struct Event {
  EventId id;  // event_id(*this), once it is sealed
  IssueId issue;
  ActorId actor;
  std::uint64_t ts_ms = 0;  // since the Unix epoch
  // Of a comment: the one that it replaces. Others write none.
  std::optional<EventId> parent;
  Kind kind;
  std::optional<std::string> signature;  // 64 bytes, Ed25519 over the id
  bool operator==(const Event&) const = default;
};

// Which of two events about the same thing wins: the higher one. A total order of all events.
struct Version {
  std::uint64_t ts_ms = 0;
  ActorId actor;
  EventId event;
  auto operator<=>(const Version&) const = default;
};
[[nodiscard]] inline Version version_of(const Event& event) {
  return {event.ts_ms, event.actor, event.id};
}

}  // namespace hearth::packs::issues
