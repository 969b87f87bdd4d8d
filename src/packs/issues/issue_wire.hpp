// What the tools for single issues take and give, as records of JSON. Field names are a contract
// with clients: they are added to, never renamed. Where grite has a field, it has grite's name.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "packs/issues/common_wire.hpp"
#include "packs/issues/engine/board.hpp"
#include "packs/issues/excerpt_wire.hpp"
#include "packs/issues/history_wire.hpp"

namespace hearth::packs::issues::wire {

struct NewIssue {
  std::string title;
  std::string body;
  std::vector<std::string> label;
  std::optional<std::int64_t> priority;
  std::optional<std::string> type;
  std::optional<std::string> parent;
  std::vector<std::string> assignee;
  std::vector<std::string> depends_on;
};
BOOST_DESCRIBE_STRUCT(NewIssue,
                      (),
                      (title, body, label, priority, type, parent, assignee, depends_on))
json::Notes notes(const NewIssue*);

struct CreateRequest {
  std::optional<std::string> title;
  std::string body;
  std::vector<std::string> label;
  std::optional<std::int64_t> priority;
  std::optional<std::string> type;
  std::optional<std::string> parent;
  std::vector<std::string> assignee;
  std::vector<std::string> depends_on;
  std::optional<std::vector<NewIssue>> issues;
  std::optional<std::string> actor;
  std::optional<std::string> key;
};
BOOST_DESCRIBE_STRUCT(
    CreateRequest,
    (),
    (title, body, label, priority, type, parent, assignee, depends_on, issues, actor, key))
json::Notes notes(const CreateRequest*);

struct CreatedIssue {
  std::string issue_id;
};
BOOST_DESCRIBE_STRUCT(CreatedIssue, (), (issue_id))
json::Notes notes(const CreatedIssue*);

struct CreateAnswer {
  std::string issue_id;
  std::string event_id;
  std::string wal_head;
  std::optional<std::vector<CreatedIssue>> issues;
};
BOOST_DESCRIBE_STRUCT(CreateAnswer, (), (issue_id, event_id, wal_head, issues))
json::Notes notes(const CreateAnswer*);

struct ShowRequest {
  std::string id;
  bool events = false;
  std::optional<std::int64_t> comments;
  std::optional<std::string> before;
  std::int64_t bytes = usual_room;
};
BOOST_DESCRIBE_STRUCT(ShowRequest, (), (id, events, comments, before, bytes))
json::Notes notes(const ShowRequest*);

struct ShownComment {
  std::string comment_id;
  std::string author;
  std::int64_t ts = 0;
  std::string body;
  std::optional<std::int64_t> edited_ts;
  std::optional<std::int64_t> body_bytes;
};
BOOST_DESCRIBE_STRUCT(ShownComment, (), (comment_id, author, ts, body, edited_ts, body_bytes))
json::Notes notes(const ShownComment*);

struct ShownLink {
  std::string url;
  std::optional<std::string> note;
};
BOOST_DESCRIBE_STRUCT(ShownLink, (), (url, note))
json::Notes notes(const ShownLink*);

struct ShownAttachment {
  std::string name;
  std::string sha256;
  std::string mime;
};
BOOST_DESCRIBE_STRUCT(ShownAttachment, (), (name, sha256, mime))
json::Notes notes(const ShownAttachment*);

struct ShownDependency {
  std::string issue_id;
  std::string dep_type;
  std::string title;
  std::string state;
};
BOOST_DESCRIBE_STRUCT(ShownDependency, (), (issue_id, dep_type, title, state))
json::Notes notes(const ShownDependency*);

struct ShownClaim {
  std::string owner;
  std::optional<std::string> owner_label;
  std::int64_t expires_unix_ms = 0;
};
BOOST_DESCRIBE_STRUCT(ShownClaim, (), (owner, owner_label, expires_unix_ms))
json::Notes notes(const ShownClaim*);

struct ShownIssue {
  std::string issue_id;
  std::string title;
  std::string body;
  std::optional<std::int64_t> body_bytes;
  std::string state;
  std::int64_t priority = 2;
  std::optional<std::string> type;
  std::optional<std::string> parent;
  std::vector<std::string> labels;
  std::vector<std::string> assignees;
  std::string created_by;
  std::int64_t created_ts = 0;
  std::int64_t updated_ts = 0;
  std::vector<ShownDependency> dependencies;
  std::vector<std::string> blocked_by;
  std::vector<ShownComment> comments;
  std::int64_t comment_count = 0;
  std::vector<ShownLink> links;
  std::vector<ShownAttachment> attachments;
  std::optional<ShownClaim> claim;
  bool truncated = false;
};
BOOST_DESCRIBE_STRUCT(ShownIssue,
                      (),
                      (issue_id,
                       title,
                       body,
                       body_bytes,
                       state,
                       priority,
                       type,
                       parent,
                       labels,
                       assignees,
                       created_by,
                       created_ts,
                       updated_ts,
                       dependencies,
                       blocked_by,
                       comments,
                       comment_count,
                       links,
                       attachments,
                       claim,
                       truncated))
json::Notes notes(const ShownIssue*);

struct ShowAnswer {
  ShownIssue issue;
  std::int64_t event_count = 0;
  std::optional<std::vector<ShownEvent>> events;
};
BOOST_DESCRIBE_STRUCT(ShowAnswer, (), (issue, event_count, events))
json::Notes notes(const ShowAnswer*);

struct UpdateRequest {
  std::string id;
  std::optional<std::string> title;
  std::optional<std::string> body;
  std::optional<std::int64_t> priority;
  std::optional<std::string> type;
  std::optional<std::string> parent;
  std::optional<std::string> actor;
  std::optional<std::string> key;
};
BOOST_DESCRIBE_STRUCT(UpdateRequest, (), (id, title, body, priority, type, parent, actor, key))
json::Notes notes(const UpdateRequest*);

struct CommentRequest {
  std::string id;
  std::string body;
  std::optional<std::string> edit;
  std::optional<std::string> actor;
  std::optional<std::string> key;
};
BOOST_DESCRIBE_STRUCT(CommentRequest, (), (id, body, edit, actor, key))
json::Notes notes(const CommentRequest*);

struct StateRequest {
  std::string id;
  std::optional<std::string> comment;
  std::optional<std::string> actor;
  std::optional<std::string> key;
};
BOOST_DESCRIBE_STRUCT(StateRequest, (), (id, comment, actor, key))
json::Notes notes(const StateRequest*);

struct StateAnswer {
  std::string issue_id;
  std::string event_id;
  std::string state;
  std::string wal_head;
  std::int64_t events = 0;
};
BOOST_DESCRIBE_STRUCT(StateAnswer, (), (issue_id, event_id, state, wal_head, events))
json::Notes notes(const StateAnswer*);

// Labels or assignees to add and to remove.
struct LabelRequest {
  std::string id;
  std::vector<std::string> add;
  std::vector<std::string> remove;
  std::optional<std::string> actor;
  std::optional<std::string> key;
};
BOOST_DESCRIBE_STRUCT(LabelRequest, (), (id, add, remove, actor, key))
json::Notes notes(const LabelRequest*);

struct AssignRequest {
  std::string id;
  std::vector<std::string> add;
  std::vector<std::string> remove;
  std::optional<std::string> actor;
  std::optional<std::string> key;
};
BOOST_DESCRIBE_STRUCT(AssignRequest, (), (id, add, remove, actor, key))
json::Notes notes(const AssignRequest*);

struct LinkRequest {
  std::string id;
  std::string url;
  std::optional<std::string> note;
  std::optional<std::string> actor;
  std::optional<std::string> key;
};
BOOST_DESCRIBE_STRUCT(LinkRequest, (), (id, url, note, actor, key))
json::Notes notes(const LinkRequest*);

// `claim`: of the issue, if somebody has it.
[[nodiscard]] ShownIssue to_shown(const Issue& issue,
                                  const Board& board,
                                  const std::optional<ShownClaim>& claim);
// What there is room for: the comments that were asked for, the newest first, and of long texts the
// beginning. `before`: of a comment, or a unique prefix; `not_found` when there is no such one.
[[nodiscard]] Result<ShownIssue> excerpt_of(ShownIssue shown, const ShowRequest& request);
// One issue or a list of them; `invalid_args` without or with both.
[[nodiscard]] Result<std::vector<NewIssue>> to_new_issues(const CreateRequest& request);
[[nodiscard]] CreateAnswer to_created(const CreateRequest& request, const Receipt& receipt);

}  // namespace hearth::packs::issues::wire
