#include "packs/issues/engine/views/export_text.hpp"

#include <algorithm>
#include <string_view>
#include <vector>

namespace hearth::packs::issues {
namespace {

std::string joined(std::span<const std::string> parts, std::string_view between) {
  std::string text;
  for (const std::string& part : parts) text.append(text.empty() ? "" : between).append(part);
  return text;
}

std::vector<std::string> targets(const Summary& issue, DependencyType type) {
  std::vector<std::string> ids;
  for (const Dependency& dependency : issue.dependencies) {
    if (dependency.type == type) ids.push_back(hex_of(dependency.target));
  }
  return ids;
}

std::string in_one_line(std::string_view text) {
  std::string line(text);
  std::ranges::replace_if(line, [](char c) { return c == '\n' || c == '\r'; }, ' ');
  return line;
}

// Every line of it, blank ones too, stays within the quotation.
std::string quotation(std::string_view text) {
  std::string quoted = "> ";
  for (const char c : text) {
    quoted += c;
    if (c == '\n') quoted += "> ";
  }
  return quoted;
}

void add_field(std::string& text, std::string_view name, const std::string& value) {
  if (!value.empty()) text.append("**").append(name).append(":** ").append(value).append("\n\n");
}

void add_facts(std::string& text, const Issue& issue) {
  const Summary& summary = issue.summary;
  add_field(text, "ID", "`" + hex_of(summary.id) + "`");
  add_field(text, "Type", summary.type);
  add_field(text, "Priority", std::to_string(summary.priority));
  add_field(text, "Labels", joined(summary.labels, ", "));
  add_field(text, "Assignees", joined(summary.assignees, ", "));
  add_field(text, "Parent", summary.parent ? "`" + hex_of(*summary.parent) + "`" : "");
  for (const auto type :
       {DependencyType::depends_on, DependencyType::blocks, DependencyType::related_to}) {
    add_field(text, in_one_line(name_of(type)), joined(targets(summary, type), ", "));
  }
  for (const Link& link : issue.links) {
    add_field(text, "Link",
              in_one_line(link.note ? "<" + link.url + "> " + *link.note : "<" + link.url + ">"));
  }
  for (const Attachment& attachment : issue.attachments) {
    add_field(text, "Attachment",
              in_one_line(attachment.name + " (" + attachment.mime + ", SHA-256 " +
                          hex_of(attachment.sha256) + ")"));
  }
  if (summary.comments > 0) add_field(text, "Comments", std::to_string(summary.comments));
}

void add_issue(std::string& text, const Issue& issue) {
  text.append("### ").append(in_one_line(issue.summary.title));
  text.append(" [").append(name_of(issue.summary.state)).append("]\n\n");
  add_facts(text, issue);
  if (!issue.body.empty()) text.append(issue.body).append("\n\n");
  if (!issue.comments.empty()) text.append("#### Comments\n\n");
  for (const Comment& comment : issue.comments) {
    text.append("> **").append(hex_of(comment.author).substr(0, 8)).append("** at ");
    text.append(std::to_string(comment.ts_ms)).append(":\n");
    text.append(quotation(comment.body)).append("\n\n");
  }
  text.append("---\n\n");
}

std::string csv_field(std::string_view text) {
  if (text.find_first_of(",\"\r\n") == std::string_view::npos) return std::string(text);
  std::string field = "\"";
  for (const char c : text) field.append(c == '"' ? 2 : 1, c);
  return field + "\"";
}

void add_record(std::string& csv, std::span<const std::string> fields) {
  for (std::size_t i = 0; i < fields.size(); ++i) {
    csv.append(i == 0 ? "" : ",").append(csv_field(fields[i]));
  }
  csv.append("\r\n");
}

}  // namespace

std::string markdown_of(std::span<const Issue> issues, std::uint64_t generated_ms) {
  std::string text = "# Issues\n\nGenerated: " + std::to_string(generated_ms) + "\n\n";
  if (issues.empty()) return text + "No issues found.\n";
  text.append("## Issues\n\n");
  for (const Issue& issue : issues) add_issue(text, issue);
  return text;
}

std::string csv_of(std::span<const Issue> issues) {
  std::string csv =
      "issue_id,title,state,priority,type,labels,assignees,parent,depends_on,blocks,related_to,"
      "created_ts,updated_ts,comment_count,body\r\n";
  for (const Issue& issue : issues) {
    const Summary& summary = issue.summary;
    const std::string fields[] = {
        hex_of(summary.id),
        summary.title,
        std::string(name_of(summary.state)),
        std::to_string(summary.priority),
        summary.type,
        joined(summary.labels, "; "),
        joined(summary.assignees, "; "),
        summary.parent ? hex_of(*summary.parent) : "",
        joined(targets(summary, DependencyType::depends_on), "; "),
        joined(targets(summary, DependencyType::blocks), "; "),
        joined(targets(summary, DependencyType::related_to), "; "),
        std::to_string(summary.created_ms),
        std::to_string(summary.updated_ms),
        std::to_string(summary.comments),
        issue.body,
    };
    add_record(csv, fields);
  }
  return csv;
}

}  // namespace hearth::packs::issues
