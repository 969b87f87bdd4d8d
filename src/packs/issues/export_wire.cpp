// The export, written.
#include <utility>
#include <variant>

#include "json/json.hpp"
#include "packs/issues/exchange_wire.hpp"

namespace hearth::packs::issues {
namespace {

// One JSON object, member by member.
class ObjectText {
 public:
  explicit ObjectText(std::string& out) : out_(out) { out_ += '{'; }
  ObjectText(const ObjectText&) = delete;
  ObjectText& operator=(const ObjectText&) = delete;
  ~ObjectText() { out_ += '}'; }

  void text(std::string_view name, std::string_view value) {
    key(name);
    json::append_string(out_, value);
  }
  void text_or_null(std::string_view name, const std::optional<std::string>& value) {
    if (value) return text(name, std::string_view(*value));
    key(name);
    out_ += "null";
  }
  void texts(std::string_view name, std::span<const std::string> values) {
    key(name);
    out_ += '[';
    for (std::size_t i = 0; i < values.size(); ++i) {
      if (i > 0) out_ += ',';
      json::append_string(out_, values[i]);
    }
    out_ += ']';
  }
  void number(std::string_view name, std::uint64_t value) {
    key(name);
    out_ += std::to_string(value);
  }
  // The caller appends the value.
  void key(std::string_view name) {
    if (!first_) out_ += ',';
    first_ = false;
    json::append_string(out_, name);
    out_ += ':';
  }

 private:
  std::string& out_;
  bool first_ = true;
};

struct PayloadWriter {
  ObjectText& to;

  void operator()(const IssueCreated& kind) const {
    to.text("title", kind.title);
    to.text("body", kind.body);
    to.texts("labels", kind.labels);
  }
  void operator()(const IssueUpdated& kind) const {
    to.text_or_null("title", kind.title);
    to.text_or_null("body", kind.body);
  }
  void operator()(const CommentAdded& kind) const { to.text("body", kind.body); }
  void operator()(const LabelAdded& kind) const { to.text("label", kind.label); }
  void operator()(const LabelRemoved& kind) const { to.text("label", kind.label); }
  void operator()(const StateChanged& kind) const { to.text("state", name_of(kind.state)); }
  void operator()(const LinkAdded& kind) const {
    to.text("url", kind.url);
    to.text_or_null("note", kind.note);
  }
  void operator()(const AssigneeAdded& kind) const { to.text("user", kind.user); }
  void operator()(const AssigneeRemoved& kind) const { to.text("user", kind.user); }
  void operator()(const AttachmentAdded& kind) const {
    to.text("name", kind.name);
    to.text("sha256", hex_of(kind.sha256));
    to.text("mime", kind.mime);
  }
  void operator()(const DependencyAdded& kind) const { dependency(kind.target, kind.type); }
  void operator()(const DependencyRemoved& kind) const { dependency(kind.target, kind.type); }
  void operator()(const ContextUpdated& kind) const {
    to.text("path", kind.path);
    to.text("language", kind.language);
    to.number("symbol_count", kind.symbols.size());
    to.text("summary", kind.summary);
    to.text("content_hash", hex_of(kind.content_hash));
  }
  void operator()(const ProjectContextUpdated& kind) const {
    to.text("key", kind.key);
    to.text("value", kind.value);
  }

  void dependency(const IssueId& target, DependencyType type) const {
    to.text("target", hex_of(target));
    to.text("dep_type", name_of(type));
  }
};

void append_summary_json(std::string& out, const Summary& issue) {
  ObjectText object(out);
  object.text("issue_id", hex_of(issue.id));
  object.text("title", issue.title);
  object.text("state", name_of(issue.state));
  object.texts("labels", issue.labels);
  object.texts("assignees", issue.assignees);
  object.number("created_ts", issue.created_ms);
  object.number("updated_ts", issue.updated_ms);
  object.number("comment_count", issue.comments);
  object.number("priority", issue.priority);
  if (!issue.type.empty()) object.text("type", issue.type);
  if (issue.parent) object.text("parent", hex_of(*issue.parent));
}

template <typename Items, typename Append>
void append_lines(std::string& out, const Items& items, const Append& append) {
  out += '[';
  for (std::size_t i = 0; i < items.size(); ++i) {
    out += i == 0 ? "\n" : ",\n";
    append(out, items[i]);
  }
  out += "\n]";
}

}  // namespace

void append_kind_json(std::string& out, const Kind& kind) {
  ObjectText object(out);
  object.key(name_of(kind));
  ObjectText payload(out);
  std::visit(PayloadWriter{payload}, kind);
}

void append_event_json(std::string& out, const Event& event) {
  ObjectText object(out);
  object.text("event_id", hex_of(event.id));
  object.text("issue_id", hex_of(event.issue));
  object.text("actor", hex_of(event.actor));
  object.number("ts_unix_ms", event.ts_ms);
  if (event.parent) object.text("parent", hex_of(*event.parent));
  object.key("kind");
  append_kind_json(out, event.kind);
}

std::string export_json(const ExportMeta& meta,
                        std::span<const Summary> issues,
                        std::span<const Event> events) {
  std::string out;
  {
    ObjectText object(out);
    object.key("meta");
    {
      ObjectText about(out);
      about.number("schema_version", 1);
      about.number("generated_ts", meta.generated_ms);
      if (meta.wal_head) about.text("wal_head", *meta.wal_head);
      about.number("event_count", events.size());
    }
    object.key("issues");
    append_lines(out, issues, append_summary_json);
    object.key("events");
    append_lines(out, events, append_event_json);
  }
  out += '\n';
  return out;
}

}  // namespace hearth::packs::issues
