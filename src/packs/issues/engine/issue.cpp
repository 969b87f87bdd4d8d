#include "packs/issues/engine/issue.hpp"

#include <algorithm>
#include <map>

#include "packs/issues/engine/extension.hpp"

namespace hearth::packs::issues {
namespace {

// Folds the events of one issue, in order of their versions, so that the last word is the highest.
class Fold {
 public:
  explicit Fold(const Event& creation) {
    issue_.summary.id = creation.issue;
    issue_.summary.created_by = creation.actor;
    issue_.summary.created_ms = creation.ts_ms;
  }

  void add(const Event& event) {
    issue_.summary.updated_ms = std::max(issue_.summary.updated_ms, event.ts_ms);
    std::visit([&](const auto& kind) { apply(event, kind); }, event.kind);
  }

  // An edit may be older, by a skewed clock, than what it changes.
  Issue finish() {
    for (const Event* edit : edits_) apply_edit(*edit);
    Summary& summary = issue_.summary;
    summary.comments = static_cast<std::uint32_t>(issue_.comments.size());
    for (auto& [label, said] : labels_) {
      if (!said.is_there) continue;
      if (is_extension(label)) {
        extensions_.push_back({said.when, label});
      } else {
        summary.labels.push_back(label);
      }
    }
    std::ranges::sort(extensions_, {}, &Extension::when);
    for (Extension& each : extensions_) {
      apply_extension(each.label, summary);
      issue_.extensions.push_back(std::move(each.label));
    }
    for (const auto& [user, said] : assignees_) {
      if (said.is_there) summary.assignees.push_back(user);
    }
    for (const auto& [dependency, said] : dependencies_) {
      if (said.is_there) summary.dependencies.push_back(dependency);
    }
    return std::move(issue_);
  }

 private:
  struct Said {
    bool is_there = false;
    std::size_t when = 0;  // the place among the issue's events
  };
  struct Extension {
    std::size_t when;
    std::string label;
  };

  // Of several the first one creates; the others change what they name, and open nothing again.
  void apply(const Event&, const IssueCreated& kind) {
    issue_.summary.title = kind.title;
    issue_.body = kind.body;
    for (const std::string& label : kind.labels) say(labels_, label, true);
  }
  void apply(const Event&, const IssueUpdated& kind) {
    if (kind.title) issue_.summary.title = *kind.title;
    if (kind.body) issue_.body = *kind.body;
  }
  void apply(const Event& event, const CommentAdded& kind) {
    if (event.parent) {
      edits_.push_back(&event);
      return;
    }
    issue_.comments.push_back({event.id, event.actor, event.ts_ms, kind.body, std::nullopt});
  }
  void apply(const Event&, const LabelAdded& kind) { say(labels_, kind.label, true); }
  void apply(const Event&, const LabelRemoved& kind) { say(labels_, kind.label, false); }
  void apply(const Event&, const StateChanged& kind) { issue_.summary.state = kind.state; }
  void apply(const Event& event, const LinkAdded& kind) {
    issue_.links.push_back({event.id, event.actor, event.ts_ms, kind.url, kind.note});
  }
  void apply(const Event&, const AssigneeAdded& kind) { say(assignees_, kind.user, true); }
  void apply(const Event&, const AssigneeRemoved& kind) { say(assignees_, kind.user, false); }
  void apply(const Event& event, const AttachmentAdded& kind) {
    issue_.attachments.push_back(
        {event.id, event.actor, event.ts_ms, kind.name, kind.sha256, kind.mime});
  }
  void apply(const Event&, const DependencyAdded& kind) {
    say(dependencies_, Dependency{kind.target, kind.type}, true);
  }
  void apply(const Event&, const DependencyRemoved& kind) {
    say(dependencies_, Dependency{kind.target, kind.type}, false);
  }
  void apply(const Event&, const ContextUpdated&) {}
  void apply(const Event&, const ProjectContextUpdated&) {}

  // A comment whose parent is none of the issue's comments is one of its own.
  void apply_edit(const Event& edit) {
    const std::string& body = std::get<CommentAdded>(edit.kind).body;
    const auto target = std::ranges::find(issue_.comments, *edit.parent, &Comment::id);
    if (target != issue_.comments.end()) {
      target->body = body;
      target->edited_ms = edit.ts_ms;
      return;
    }
    const auto after = std::ranges::find_if(issue_.comments, [&](const Comment& each) {
      return Version{each.ts_ms, each.author, each.id} > version_of(edit);
    });
    issue_.comments.insert(after, {edit.id, edit.actor, edit.ts_ms, body, std::nullopt});
  }

  template <typename Element>
  void say(std::map<Element, Said>& set, const Element& element, bool is_there) {
    set[element] = {is_there, ++said_};
  }

  Issue issue_;
  std::size_t said_ = 0;
  std::map<std::string, Said> labels_;
  std::map<std::string, Said> assignees_;
  std::map<Dependency, Said> dependencies_;
  std::vector<const Event*> edits_;
  std::vector<Extension> extensions_;
};

}  // namespace

void normalize(std::vector<Event>& events) {
  std::ranges::sort(events, {}, version_of);
  const auto [first, last] = std::ranges::unique(events, {}, &Event::id);
  events.erase(first, last);
}

std::optional<Issue> project_issue(std::span<const Event> events) {
  const auto creation = std::ranges::find_if(
      events, [](const Event& each) { return std::holds_alternative<IssueCreated>(each.kind); });
  if (creation == events.end()) return std::nullopt;
  Fold fold(*creation);
  fold.add(*creation);
  for (const Event& event : events) {
    if (&event != &*creation) fold.add(event);
  }
  return fold.finish();
}

std::optional<ContextFile> project_file(std::span<const Event> events) {
  for (auto event = events.rbegin(); event != events.rend(); ++event) {
    if (const auto* content = std::get_if<ContextUpdated>(&event->kind)) {
      return ContextFile{*content, version_of(*event)};
    }
  }
  return std::nullopt;
}

std::vector<ProjectNote> project_notes(std::span<const Event> events) {
  std::map<std::string, ProjectNote> notes;
  for (const Event& event : events) {
    if (const auto* note = std::get_if<ProjectContextUpdated>(&event.kind)) {
      notes[note->key] = {note->key, note->value, version_of(event)};
    }
  }
  std::vector<ProjectNote> list;
  for (auto& [key, note] : notes) list.push_back(std::move(note));
  return list;
}

}  // namespace hearth::packs::issues
