// What the history of an issue takes and gives: its events, told for programs and for people.
#pragma once

#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include "packs/issues/common_wire.hpp"
#include "packs/issues/engine/event.hpp"
#include "packs/issues/excerpt_wire.hpp"

namespace hearth::packs::issues::wire {

struct ShownEvent {
  std::string event_id;
  std::string issue_id;
  std::string actor;
  std::int64_t ts_unix_ms = 0;
  std::string what;
  std::optional<std::string> parent;
  json::Raw kind;
  bool is_signed = false;
  std::optional<bool> truncated;
};
BOOST_DESCRIBE_STRUCT(
    ShownEvent,
    (),
    (event_id, issue_id, actor, ts_unix_ms, what, parent, kind, is_signed, truncated))
json::Notes notes(const ShownEvent*);

struct HistoryRequest {
  std::string id;
  std::optional<std::int64_t> limit;
  std::optional<std::string> before;
  std::int64_t bytes = usual_room;
};
BOOST_DESCRIBE_STRUCT(HistoryRequest, (), (id, limit, before, bytes))
json::Notes notes(const HistoryRequest*);

struct HistoryAnswer {
  std::string issue_id;
  std::vector<ShownEvent> events;
  std::int64_t event_count = 0;
  bool truncated = false;
};
BOOST_DESCRIBE_STRUCT(HistoryAnswer, (), (issue_id, events, event_count, truncated))
json::Notes notes(const HistoryAnswer*);

// The newest of them that fit, in their order.
[[nodiscard]] std::vector<ShownEvent> to_shown(std::span<const Event> events, std::size_t room);
// `before`: of an event, or a unique prefix; `not_found` when there is no such one.
[[nodiscard]] Result<HistoryAnswer> to_history(const IssueId& issue,
                                               std::span<const Event> events,
                                               const HistoryRequest& request);
// {"CommentAdded":{"body":"…"}}, as grite exports it.
[[nodiscard]] std::string kind_text(const Kind& kind);
// What it did, in a line: labelled "bug".
[[nodiscard]] std::string what_of(const Event& event);

}  // namespace hearth::packs::issues::wire
