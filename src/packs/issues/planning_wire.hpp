// What the tools for dependencies, epics and diagrams take and give.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "packs/issues/common_wire.hpp"
#include "packs/issues/engine/views/dependency_order.hpp"
#include "packs/issues/engine/views/tree.hpp"

namespace hearth::packs::issues::wire {

struct DependencyRequest {
  std::string id;
  std::string target;
  std::string type = "depends_on";
  std::optional<std::string> actor;
  std::optional<std::string> key;
};
BOOST_DESCRIBE_STRUCT(DependencyRequest, (), (id, target, type, actor, key))
json::Notes notes(const DependencyRequest*);

struct DependencyAnswer {
  std::string event_id;
  std::string issue_id;
  std::string target;
  std::string dep_type;
  std::string action;
  std::string wal_head;
};
BOOST_DESCRIBE_STRUCT(DependencyAnswer,
                      (),
                      (event_id, issue_id, target, dep_type, action, wal_head))
json::Notes notes(const DependencyAnswer*);

struct DependenciesRequest {
  std::string id;
  bool reverse = false;
};
BOOST_DESCRIBE_STRUCT(DependenciesRequest, (), (id, reverse))
json::Notes notes(const DependenciesRequest*);

struct ListedDependency {
  std::string id;
  std::string issue_id;
  std::string dep_type;
  std::string title;
  std::string state;
};
BOOST_DESCRIBE_STRUCT(ListedDependency, (), (id, issue_id, dep_type, title, state))
json::Notes notes(const ListedDependency*);

struct DependenciesAnswer {
  std::string issue_id;
  std::string direction;
  std::vector<ListedDependency> deps;
};
BOOST_DESCRIBE_STRUCT(DependenciesAnswer, (), (issue_id, direction, deps))
json::Notes notes(const DependenciesAnswer*);

struct OrderRequest {
  std::string state = "open";
  std::vector<std::string> label;
  std::int64_t limit = 50;
  std::int64_t offset = 0;
};
BOOST_DESCRIBE_STRUCT(OrderRequest, (), (state, label, limit, offset))
json::Notes notes(const OrderRequest*);

struct OrderedIssue {
  std::string id;
  std::string issue_id;
  std::string title;
  std::string state;
  std::int64_t priority = 0;
  std::vector<std::string> labels;
};
BOOST_DESCRIBE_STRUCT(OrderedIssue, (), (id, issue_id, title, state, priority, labels))
json::Notes notes(const OrderedIssue*);

struct Circle {
  std::vector<std::string> issues;
};
BOOST_DESCRIBE_STRUCT(Circle, (), (issues))
json::Notes notes(const Circle*);

struct OrderAnswer {
  std::vector<OrderedIssue> issues;
  std::vector<std::string> order;
  std::vector<Circle> cycles;
  std::int64_t total = 0;
  bool truncated = false;
};
BOOST_DESCRIBE_STRUCT(OrderAnswer, (), (issues, order, cycles, total, truncated))
json::Notes notes(const OrderAnswer*);

struct TreeRequest {
  std::optional<std::string> id;
  std::int64_t limit = 200;
};
BOOST_DESCRIBE_STRUCT(TreeRequest, (), (id, limit))
json::Notes notes(const TreeRequest*);

struct TreeNode {
  std::int64_t depth = 0;
  std::string id;
  std::string issue_id;
  std::string title;
  std::string state;
  std::string type;
  std::int64_t priority = 0;
  std::int64_t closed = 0;
  std::int64_t parts = 0;
};
BOOST_DESCRIBE_STRUCT(TreeNode,
                      (),
                      (depth, id, issue_id, title, state, type, priority, closed, parts))
json::Notes notes(const TreeNode*);

struct TreeAnswer {
  std::vector<TreeNode> nodes;
  std::int64_t total = 0;
  bool truncated = false;
};
BOOST_DESCRIBE_STRUCT(TreeAnswer, (), (nodes, total, truncated))
json::Notes notes(const TreeAnswer*);

struct GraphRequest {
  std::optional<std::string> id;
  std::string format = "mermaid";
  std::string state = "open";
  std::int64_t limit = 100;
};
BOOST_DESCRIBE_STRUCT(GraphRequest, (), (id, format, state, limit))
json::Notes notes(const GraphRequest*);

struct GraphAnswer {
  std::string format;
  std::string text;
  std::int64_t nodes = 0;
  std::int64_t total = 0;
  bool truncated = false;
};
BOOST_DESCRIBE_STRUCT(GraphAnswer, (), (format, text, nodes, total, truncated))
json::Notes notes(const GraphAnswer*);

[[nodiscard]] OrderedIssue to_ordered(const Summary& issue, const Board& board);
[[nodiscard]] TreeNode to_node(const TreeRow& row, const IssueGraph& graph, const Board& board);

}  // namespace hearth::packs::issues::wire
