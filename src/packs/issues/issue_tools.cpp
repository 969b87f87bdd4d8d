// The tools for single issues: create, show, update, comment, close, reopen, label, assign, link.
#include <algorithm>
#include <cstddef>
#include <set>

#include "packs/issues/engine/crypto.hpp"
#include "packs/issues/engine/extension.hpp"
#include "packs/issues/engine/views/dependency_order.hpp"
#include "packs/issues/event_prefix.hpp"
#include "packs/issues/issue_wire.hpp"
#include "packs/issues/shown_claim.hpp"
#include "packs/issues/tools.hpp"

namespace hearth::packs::issues {
namespace {

// Others may have written any; lists and exports show them as they can.
Result<void> check_title(const std::string& title) {
  if (title.find_first_not_of(' ') == std::string::npos) {
    return fail(Errc::invalid_args, "an issue needs a title");
  }
  if (wire::is_one_line(title)) return {};
  return fail(Errc::invalid_args, "a title is one line without control characters",
              {"put the rest into body"});
}

// Of a label, a type, or somebody who is to do it.
Result<void> check_name(std::string_view what, const std::string& name) {
  if (!name.empty() && name.size() <= 200 && wire::is_one_line(name)) return {};
  return fail(Errc::invalid_args,
              std::string(what) + " has 1 to 200 bytes, without control characters");
}

// Those that others have written can be taken away whatever they are.
Result<void> check_names(std::string_view what, const std::vector<std::string>& names) {
  for (const std::string& each : names) {
    if (auto good = check_name(what, each); !good) return good;
  }
  return {};
}

Result<void> check_no_extension(const std::string& label) {
  if (is_extension(label)) {
    return fail(Errc::invalid_args, "labels that begin with \"hearth:\" are hearth's own: " + label,
                {"set priority, type or parent with hearth issues update"});
  }
  return {};
}

Result<void> would_wait_for_itself(const std::string& parent) {
  return fail(Errc::conflict,
              "as a part of " + parent + " it would wait for itself: an epic waits for its parts",
              {"see what waits for what with hearth issues dep-list and tree"});
}

// ---- Creating ---------------------------------------------------------------------------------

// A new part that waits for what its epic has to come before.
Result<void> check_no_circle(const wire::NewIssue& wanted, const Board& board) {
  if (!wanted.parent) return {};
  const auto parent = board.resolve(*wanted.parent);
  if (!parent) return std::unexpected(parent.error());
  const IssueGraph& graph = board.graph();
  const auto epic = graph.find(*parent);
  for (const std::string& each : wanted.depends_on) {
    const auto target = board.resolve(each);
    if (!target) return std::unexpected(target.error());
    const auto before = graph.find(*target);
    const bool is_circle =
        epic && before && (epic == before || comes_before(graph, *epic, *before));
    if (is_circle) return would_wait_for_itself(board.short_id(*parent));
  }
  return {};
}

Result<void> add_creation(const wire::NewIssue& wanted, const Board& board, Batch& batch) {
  IssueCreated creation{.title = wanted.title, .body = wanted.body, .labels = {}};
  if (auto good = check_title(wanted.title); !good) return good;
  if (auto good = check_names("a label", wanted.label); !good) return good;
  if (auto good = check_names("an assignee", wanted.assignee); !good) return good;
  if (wanted.type) {
    if (auto good = check_name("a type", *wanted.type); !good) return good;
  }
  for (const std::string& label : wanted.label) {
    if (auto good = check_no_extension(label); !good) return good;
    creation.labels.push_back(label);
  }
  if (wanted.priority) {
    creation.labels.push_back(priority_label(static_cast<std::uint8_t>(*wanted.priority)));
  }
  if (wanted.type) creation.labels.push_back(type_label(*wanted.type));
  if (wanted.parent) {
    const auto parent = board.resolve(*wanted.parent);
    if (!parent) return std::unexpected(parent.error());
    creation.labels.push_back(parent_label(*parent));
  }
  if (auto good = check_no_circle(wanted, board); !good) return good;
  const auto id = IssueId::of(random_bytes(IssueId::size));
  batch.drafts.push_back({id, std::move(creation)});
  for (const std::string& user : wanted.assignee) {
    batch.drafts.push_back({id, AssigneeAdded{user}});
  }
  for (const std::string& each : wanted.depends_on) {
    const auto target = board.resolve(each);
    if (!target) return std::unexpected(target.error());
    batch.drafts.push_back({id, DependencyAdded{*target, DependencyType::depends_on}});
  }
  return {};
}

Result<Batch> make_creations(const wire::CreateRequest& request,
                             const Board& board,
                             store::Database&,
                             const Actor&) {
  const auto wanted = wire::to_new_issues(request);
  if (!wanted) return std::unexpected(wanted.error());
  Batch batch;
  for (std::size_t i = 0; i < wanted->size(); ++i) {
    auto added = add_creation((*wanted)[i], board, batch);
    if (!added && request.issues) {
      return std::unexpected(std::move(added.error()).within("issues[" + std::to_string(i) + "]"));
    }
    if (!added) return std::unexpected(std::move(added.error()));
  }
  return batch;
}

// ---- Changing ---------------------------------------------------------------------------------

// Sets what the extension labels of a prefix say; empty: nothing. All others of that prefix are
// taken away: clones that set it at once have left several, of which the newest counts.
void replace_extension(const Issue& issue,
                       std::string_view prefix,
                       const std::string& label,
                       Batch& batch) {
  bool is_there = false;
  for (const std::string& each : issue.extensions) {
    if (each == label) {
      is_there = true;
    } else if (each.starts_with(prefix)) {
      batch.drafts.push_back({issue.summary.id, LabelRemoved{each}});
    }
  }
  if (!label.empty() && !is_there) batch.drafts.push_back({issue.summary.id, LabelAdded{label}});
}

bool is_priority(std::string_view label) {
  return label.starts_with(priority_prefix);
}

Result<std::string> new_parent_label(const std::string& parent,
                                     const Summary& issue,
                                     const Board& board) {
  if (parent.empty()) return std::string();
  const auto id = board.resolve(parent);
  if (!id) return std::unexpected(id.error());
  // An epic is in no part of itself.
  const Summary* above = board.find(*id);
  for (std::size_t depth = 0; above != nullptr && depth <= board.issues().size(); ++depth) {
    if (above->id == issue.id) {
      return fail(Errc::conflict, "an issue cannot be a part of itself, or of one of its parts");
    }
    above = above->parent ? board.find(*above->parent) : nullptr;
  }
  const auto at = board.graph().find(issue.id);
  if (at && !is_in_circle(board.graph(), *at)) {
    std::vector<Summary> moved(board.issues().begin(), board.issues().end());
    moved[*at].parent = *id;
    if (is_in_circle(IssueGraph(moved), *at)) {
      return std::unexpected(would_wait_for_itself(board.short_id(*id)).error());
    }
  }
  return parent_label(*id);
}

Result<Batch> make_update(const wire::UpdateRequest& request,
                          const Board& board,
                          store::Database& database,
                          const Actor&) {
  const auto id = board.resolve(request.id);
  if (!id) return std::unexpected(id.error());
  if (!request.title && !request.body && !request.priority && !request.type && !request.parent) {
    return fail(Errc::invalid_args, "nothing is to change",
                {"give title, body, priority, type or parent"});
  }
  if (request.title) {
    if (auto good = check_title(*request.title); !good)
      return std::unexpected(std::move(good.error()));
  }
  if (request.type && !request.type->empty()) {
    if (auto good = check_name("a type", *request.type); !good)
      return std::unexpected(std::move(good.error()));
  }
  const auto events = Cache::events(database, *id);
  if (!events) return std::unexpected(events.error());
  const auto issue = project_issue(*events);
  if (!issue) return fail(Errc::not_found, "there is no issue " + request.id);
  Batch batch;
  if (request.title || request.body) {
    batch.drafts.push_back({*id, IssueUpdated{request.title, request.body}});
  }
  if (request.priority) {
    const auto priority = static_cast<std::uint8_t>(*request.priority);
    const bool is_said =
        !std::ranges::any_of(issue->extensions, is_priority) && priority == default_priority;
    if (!is_said) replace_extension(*issue, priority_prefix, priority_label(priority), batch);
  }
  if (request.type) {
    replace_extension(*issue, type_prefix, request.type->empty() ? "" : type_label(*request.type),
                      batch);
  }
  if (request.parent) {
    const auto label = new_parent_label(*request.parent, issue->summary, board);
    if (!label) return std::unexpected(label.error());
    replace_extension(*issue, parent_prefix, *label, batch);
  }
  return batch;
}

Result<EventId> find_comment(store::Database& database,
                             const IssueId& issue,
                             const std::string& prefix) {
  const auto events = Cache::events(database, issue);
  if (!events) return std::unexpected(events.error());
  const auto projected = project_issue(*events);
  const auto comments = projected ? projected->comments : std::vector<Comment>();
  const auto found = find_by_prefix(comments, prefix, "comment",
                                    [](const Comment& each) { return hex_of(each.id); });
  if (found) return comments[*found].id;
  Error error = found.error();
  error.suggestions = {"hearth issues show " + hex_of(issue).substr(0, 8)};
  return std::unexpected(std::move(error));
}

Result<Batch> make_comment(const wire::CommentRequest& request,
                           const Board& board,
                           store::Database& database,
                           const Actor&) {
  const auto id = board.resolve(request.id);
  if (!id) return std::unexpected(id.error());
  Draft draft{*id, CommentAdded{request.body}};
  if (request.edit) {
    const auto comment = find_comment(database, *id, *request.edit);
    if (!comment) return std::unexpected(comment.error());
    draft.parent = *comment;
  }
  return Batch{.drafts = {std::move(draft)}, .events = {}};
}

auto make_state(State state) {
  return [state](const wire::StateRequest& request, const Board& board, store::Database&,
                 const Actor&) -> Result<Batch> {
    const auto id = board.resolve(request.id);
    if (!id) return std::unexpected(id.error());
    Batch batch;
    if (request.comment) batch.drafts.push_back({*id, CommentAdded{*request.comment}});
    if (board.find(*id)->state != state) batch.drafts.push_back({*id, StateChanged{state}});
    return batch;
  };
}

// Only what changes something is written.
template <typename Added, typename Removed>
void change_set(const IssueId& id,
                const std::vector<std::string>& present,
                const std::vector<std::string>& add,
                const std::vector<std::string>& remove,
                Batch& batch) {
  std::set<std::string> named;
  for (const std::string& each : add) {
    const bool is_new = !std::ranges::binary_search(present, each) && named.insert(each).second;
    if (is_new) batch.drafts.push_back({id, Added{each}});
  }
  named.clear();
  for (const std::string& each : remove) {
    const bool goes = std::ranges::binary_search(present, each) && named.insert(each).second;
    if (goes) batch.drafts.push_back({id, Removed{each}});
  }
}

template <typename Request>
Result<void> check_change(const Request& request) {
  if (!request.add.empty() || !request.remove.empty()) return {};
  return fail(Errc::invalid_args, "nothing is to change", {"give add or remove"});
}

Result<Batch> make_labels(const wire::LabelRequest& request,
                          const Board& board,
                          store::Database&,
                          const Actor&) {
  const auto id = board.resolve(request.id);
  if (!id) return std::unexpected(id.error());
  if (auto good = check_change(request); !good) return std::unexpected(good.error());
  if (auto good = check_names("a label", request.add); !good) return std::unexpected(good.error());
  for (const auto* list : {&request.add, &request.remove}) {
    for (const std::string& label : *list) {
      if (auto good = check_no_extension(label); !good) return std::unexpected(good.error());
    }
  }
  Batch batch;
  change_set<LabelAdded, LabelRemoved>(*id, board.find(*id)->labels, request.add, request.remove,
                                       batch);
  return batch;
}

Result<Batch> make_assignees(const wire::AssignRequest& request,
                             const Board& board,
                             store::Database&,
                             const Actor&) {
  const auto id = board.resolve(request.id);
  if (!id) return std::unexpected(id.error());
  if (auto good = check_change(request); !good) return std::unexpected(good.error());
  if (auto good = check_names("an assignee", request.add); !good)
    return std::unexpected(good.error());
  Batch batch;
  change_set<AssigneeAdded, AssigneeRemoved>(*id, board.find(*id)->assignees, request.add,
                                             request.remove, batch);
  return batch;
}

// ---- Reading ----------------------------------------------------------------------------------

struct Found {
  std::vector<Event> events;
  Issue issue;
};

Result<Found> find_issue(IssueStore& store, const std::string& prefix, const pack::Call& call) {
  const auto id = store.board()->resolve(prefix);
  if (!id) return std::unexpected(id.error());
  const auto reader = store.reader(call.stop());
  if (!reader) return std::unexpected(reader.error());
  auto events = Cache::events(**reader, *id);
  if (!events) return std::unexpected(std::move(events.error()));
  auto issue = project_issue(*events);
  if (!issue) return fail(Errc::not_found, "there is no issue " + prefix);
  return Found{std::move(*events), std::move(*issue)};
}

Result<wire::ShowAnswer> show(IssueStore& store,
                              const wire::ShowRequest& request,
                              const pack::Call& call) {
  const auto found = find_issue(store, request.id, call);
  if (!found) return std::unexpected(found.error());
  const auto claim = shown_claim(store, found->issue.summary.id);
  if (!claim) return std::unexpected(claim.error());
  wire::ShowRequest asked = request;
  if (request.events) asked.bytes /= 2;  // the other half is for the events
  auto issue = wire::excerpt_of(wire::to_shown(found->issue, *store.board(), *claim), asked);
  if (!issue) return std::unexpected(std::move(issue.error()));
  wire::ShowAnswer answer{.issue = std::move(*issue),
                          .event_count = wire::number(found->events.size()),
                          .events = std::nullopt};
  if (request.events) {
    answer.events = wire::to_shown(found->events, static_cast<std::size_t>(asked.bytes));
  }
  return answer;
}

void declare_reads(pack::Binder& tools, ToolRunner& runner) {
  using enum pack::Length;
  runner.bind<wire::ShowRequest, wire::ShowAnswer>(
      tools,
      reading("show", "Show an issue",
              "One issue: text, comments, dependencies, what blocks it. Whole, unless it is long."),
      brief, show);
  runner.bind<wire::HistoryRequest, wire::HistoryAnswer>(
      tools,
      reading("history", "History of an issue",
              "What was done to an issue, oldest first; of a long history the newest."),
      brief,
      [](IssueStore& store, const wire::HistoryRequest& request,
         const pack::Call& call) -> Result<wire::HistoryAnswer> {
        const auto found = find_issue(store, request.id, call);
        if (!found) return std::unexpected(found.error());
        return wire::to_history(found->issue.summary.id, found->events, request);
      });
}

void declare_writes(pack::Binder& tools, ToolRunner& runner) {
  const auto tell = [](const auto& request, const Receipt& receipt) {
    return wire::to_written(receipt, request.id);
  };
  runner.bind_write<wire::CreateRequest, wire::CreateAnswer>(
      tools,
      writing("create", "Create issues",
              "Create one issue, or up to 1,000 at once, all or none. Answered when it is safe."),
      make_creations, wire::to_created);
  runner.bind_write<wire::UpdateRequest, wire::Written>(
      tools,
      writing("update", "Update an issue",
              "Change title, text, priority, type or epic. What is not given stays.",
              {.destructive = true}),
      make_update, tell);
  runner.bind_write<wire::CommentRequest, wire::Written>(
      tools,
      writing("comment", "Comment on an issue", "Add a comment, or replace the text of one."),
      make_comment, tell);
  runner.bind_write<wire::LabelRequest, wire::Written>(
      tools, writing("label", "Label an issue", "Add and remove labels.", {.idempotent = true}),
      make_labels, tell);
  runner.bind_write<wire::AssignRequest, wire::Written>(
      tools,
      writing("assign", "Assign an issue", "Add and remove those who are to do it.",
              {.idempotent = true}),
      make_assignees, tell);
  runner.bind_write<wire::LinkRequest, wire::Written>(
      tools, writing("link", "Link to something", "Add a link to an issue."),
      [](const wire::LinkRequest& request, const Board& board, store::Database&,
         const Actor&) -> Result<Batch> {
        const auto id = board.resolve(request.id);
        if (!id) return std::unexpected(id.error());
        return Batch{.drafts = {{*id, LinkAdded{request.url, request.note}}}, .events = {}};
      },
      tell);
}

void declare_state_writes(pack::Binder& tools, ToolRunner& runner) {
  const auto tell_state = [](State state) {
    return [state](const wire::StateRequest& request, const Receipt& receipt) {
      const wire::Written written = wire::to_written(receipt, request.id);
      return wire::StateAnswer{.issue_id = written.issue_id,
                               .event_id = written.event_id,
                               .state = std::string(name_of(state)),
                               .wal_head = written.wal_head,
                               .events = written.events};
    };
  };
  runner.bind_write<wire::StateRequest, wire::StateAnswer>(
      tools,
      writing("close", "Close an issue", "It is done, or will not be.", {.idempotent = true}),
      make_state(State::closed), tell_state(State::closed));
  runner.bind_write<wire::StateRequest, wire::StateAnswer>(
      tools,
      writing("reopen", "Reopen an issue", "It is to be done after all.", {.idempotent = true}),
      make_state(State::open), tell_state(State::open));
}

}  // namespace

void declare_issue_tools(pack::Binder& tools, ToolRunner& runner) {
  declare_writes(tools, runner);
  declare_state_writes(tools, runner);
  declare_reads(tools, runner);
}

}  // namespace hearth::packs::issues
