// What list, ready and search take and give.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "packs/issues/common_wire.hpp"
#include "packs/issues/engine/filter.hpp"

namespace hearth::packs::issues::wire {

struct ListRequest {
  std::optional<std::string> text;
  std::string state = "all";
  std::vector<std::string> label;
  std::optional<std::string> assignee;
  std::optional<std::string> type;
  std::optional<std::string> parent;
  std::optional<std::int64_t> priority;
  std::optional<std::string> since;
  std::optional<std::string> before;
  std::string sort = "created";
  bool reverse = false;
  std::int64_t limit = 50;
  std::int64_t offset = 0;
  std::vector<std::string> fields;
};
BOOST_DESCRIBE_STRUCT(ListRequest,
                      (),
                      (text,
                       state,
                       label,
                       assignee,
                       type,
                       parent,
                       priority,
                       since,
                       before,
                       sort,
                       reverse,
                       limit,
                       offset,
                       fields))
json::Notes notes(const ListRequest*);

struct ListedIssue {
  std::optional<std::string> id;
  std::optional<std::string> issue_id;
  std::optional<std::string> title;
  std::optional<std::string> state;
  std::optional<std::int64_t> priority;
  std::optional<std::string> type;
  std::optional<std::string> parent;
  std::optional<std::vector<std::string>> labels;
  std::optional<std::vector<std::string>> assignees;
  std::optional<std::int64_t> comments;
  std::optional<std::int64_t> created_ts;
  std::optional<std::int64_t> updated_ts;
  std::optional<std::string> why;
  std::optional<std::string> snippet;
};
BOOST_DESCRIBE_STRUCT(ListedIssue,
                      (),
                      (id,
                       issue_id,
                       title,
                       state,
                       priority,
                       type,
                       parent,
                       labels,
                       assignees,
                       comments,
                       created_ts,
                       updated_ts,
                       why,
                       snippet))
json::Notes notes(const ListedIssue*);

struct ListAnswer {
  std::vector<ListedIssue> issues;
  std::int64_t total = 0;
  bool truncated = false;
};
BOOST_DESCRIBE_STRUCT(ListAnswer, (), (issues, total, truncated))
json::Notes notes(const ListAnswer*);

struct ReadyRequest {
  std::vector<std::string> label;
  std::optional<std::string> assignee;
  std::optional<std::string> type;
  std::optional<std::string> parent;
  bool blocked = false;
  std::int64_t limit = 20;
};
BOOST_DESCRIBE_STRUCT(ReadyRequest, (), (label, assignee, type, parent, blocked, limit))
json::Notes notes(const ReadyRequest*);

struct SearchRequest {
  std::string query;
  std::string state = "all";
  std::vector<std::string> label;
  std::optional<std::string> assignee;
  std::int64_t limit = 20;
};
BOOST_DESCRIBE_STRUCT(SearchRequest, (), (query, state, label, assignee, limit))
json::Notes notes(const SearchRequest*);

[[nodiscard]] Result<Filter> to_filter(const ListRequest& request,
                                       const Board& board,
                                       std::uint64_t now_ms);
// `fields`: only these members; empty: those of a list.
[[nodiscard]] Result<void> check_fields(const std::vector<std::string>& fields);
[[nodiscard]] ListedIssue to_listed(const Summary& issue,
                                    const Board& board,
                                    const std::vector<std::string>& fields);
// For ready lists: little, since agents read it at every turn.
[[nodiscard]] ListedIssue to_brief(const Summary& issue, const Board& board);

}  // namespace hearth::packs::issues::wire
