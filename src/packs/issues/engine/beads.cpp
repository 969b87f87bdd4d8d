#include "packs/issues/engine/beads.hpp"

#include <algorithm>
#include <array>
#include <unordered_map>
#include <utility>

#include "packs/issues/engine/crypto.hpp"
#include "packs/issues/engine/event_codec.hpp"
#include "packs/issues/engine/extension.hpp"

namespace hearth::packs::issues {
namespace {

template <typename Id>
Id derived_id(std::string_view what, std::string_view name) {
  Id id;
  id.bytes = blake2b_128(std::string(what).append(name));
  return id;
}

bool is_closed(const BeadsIssue& issue) {
  return issue.status == "closed" || issue.status == "tombstone";
}

std::optional<std::string> status_label(const BeadsIssue& issue) {
  if (issue.status.empty() || issue.status == "open" || is_closed(issue)) return std::nullopt;
  return "status:" + issue.status;
}

std::optional<DependencyType> our_type(std::string_view type) {
  if (type == "parent-child") return std::nullopt;
  static constexpr std::array<std::string_view, 3> waiting{"blocks", "conditional-blocks",
                                                           "waits-for"};
  const bool waits = std::ranges::find(waiting, type) != waiting.end();
  return waits ? DependencyType::depends_on : DependencyType::related_to;
}

// Who comes out of the file more than once, and who is there to be a parent by the dots of an id.
class Latest {
 public:
  explicit Latest(std::span<const BeadsIssue> issues) {
    for (const BeadsIssue& issue : issues) {
      const auto [at, is_new] = by_id_.emplace(issue.id, ordered_.size());
      if (is_new) {
        ordered_.push_back(&issue);
      } else if (ordered_[at->second]->updated_ms <= issue.updated_ms) {
        ordered_[at->second] = &issue;
      }
    }
  }
  [[nodiscard]] std::span<const BeadsIssue* const> all() const { return ordered_; }

  [[nodiscard]] std::optional<IssueId> parent_of(const BeadsIssue& issue) const {
    for (const BeadsDependency& dependency : issue.dependencies) {
      if (dependency.type == "parent-child") return beads_issue_id(dependency.target);
    }
    const std::size_t dot = issue.id.rfind('.');
    if (dot == std::string::npos) return std::nullopt;
    const std::string above = issue.id.substr(0, dot);
    if (!by_id_.contains(above)) return std::nullopt;
    return beads_issue_id(above);
  }

 private:
  std::vector<const BeadsIssue*> ordered_;
  std::unordered_map<std::string_view, std::size_t> by_id_;
};

class Importer {
 public:
  Importer(std::span<const BeadsIssue> issues, const FindIssue& here)
      : latest_(issues), find_(here) {
    for (const BeadsIssue* issue : latest_.all()) import(*issue);
  }
  [[nodiscard]] BeadsEvents take() { return std::move(found_); }

 private:
  void import(const BeadsIssue& issue) {
    id_ = beads_issue_id(issue.id);
    author_ = actor(issue.author);
    here_ = find_(id_);
    const bool is_deleted = issue.status == "tombstone";
    if (is_deleted) ++found_.deleted;
    if (is_deleted && here_ == nullptr) return;
    const std::size_t before = found_.events.size();
    if (is_deleted) {
      state(issue);
    } else {
      here_ == nullptr ? create(issue) : update(issue);
      links(issue);
      dependencies(issue);
      comments(issue);
      state(issue);
    }
    if (here_ == nullptr) {
      ++found_.created;
    } else {
      ++(makes_another(before) ? found_.changed : found_.unchanged);
    }
  }

  // Whether the events that were made for the issue at hand, from a number on, change it: they may
  // have been imported before, and count less than younger ones.
  [[nodiscard]] bool makes_another(std::size_t begin) const {
    if (begin == found_.events.size()) return false;
    std::vector<Event> events = here_->events;
    events.insert(events.end(), found_.events.begin() + static_cast<std::ptrdiff_t>(begin),
                  found_.events.end());
    normalize(events);
    return project_issue(events) != here_->issue;
  }

  void create(const BeadsIssue& issue) {
    IssueCreated created{issue.title, issue.body, issue.labels};
    if (const auto label = status_label(issue)) created.labels.push_back(*label);
    if (issue.priority && *issue.priority != default_priority) {
      created.labels.push_back(priority_label(*issue.priority));
    }
    if (!issue.type.empty()) created.labels.push_back(type_label(issue.type));
    if (const auto parent = latest_.parent_of(issue)) {
      created.labels.push_back(parent_label(*parent));
    }
    add(issue.created_ms, author_, std::move(created));
    if (!issue.assignee.empty()) add(issue.updated_ms, author_, AssigneeAdded{issue.assignee});
  }

  void update(const BeadsIssue& issue) {
    const Summary& summary = here_->issue.summary;
    IssueUpdated updated;
    if (summary.title != issue.title) updated.title = issue.title;
    if (here_->issue.body != issue.body) updated.body = issue.body;
    if (updated != IssueUpdated{}) add(issue.updated_ms, author_, std::move(updated));
    labels(issue);
    const std::uint8_t priority = issue.priority.value_or(summary.priority);
    if (priority != summary.priority) {
      replace(issue, priority_label(summary.priority), priority_label(priority));
    }
    if (!issue.type.empty() && issue.type != summary.type) {
      replace(issue, summary.type.empty() ? "" : type_label(summary.type), type_label(issue.type));
    }
    const auto parent = latest_.parent_of(issue);
    if (parent && parent != summary.parent) {
      replace(issue, summary.parent ? parent_label(*summary.parent) : "", parent_label(*parent));
    }
    if (!issue.assignee.empty() && !contains(summary.assignees, issue.assignee)) {
      for (const std::string& user : summary.assignees) {
        add(issue.updated_ms, author_, AssigneeRemoved{user});
      }
      add(issue.updated_ms, author_, AssigneeAdded{issue.assignee});
    }
    take_away(issue);
  }

  void take_away(const BeadsIssue& issue) {
    const Summary& summary = here_->issue.summary;
    for (const std::string& label : summary.labels) {
      if (label.starts_with("status:") || contains(issue.labels, label)) continue;
      take_away(issue, LabelAdded{label}, LabelRemoved{label});
    }
    for (const std::string& user : summary.assignees) {
      if (issue.assignee.empty()) take_away(issue, AssigneeAdded{user}, AssigneeRemoved{user});
    }
    for (const Dependency& each : summary.dependencies) {
      const bool is_wanted = std::ranges::any_of(issue.dependencies, [&](const auto& dependency) {
        return beads_issue_id(dependency.target) == each.target &&
               our_type(dependency.type) == each.type;
      });
      if (is_wanted) continue;
      take_away(issue, DependencyAdded{each.target, each.type},
                DependencyRemoved{each.target, each.type});
    }
  }

  // What was set here stays. An older file knows nothing of what came later.
  void take_away(const BeadsIssue& issue, const Kind& added, Kind removed) {
    const Event* set = newest_about(added, removed);
    if (set == nullptr || set->actor != author_) return;
    if (set->ts_ms < issue.updated_ms) {
      add(issue.updated_ms, author_, std::move(removed));
    } else {
      ++found_.kept;
    }
  }

  // Which event says whether something is there.
  [[nodiscard]] const Event* newest_about(const Kind& added, const Kind& removed) const {
    const auto* label = std::get_if<LabelAdded>(&added);
    const Event* newest = nullptr;
    for (const Event& event : here_->events) {
      const auto* created = std::get_if<IssueCreated>(&event.kind);
      // The creation counts first, whatever its time.
      const bool creates_it =
          created != nullptr && label != nullptr && contains(created->labels, label->label);
      if ((creates_it && newest == nullptr) || event.kind == added || event.kind == removed)
        newest = &event;
    }
    return newest;
  }

  // Labels that only we have stay: they may have been given here. A status has one value.
  void labels(const BeadsIssue& issue) {
    const auto& ours = here_->issue.summary.labels;
    for (const std::string& label : issue.labels) {
      if (!contains(ours, label)) add(issue.updated_ms, author_, LabelAdded{label});
    }
    const auto status = status_label(issue);
    for (const std::string& label : ours) {
      if (label.starts_with("status:") && label != status && !contains(issue.labels, label)) {
        add(issue.updated_ms, author_, LabelRemoved{label});
      }
    }
    if (status && !contains(ours, *status)) add(issue.updated_ms, author_, LabelAdded{*status});
  }

  void replace(const BeadsIssue& issue, std::string before, std::string after) {
    if (!before.empty()) add(issue.updated_ms, author_, LabelRemoved{std::move(before)});
    add(issue.updated_ms, author_, LabelAdded{std::move(after)});
  }

  void links(const BeadsIssue& issue) {
    const auto link = [&](std::string url) {
      const bool is_here =
          here_ != nullptr &&
          std::ranges::find(here_->issue.links, url, &Link::url) != here_->issue.links.end();
      if (!is_here) add(issue.created_ms, author_, LinkAdded{std::move(url), std::nullopt});
    };
    link("beads:" + issue.id);
    if (!issue.external_ref.empty()) link(issue.external_ref);
  }

  void dependencies(const BeadsIssue& issue) {
    for (const BeadsDependency& dependency : issue.dependencies) {
      const auto type = our_type(dependency.type);
      if (!type) continue;
      const Dependency ours{beads_issue_id(dependency.target), *type};
      if (here_ != nullptr && contains(here_->issue.summary.dependencies, ours)) continue;
      const DependencyAdded added{ours.target, ours.type};
      add(since(issue, dependency, added), author_, added);
    }
  }

  // One that an import has taken away meanwhile is set again, not when it was set first.
  [[nodiscard]] std::uint64_t since(const BeadsIssue& issue,
                                    const BeadsDependency& dependency,
                                    const DependencyAdded& added) const {
    if (dependency.created_ms == 0) return issue.updated_ms;
    const Event* before = here_ == nullptr
                              ? nullptr
                              : newest_about(added, DependencyRemoved{added.target, added.type});
    const bool was_taken_away = before != nullptr && before->actor == author_;
    return was_taken_away ? issue.updated_ms : dependency.created_ms;
  }

  void comments(const BeadsIssue& issue) {
    for (const BeadsComment& comment : issue.comments) {
      add_comment(comment.created_ms != 0 ? comment.created_ms : issue.updated_ms,
                  actor(comment.author), comment.text);
    }
    if (is_closed(issue) && !issue.close_reason.empty()) {
      add_comment(closed_at(issue), author_, issue.close_reason);
    }
  }

  void add_comment(std::uint64_t ts_ms, const ActorId& author, const std::string& text) {
    Event event = made(ts_ms, author, CommentAdded{text});
    const bool is_here =
        here_ != nullptr && std::ranges::find(here_->issue.comments, event.id, &Comment::id) !=
                                here_->issue.comments.end();
    if (!is_here) found_.events.push_back(std::move(event));
  }

  void state(const BeadsIssue& issue) {
    const State wanted = is_closed(issue) ? State::closed : State::open;
    const State ours = here_ == nullptr ? State::open : here_->issue.summary.state;
    if (wanted == ours) return;
    add(wanted == State::closed ? closed_at(issue) : issue.updated_ms, author_,
        StateChanged{wanted});
  }

  // After the creation, which says that the issue is open: some are closed within its millisecond.
  static std::uint64_t closed_at(const BeadsIssue& issue) {
    const std::uint64_t closed = issue.closed_ms != 0 ? issue.closed_ms : issue.updated_ms;
    return std::max(closed, issue.created_ms + 1);
  }

  template <typename Items, typename Item>
  static bool contains(const Items& items, const Item& item) {
    return std::ranges::find(items, item) != items.end();
  }

  ActorId actor(const std::string& name) {
    const ActorId id = beads_actor_id(name);
    found_.actors.emplace(id, name);
    return id;
  }

  [[nodiscard]] Event made(std::uint64_t ts_ms, const ActorId& author, Kind kind) const {
    Event event;
    event.issue = id_;
    event.actor = author;
    event.ts_ms = ts_ms;
    event.kind = std::move(kind);
    seal(event);
    return event;
  }
  void add(std::uint64_t ts_ms, const ActorId& author, Kind kind) {
    found_.events.push_back(made(ts_ms, author, std::move(kind)));
  }

  Latest latest_;
  const FindIssue& find_;
  BeadsEvents found_;
  // Of the issue at hand.
  IssueId id_;
  ActorId author_;
  const IssueHere* here_ = nullptr;
};

}  // namespace

IssueId beads_issue_id(std::string_view beads_id) {
  return derived_id<IssueId>("hearth:beads:issue:", beads_id);
}

ActorId beads_actor_id(std::string_view name) {
  return derived_id<ActorId>("hearth:beads:actor:", name);
}

BeadsEvents events_of_beads(std::span<const BeadsIssue> issues, const FindIssue& here) {
  return Importer(issues, here).take();
}

}  // namespace hearth::packs::issues
