#include "packs/issues/issue_wire.hpp"

#include <algorithm>
#include <cstddef>
#include <iterator>
#include <utility>

#include "packs/issues/engine/extension.hpp"
#include "packs/issues/engine/views/ready.hpp"
#include "packs/issues/event_prefix.hpp"

namespace hearth::packs::issues::wire {

using json::defaulted;
using json::range;

namespace {

constexpr const char* body_text = "The text, Markdown";
constexpr const char* priority_text = "0, most urgent, to 4; 2 when not given";
constexpr const char* type_text = "Such as task, bug, feature, epic";
constexpr const char* parent_text = "The epic that it belongs to: an id or a unique prefix";

}  // namespace

json::Notes notes(const NewIssue*) {
  return {{"title", "One line", title_limits()},
          {"body", body_text, text_limits() | defaulted},
          {"label", "Labels", list_limits() | defaulted},
          {"priority", priority_text, range(0, issues::least_priority)},
          {"type", type_text, name_limits()},
          {"parent", parent_text, id_limits()},
          {"assignee", "Who is to do it", list_limits() | defaulted},
          {"depends_on", "Ids of issues that have to be done first", list_limits() | defaulted}};
}
json::Notes notes(const CreateRequest*) {
  return {{"title", "One line", title_limits()},
          {"body", body_text, text_limits() | defaulted},
          {"label", label_text, list_limits() | defaulted},
          {"priority", priority_text, range(0, issues::least_priority)},
          {"type", type_text, name_limits()},
          {"parent", parent_text, id_limits()},
          {"assignee", "Who is to do it; may be given several times", list_limits() | defaulted},
          {"depends_on", "An issue that has to be done first; may be given several times",
           list_limits() | defaulted},
          {"issues", "Instead of the above: up to 1,000 issues, all or none", range(1, 1000)},
          {"actor", actor_text, name_limits()},
          {"key", key_text, key_limits()}};
}
json::Notes notes(const CreatedIssue*) {
  return {{"issue_id", full_id_text}};
}
json::Notes notes(const CreateAnswer*) {
  return {{"issue_id", "Whole id of the issue, of the first one of a list"},
          {"event_id", "Of its creation"},
          {"wal_head", head_text},
          {"issues", "All of a list, in its order"}};
}
json::Notes notes(const ShowRequest*) {
  return {
      {"id", id_text, id_limits()},
      {"events", "With the events of its history", defaulted},
      {"comments", "Only the newest so many comments", range(0, 10'000)},
      {"before", "Only comments before this one: its comment_id or a unique prefix", id_limits()},
      {"bytes", room_text, range(least_room, most_room) | defaulted}};
}
json::Notes notes(const ShownComment*) {
  return {{"comment_id", "To edit it by"},
          {"author", "An actor's id"},
          {"ts", time_text},
          {"body", ""},
          {"edited_ts", "When it was edited last"},
          {"body_bytes", "Of the whole text, where it is cut"}};
}
json::Notes notes(const ShownLink*) {
  return {{"url", ""}, {"note", ""}};
}
json::Notes notes(const ShownAttachment*) {
  return {{"name", ""}, {"sha256", "Of its bytes"}, {"mime", ""}};
}
json::Notes notes(const ShownDependency*) {
  return {{"issue_id", full_id_text},
          {"dep_type", "blocks, depends_on or related_to"},
          {"title", ""},
          {"state", "open, closed, or unknown here"}};
}
json::Notes notes(const ShownIssue*) {
  return {{"issue_id", full_id_text},
          {"title", ""},
          {"body", ""},
          {"body_bytes", "Of the whole text, where it is cut"},
          {"state", "open or closed"},
          {"priority", "0, most urgent, to 4"},
          {"type", ""},
          {"parent", "Id of its epic"},
          {"labels", ""},
          {"assignees", ""},
          {"created_by", "An actor's id"},
          {"created_ts", time_text},
          {"updated_ts", time_text},
          {"dependencies", "That it names itself"},
          {"blocked_by", "Short ids of the open issues that keep it from being worked on"},
          {"comments", "Oldest first"},
          {"comment_count", "How many there are"},
          {"links", ""},
          {"attachments", ""},
          {"claim", "Who works on it, as known here"},
          {"truncated",
           "There are earlier comments: ask for those before the first; or something is cut"}};
}
json::Notes notes(const ShownClaim*) {
  return {{"owner", "An actor's id"},
          {"owner_label", "What the owner is called, where this repository knows it"},
          {"expires_unix_ms", "When it runs out"}};
}
json::Notes notes(const ShowAnswer*) {
  return {{"issue", ""},
          {"event_count", "Of its whole history"},
          {"events", "The newest that fit, oldest first"}};
}
json::Notes notes(const UpdateRequest*) {
  return {{"id", id_text, id_limits()},
          {"title", "A new title", title_limits()},
          {"body", "A new text", text_limits()},
          {"priority", "0, most urgent, to 4", range(0, issues::least_priority)},
          {"type", "Such as task, bug, feature, epic; empty: none", range(0, 200)},
          {"parent", "The epic that it belongs to; empty: none", range(0, 64)},
          {"actor", actor_text, name_limits()},
          {"key", key_text, key_limits()}};
}
json::Notes notes(const CommentRequest*) {
  return {{"id", id_text, id_limits()},
          {"body", "The text, Markdown", range(1, 1'000'000)},
          {"edit", "Replaces this comment instead: its comment_id or a unique prefix", id_limits()},
          {"actor", actor_text, name_limits()},
          {"key", key_text, key_limits()}};
}
json::Notes notes(const StateRequest*) {
  return {{"id", id_text, id_limits()},
          {"comment", "Why, kept as a comment", range(1, 1'000'000)},
          {"actor", actor_text, name_limits()},
          {"key", key_text, key_limits()}};
}
json::Notes notes(const StateAnswer*) {
  return {{"issue_id", full_id_text},
          {"event_id", "Id of the last event that was written; empty: nothing had to change"},
          {"state", "open or closed"},
          {"wal_head", head_text},
          {"events", "How many events were written"}};
}
json::Notes notes(const LabelRequest*) {
  return {{"id", id_text, id_limits()},
          {"add", "A label to add; may be given several times", list_limits() | defaulted},
          {"remove", "A label to remove; may be given several times", list_limits() | defaulted},
          {"actor", actor_text, name_limits()},
          {"key", key_text, key_limits()}};
}
json::Notes notes(const AssignRequest*) {
  return {{"id", id_text, id_limits()},
          {"add", "Who is to do it; may be given several times", list_limits() | defaulted},
          {"remove", "Who is not any more; may be given several times", list_limits() | defaulted},
          {"actor", actor_text, name_limits()},
          {"key", key_text, key_limits()}};
}
json::Notes notes(const LinkRequest*) {
  return {{"id", id_text, id_limits()},
          {"url", "", range(1, 4000)},
          {"note", "What is there", range(1, 4000)},
          {"actor", actor_text, name_limits()},
          {"key", key_text, key_limits()}};
}

// ---- Values -----------------------------------------------------------------------------------

ShownIssue to_shown(const Issue& issue,
                    const Board& board,
                    const std::optional<ShownClaim>& claim) {
  const Summary& summary = issue.summary;
  ShownIssue shown{.issue_id = hex_of(summary.id),
                   .title = summary.title,
                   .body = issue.body,
                   .state = std::string(name_of(summary.state)),
                   .priority = summary.priority,
                   .labels = summary.labels,
                   .assignees = summary.assignees,
                   .created_by = hex_of(summary.created_by),
                   .created_ts = number(summary.created_ms),
                   .updated_ts = number(summary.updated_ms)};
  if (!summary.type.empty()) shown.type = summary.type;
  if (summary.parent) shown.parent = hex_of(*summary.parent);
  for (const Dependency& each : summary.dependencies) {
    const Summary* target = board.find(each.target);
    shown.dependencies.push_back(
        {.issue_id = hex_of(each.target),
         .dep_type = std::string(name_of(each.type)),
         .title = target == nullptr ? "" : short_title(target->title),
         .state = target == nullptr ? "unknown" : std::string(name_of(target->state))});
  }
  const IssueGraph& graph = board.graph();
  if (const auto at = graph.find(summary.id)) {
    for (const Position each : obstacles_of(graph, *at, {}).before) {
      shown.blocked_by.push_back(board.short_id(graph.issue(each).id));
    }
  }
  for (const Comment& each : issue.comments) {
    ShownComment comment{.comment_id = hex_of(each.id),
                         .author = hex_of(each.author),
                         .ts = number(each.ts_ms),
                         .body = each.body,
                         .edited_ts = std::nullopt};
    if (each.edited_ms) comment.edited_ts = number(*each.edited_ms);
    shown.comments.push_back(std::move(comment));
  }
  shown.comment_count = number(issue.comments.size());
  for (const Link& each : issue.links) shown.links.push_back({each.url, each.note});
  for (const Attachment& each : issue.attachments) {
    shown.attachments.push_back({each.name, hex_of(each.sha256), each.mime});
  }
  shown.claim = claim;
  return shown;
}

namespace {

using Comments = std::vector<ShownComment>;

// The text has at most a quarter of the room, each list a sixteenth: so a comment fits in any case.
void fit_but_comments(ShownIssue& shown, std::size_t room) {
  const std::size_t little = room / 16;
  const std::size_t least = room / 64;
  fit(shown.title, little);
  fit(shown.body, room / 4, shown.body_bytes);
  if (shown.type) fit(*shown.type, least);
  for (auto* names : {&shown.labels, &shown.assignees, &shown.blocked_by})
    fit_names(*names, little);
  for (ShownLink& each : shown.links) {
    fit(each.url, least);
    if (each.note) fit(*each.note, least);
  }
  for (ShownAttachment& each : shown.attachments) {
    fit(each.name, least);
    fit(each.mime, least);
  }
  fit_list(shown.dependencies, little);
  fit_list(shown.links, little);
  fit_list(shown.attachments, little);
}

// The newest of them that fit.
void fit_comments(Comments& comments, std::size_t longest, std::size_t room) {
  std::size_t left = room;
  for (auto each = comments.end(); each != comments.begin();) {
    --each;
    fit(each->body, longest, each->body_bytes);
    const std::size_t size = json::encode(*each).size() + 1;
    if (size > left) {
      comments.erase(comments.begin(), std::next(each));
      return;
    }
    left -= size;
  }
}

}  // namespace

Result<ShownIssue> excerpt_of(ShownIssue shown, const ShowRequest& request) {
  Comments& comments = shown.comments;
  if (request.before) {
    const auto position =
        find_by_prefix(comments, *request.before, "comment", &ShownComment::comment_id);
    if (!position) return std::unexpected(position.error());
    comments.resize(*position);
  }
  const auto most = static_cast<std::size_t>(request.comments.value_or(number(comments.size())));
  if (comments.size() > most) {
    comments.erase(comments.begin(), comments.end() - static_cast<std::ptrdiff_t>(most));
    shown.truncated = true;
  }
  const auto room = static_cast<std::size_t>(request.bytes);
  if (json::encode(shown).size() <= room) return shown;
  fit_but_comments(shown, room);
  Comments all = std::exchange(comments, {});
  const std::size_t used = json::encode(shown).size();
  fit_comments(all, room / 5, room - std::min(room, used));
  comments = std::move(all);
  shown.truncated = true;
  return shown;
}

Result<std::vector<NewIssue>> to_new_issues(const CreateRequest& request) {
  if (request.issues.has_value() == request.title.has_value()) {
    return fail(Errc::invalid_args, "give either title, for one issue, or issues, for several",
                {"hearth issues create \"What is to be done\""});
  }
  if (request.issues) return *request.issues;
  return std::vector{NewIssue{.title = *request.title,
                              .body = request.body,
                              .label = request.label,
                              .priority = request.priority,
                              .type = request.type,
                              .parent = request.parent,
                              .assignee = request.assignee,
                              .depends_on = request.depends_on}};
}

CreateAnswer to_created(const CreateRequest& request, const Receipt& receipt) {
  std::vector<CreatedIssue> created;  // in the order in which they were asked for
  CreateAnswer answer{.wal_head = head_of(receipt)};
  for (const Event& event : receipt.events) {
    if (!std::holds_alternative<IssueCreated>(event.kind)) continue;
    if (created.empty()) answer.event_id = hex_of(event.id);
    created.push_back({hex_of(event.issue)});
  }
  if (!created.empty()) answer.issue_id = created.front().issue_id;
  if (request.issues) answer.issues = std::move(created);
  return answer;
}

}  // namespace hearth::packs::issues::wire
