#include "packs/issues/history_wire.hpp"

#include <algorithm>
#include <cstddef>
#include <variant>

#include "packs/issues/engine/short_text.hpp"
#include "packs/issues/event_prefix.hpp"
#include "packs/issues/exchange_wire.hpp"

namespace hearth::packs::issues::wire {
namespace {

constexpr std::size_t most_told_bytes = 80;

// One line, without what a terminal would take for an instruction.
std::string told(std::string_view text) {
  std::string line = shortened(text, most_told_bytes);
  std::ranges::replace_if(line, [](unsigned char c) { return c < ' ' || c == 0x7f; }, ' ');
  return "\"" + line + "\"";
}

std::string_view verb_of(DependencyType type) {
  switch (type) {
    case DependencyType::blocks:
      return "blocks ";
    case DependencyType::depends_on:
      return "depends on ";
    case DependencyType::related_to:
      break;
  }
  return "is related to ";
}

std::string dependency_text(DependencyType type, const IssueId& target) {
  return std::string(verb_of(type)) + hex_of(target).substr(0, 8);
}

struct Teller {
  std::string operator()(const IssueCreated& kind) const { return "created " + told(kind.title); }
  std::string operator()(const IssueUpdated& kind) const {
    if (!kind.title) return "changed the text";
    return "renamed to " + told(*kind.title) + (kind.body ? ", and changed the text" : "");
  }
  std::string operator()(const CommentAdded& kind) const {
    return (is_edit ? "changed a comment to " : "commented ") + told(kind.body);
  }
  std::string operator()(const LabelAdded& kind) const { return "labelled " + told(kind.label); }
  std::string operator()(const LabelRemoved& kind) const {
    return "took the label " + told(kind.label) + " away";
  }
  std::string operator()(const StateChanged& kind) const {
    return kind.state == State::closed ? "closed" : "reopened";
  }
  std::string operator()(const LinkAdded& kind) const { return "linked to " + told(kind.url); }
  std::string operator()(const AssigneeAdded& kind) const { return "assigned " + told(kind.user); }
  std::string operator()(const AssigneeRemoved& kind) const {
    return "took the assignment of " + told(kind.user) + " away";
  }
  std::string operator()(const AttachmentAdded& kind) const {
    return "attached " + told(kind.name);
  }
  std::string operator()(const DependencyAdded& kind) const {
    return "said that it " + dependency_text(kind.type, kind.target);
  }
  std::string operator()(const DependencyRemoved& kind) const {
    return "took back that it " + dependency_text(kind.type, kind.target);
  }
  std::string operator()(const ContextUpdated& kind) const { return "indexed " + told(kind.path); }
  std::string operator()(const ProjectContextUpdated& kind) const {
    return "noted " + told(kind.key);
  }

  bool is_edit;
};

// Cuts texts; whether it had to.
struct Cutter {
  bool operator()(IssueCreated& kind) const {
    const bool labels = fit_names(kind.labels, most);
    const bool title = fit(kind.title, most);
    return fit(kind.body, most) || title || labels;
  }
  bool operator()(IssueUpdated& kind) const {
    const bool title = kind.title && fit(*kind.title, most);
    return (kind.body && fit(*kind.body, most)) || title;
  }
  bool operator()(CommentAdded& kind) const { return fit(kind.body, most); }
  bool operator()(LabelAdded& kind) const { return fit(kind.label, most); }
  bool operator()(LabelRemoved& kind) const { return fit(kind.label, most); }
  bool operator()(LinkAdded& kind) const {
    const bool url = fit(kind.url, most);
    return (kind.note && fit(*kind.note, most)) || url;
  }
  bool operator()(AssigneeAdded& kind) const { return fit(kind.user, most); }
  bool operator()(AssigneeRemoved& kind) const { return fit(kind.user, most); }
  bool operator()(AttachmentAdded& kind) const {
    const bool name = fit(kind.name, most);
    return fit(kind.mime, most) || name;
  }
  bool operator()(ContextUpdated& kind) const {
    const bool path = fit(kind.path, most);
    const bool language = fit(kind.language, most);
    return fit(kind.summary, most) || path || language;
  }
  bool operator()(ProjectContextUpdated& kind) const {
    const bool key = fit(kind.key, most);
    return fit(kind.value, most) || key;
  }
  bool operator()(const auto&) const { return false; }  // of a size of their own

  std::size_t most;
};

ShownEvent to_shown(const Event& event) {
  ShownEvent shown{.event_id = hex_of(event.id),
                   .issue_id = hex_of(event.issue),
                   .actor = hex_of(event.actor),
                   .ts_unix_ms = number(event.ts_ms),
                   .what = what_of(event),
                   .parent = std::nullopt,
                   .kind = {kind_text(event.kind)},
                   .is_signed = event.signature.has_value(),
                   .truncated = std::nullopt};
  if (event.parent) shown.parent = hex_of(*event.parent);
  return shown;
}

ShownEvent cut_to_shown(Event event, std::size_t most) {
  const bool is_cut = std::visit(Cutter{.most = most}, event.kind);
  ShownEvent shown = to_shown(event);
  if (is_cut) shown.truncated = true;
  return shown;
}

}  // namespace

json::Notes notes(const ShownEvent*) {
  return {{"event_id", ""},
          {"issue_id", ""},
          {"actor", ""},
          {"ts_unix_ms", time_text},
          {"what", "What it did, in a line"},
          {"parent", "Of an edited comment"},
          {"kind", "{\"CommentAdded\":{\"body\":…}} and the like"},
          {"is_signed", "Whether it carries a signature"},
          {"truncated", "Where there was no room for its texts: they are cut"}};
}
json::Notes notes(const HistoryRequest*) {
  return {{"id", id_text, id_limits()},
          {"limit", "The newest so many", json::range(1, 10'000)},
          {"before", "Only events before this one: its event_id or a unique prefix", id_limits()},
          {"bytes", room_text, json::range(least_room, most_room) | json::defaulted}};
}
json::Notes notes(const HistoryAnswer*) {
  return {
      {"issue_id", full_id_text},
      {"events", "Oldest first"},
      {"event_count", "Of the whole history"},
      {"truncated", "There are earlier ones: ask for those before the first; or texts are cut"}};
}

std::string kind_text(const Kind& kind) {
  std::string text;
  append_kind_json(text, kind);
  return text;
}

std::string what_of(const Event& event) {
  return std::visit(Teller{.is_edit = event.parent.has_value()}, event.kind);
}

std::vector<ShownEvent> to_shown(std::span<const Event> events, std::size_t room) {
  std::vector<ShownEvent> shown;
  const auto size_of = [](const ShownEvent& each) { return json::encode(each).size() + 1; };
  std::size_t wanted = 0;
  for (const Event& each : events) wanted += size_of(shown.emplace_back(to_shown(each)));
  if (wanted <= room) return shown;
  const std::size_t all = shown.size();
  std::size_t left = room;
  std::size_t fitting = 0;
  for (; fitting < all; ++fitting) {
    ShownEvent& next = shown[all - 1 - fitting];
    if (size_of(next) > room / 4) next = cut_to_shown(events[all - 1 - fitting], room / 16);
    if (size_of(next) > left) break;
    left -= size_of(next);
  }
  shown.erase(shown.begin(), shown.end() - static_cast<std::ptrdiff_t>(fitting));
  return shown;
}

Result<HistoryAnswer> to_history(const IssueId& issue,
                                 std::span<const Event> events,
                                 const HistoryRequest& request) {
  HistoryAnswer answer{.issue_id = hex_of(issue), .event_count = number(events.size())};
  if (request.before) {
    const auto found = find_by_prefix(events, *request.before, "event",
                                      [](const Event& each) { return hex_of(each.id); });
    if (!found) return std::unexpected(found.error());
    events = events.first(*found);
  }
  const std::size_t before = events.size();
  if (request.limit) {
    events = events.last(std::min(events.size(), static_cast<std::size_t>(*request.limit)));
  }
  answer.events = to_shown(events, static_cast<std::size_t>(request.bytes));
  answer.truncated =
      answer.events.size() < before ||
      std::ranges::any_of(
          answer.events, [](const ShownEvent& each) { return each.truncated.value_or(false); });
  return answer;
}

}  // namespace hearth::packs::issues::wire
