// The JSONL of beads, line by line. Members as its releases 0.20 to 1.x write them; those that we
// have no place for are counted.
#include <algorithm>
#include <array>
#include <chrono>

#include "base/clock.hpp"
#include "json/json.hpp"
#include "packs/issues/engine/extension.hpp"
#include "packs/issues/exchange_wire.hpp"

namespace hearth::packs::issues {
namespace {

constexpr std::array<std::string_view, 22> known_members{"_type",
                                                         "acceptance_criteria",
                                                         "assignee",
                                                         "close_reason",
                                                         "closed_at",
                                                         "comments",
                                                         "created_at",
                                                         "created_by",
                                                         "dependencies",
                                                         "description",
                                                         "design",
                                                         "external_ref",
                                                         "id",
                                                         "issue_type",
                                                         "labels",
                                                         "notes",
                                                         "priority",
                                                         "status",
                                                         "title",
                                                         "updated_at",
                                                         "comment_count",
                                                         "dependency_count"};

std::string text_of(const json::Value& from, std::string_view name) {
  return std::string(json::string_or(from, name, ""));
}

std::uint64_t time_of(const json::Value& from, std::string_view name) {
  const auto time = parse_rfc3339(json::string_or(from, name, ""));
  if (!time || time->time_since_epoch().count() < 0) return 0;
  return static_cast<std::uint64_t>(time->time_since_epoch().count());
}

const json::Array& items_of(const json::Value& from, std::string_view name) {
  static const json::Array none;
  const json::Value* value = json::find(from, name);
  return value != nullptr && value->is_array() ? value->get_array() : none;
}

std::string body_of(const json::Value& from) {
  static constexpr std::array<std::pair<std::string_view, std::string_view>, 3> sections{
      {{"design", "Design"}, {"acceptance_criteria", "Acceptance criteria"}, {"notes", "Notes"}}};
  std::string body = text_of(from, "description");
  for (const auto& [name, heading] : sections) {
    const std::string section = text_of(from, name);
    if (section.empty()) continue;
    body.append(body.empty() ? "" : "\n\n").append("## ").append(heading).append("\n\n");
    body.append(section);
  }
  return body;
}

// Labels that would have a meaning of ours are not taken.
void read_labels(const json::Value& from, BeadsIssue& issue, BeadsFile& file) {
  for (const json::Value& item : items_of(from, "labels")) {
    if (!item.is_string() || item.get_string().empty()) continue;
    std::string label(item.get_string());
    if (is_extension(label)) {
      ++file.other_members["labels: " + label];
    } else {
      issue.labels.push_back(std::move(label));
    }
  }
}

void read_lists(const json::Value& from, BeadsIssue& issue) {
  for (const json::Value& dependency : items_of(from, "dependencies")) {
    BeadsDependency read{text_of(dependency, "depends_on_id"), text_of(dependency, "type"),
                         time_of(dependency, "created_at")};
    if (!read.target.empty()) issue.dependencies.push_back(std::move(read));
  }
  for (const json::Value& comment : items_of(from, "comments")) {
    BeadsComment read{text_of(comment, "author"), text_of(comment, "text"),
                      time_of(comment, "created_at")};
    if (!read.text.empty()) issue.comments.push_back(std::move(read));
  }
}

BeadsIssue read_issue(const json::Value& from) {
  BeadsIssue issue;
  issue.id = text_of(from, "id");
  issue.title = text_of(from, "title");
  issue.body = body_of(from);
  issue.status = text_of(from, "status");
  issue.type = text_of(from, "issue_type");
  if (const std::int64_t priority = json::int_or(from, "priority", -1);
      priority >= 0 && priority <= least_priority) {
    issue.priority = static_cast<std::uint8_t>(priority);
  }
  issue.assignee = text_of(from, "assignee");
  issue.author = text_of(from, "created_by");
  issue.external_ref = text_of(from, "external_ref");
  issue.close_reason = text_of(from, "close_reason");
  issue.created_ms = time_of(from, "created_at");
  issue.updated_ms = std::max(time_of(from, "updated_at"), issue.created_ms);
  issue.closed_ms = time_of(from, "closed_at");
  read_lists(from, issue);
  return issue;
}

void read_line(std::string_view line, std::size_t number, BeadsFile& file) {
  const auto leave_out = [&](std::string why) {
    file.left_out.push_back({number, std::move(why)});
  };
  const auto from = json::parse(line);
  if (!from) return leave_out(from.error().message);
  if (!from->is_object()) return leave_out("expected an object");
  const std::string_view kind = json::string_or(*from, "_type", "issue");
  if (kind != "issue") {
    ++file.other_records[std::string(kind)];
    return;
  }
  BeadsIssue issue = read_issue(*from);
  if (issue.id.empty()) return leave_out("id: expected a string");
  if (issue.title.empty()) return leave_out("title: expected a string");
  if (issue.created_ms == 0) return leave_out("created_at: expected a time of RFC 3339");
  for (const auto& [name, value] : from->get_object()) {
    if (std::ranges::find(known_members, std::string_view(name)) == known_members.end()) {
      ++file.other_members[std::string(name)];
    }
  }
  read_labels(*from, issue, file);
  file.issues.push_back(std::move(issue));
}

}  // namespace

BeadsFile read_beads_jsonl(std::string_view text) {
  BeadsFile file;
  for (std::size_t number = 1; !text.empty(); ++number) {
    const std::size_t end = std::min(text.find('\n'), text.size());
    const std::string_view line = text.substr(0, end);
    text.remove_prefix(std::min(end + 1, text.size()));
    if (line.find_first_not_of(" \t\r") != std::string_view::npos) read_line(line, number, file);
  }
  return file;
}

}  // namespace hearth::packs::issues
