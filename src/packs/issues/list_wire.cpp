#include "packs/issues/list_wire.hpp"

#include <algorithm>
#include <array>

namespace hearth::packs::issues::wire {

using json::defaulted;
using json::one_of;
using json::range;

namespace {

constexpr std::array<std::string_view, 12> field_names{
    "id",     "issue_id", "title",     "state",    "priority",   "type",
    "parent", "labels",   "assignees", "comments", "created_ts", "updated_ts"};

}  // namespace

json::Notes notes(const ListRequest*) {
  return {{"text", "Only issues with this text in their title, letter case and accents aside",
           range(1, 1000)},
          {"state", "open, closed or all", state_choices() | defaulted},
          {"label", "Only issues with this label; several: with all of them",
           list_limits() | defaulted},
          {"assignee", "Only what this one is to do", name_limits()},
          {"type", "Only issues of this type", name_limits()},
          {"parent", "Only parts of this epic", id_limits()},
          {"priority", "Only issues of this priority", range(0, 4)},
          {"since", "Only issues changed then or later: RFC 3339, or a span back (7d, 12h, 30m)",
           range(1, 40)},
          {"before", "Only issues changed earlier", range(1, 40)},
          {"sort", "created, updated, priority or title",
           one_of({"created", "updated", "priority", "title"}) | defaulted},
          {"reverse", "The other way round: newest first", defaulted},
          {"limit", "Most issues to return", range(1, 1000) | defaulted},
          {"offset", "How many of them to pass over", range(0, 1'000'000) | defaulted},
          {"fields", "Only these members of each; may be given several times",
           list_limits() | defaulted}};
}
json::Notes notes(const ListedIssue*) {
  return {{"id", "Short, good for every verb"},
          {"issue_id", full_id_text},
          {"title", ""},
          {"state", ""},
          {"priority", "0, most urgent, to 4"},
          {"type", ""},
          {"parent", "Short id of its epic"},
          {"labels", ""},
          {"assignees", ""},
          {"comments", "How many"},
          {"created_ts", time_text},
          {"updated_ts", time_text},
          {"why", "Why it can be done now, or not"},
          {"snippet", "Where the words were found"}};
}
json::Notes notes(const ListAnswer*) {
  return {{"issues", ""},
          {"total", "How many fit, whatever limit says"},
          {"truncated", "There are more: raise limit or offset"}};
}
json::Notes notes(const ReadyRequest*) {
  return {{"label", "Only issues with this label; several: with all of them",
           list_limits() | defaulted},
          {"assignee", "Only what this one is to do", name_limits()},
          {"type", "Only issues of this type", name_limits()},
          {"parent", "Only parts of this epic", id_limits()},
          {"blocked", "The other ones: open, but blocked or claimed", defaulted},
          {"limit", "Most issues to return", range(1, 200) | defaulted}};
}
json::Notes notes(const SearchRequest*) {
  return {{"query", "Words, \"phrases\", prefix*, fuzzy~, +must, -not, AND, OR", range(1, 1000)},
          {"state", "open, closed or all", state_choices() | defaulted},
          {"label", "Only issues with this label; several: with all of them",
           list_limits() | defaulted},
          {"assignee", "Only what this one is to do", name_limits()},
          {"limit", "Most issues to return", range(1, 200) | defaulted}};
}

Result<Filter> to_filter(const ListRequest& request, const Board& board, std::uint64_t now_ms) {
  Filter filter{.state = state_of(request.state),
                .labels = request.label,
                .assignee = request.assignee,
                .type = request.type,
                .text = request.text.value_or("")};
  if (request.parent) {
    const auto parent = board.resolve(*request.parent);
    if (!parent) return std::unexpected(parent.error());
    filter.parent = *parent;
  }
  if (request.priority) filter.priority = static_cast<std::uint8_t>(*request.priority);
  const auto since = to_time("since", request.since, now_ms);
  if (!since) return std::unexpected(since.error());
  const auto before = to_time("before", request.before, now_ms);
  if (!before) return std::unexpected(before.error());
  filter.since_ms = *since;
  filter.before_ms = *before;
  return filter;
}

Result<void> check_fields(const std::vector<std::string>& fields) {
  for (const std::string& field : fields) {
    if (std::ranges::find(field_names, field) != field_names.end()) continue;
    std::string all;
    for (const std::string_view name : field_names)
      all.append(all.empty() ? "" : ", ").append(name);
    Error error{Errc::invalid_args, "fields: there is no \"" + field + "\", but " + all, {}};
    if (field.contains(',')) error.suggestions.emplace_back("several: repeat --fields");
    return std::unexpected(std::move(error));
  }
  return {};
}

ListedIssue to_listed(const Summary& issue,
                      const Board& board,
                      const std::vector<std::string>& fields) {
  ListedIssue listed{.id = board.short_id(issue.id),
                     .issue_id = hex_of(issue.id),
                     .title = short_title(issue.title),
                     .state = std::string(name_of(issue.state)),
                     .priority = issue.priority,
                     .labels = short_names(issue.labels),
                     .assignees = short_names(issue.assignees),
                     .comments = issue.comments,
                     .created_ts = number(issue.created_ms),
                     .updated_ts = number(issue.updated_ms)};
  if (!issue.type.empty()) listed.type = short_name(issue.type);
  if (issue.parent) listed.parent = board.short_id(*issue.parent);
  if (fields.empty()) return listed;
  boost::mp11::mp_for_each<
      boost::describe::describe_members<ListedIssue, boost::describe::mod_public>>(
      [&](auto member) {
        if (std::ranges::find(fields, member.name) == fields.end())
          (listed.*member.pointer).reset();
      });
  return listed;
}

ListedIssue to_brief(const Summary& issue, const Board& board) {
  ListedIssue listed{.id = board.short_id(issue.id),
                     .title = short_title(issue.title),
                     .priority = issue.priority};
  if (!issue.type.empty()) listed.type = short_name(issue.type);
  if (issue.parent) listed.parent = board.short_id(*issue.parent);
  if (!issue.labels.empty()) listed.labels = short_names(issue.labels);
  if (!issue.assignees.empty()) listed.assignees = short_names(issue.assignees);
  return listed;
}

}  // namespace hearth::packs::issues::wire
