// What the tools for approvals and budgets take and give. Field names are a
// contract with clients.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "packs/mandates/engine/approvals.hpp"
#include "packs/mandates/engine/ledger.hpp"
#include "packs/mandates/page_wire.hpp"

namespace hearth::packs::mandates::wire {

struct ApprovalRow {
  std::string id;
  std::string run;
  std::string state;
  std::string kind;
  std::string target;
  bool needs_elevation = false;
  std::string created;
  std::string expires;
  std::string reviewer;
  std::string digest;
};
BOOST_DESCRIBE_STRUCT(
    ApprovalRow,
    (),
    (id, run, state, kind, target, needs_elevation, created, expires, reviewer, digest))
json::Notes notes(const ApprovalRow*);

struct ApprovalsRequest {
  std::string state = "pending";
  std::optional<std::string> run;
  std::int64_t limit = 50;
  std::int64_t offset = 0;
};
BOOST_DESCRIBE_STRUCT(ApprovalsRequest, (), (state, run, limit, offset))
json::Notes notes(const ApprovalsRequest*);

struct ApprovalsAnswer {
  std::vector<ApprovalRow> approvals;
  std::int64_t total = 0;
  bool truncated = false;
  std::vector<std::string> for_review;
};
BOOST_DESCRIBE_STRUCT(ApprovalsAnswer, (), (approvals, total, truncated, for_review))
json::Notes notes(const ApprovalsAnswer*);

struct ApprovalRequest {
  std::string proposal;
  bool as_text = false;
};
BOOST_DESCRIBE_STRUCT(ApprovalRequest, (), (proposal, as_text))
json::Notes notes(const ApprovalRequest*);

struct ApprovalAnswer {
  ApprovalRow approval;
  std::optional<json::Raw> deed;
  std::optional<std::string> text;
};
BOOST_DESCRIBE_STRUCT(ApprovalAnswer, (), (approval, deed, text))
json::Notes notes(const ApprovalAnswer*);

struct AskRequest {
  std::string proposal;
};
BOOST_DESCRIBE_STRUCT(AskRequest, (), (proposal))
json::Notes notes(const AskRequest*);

struct AskAnswer {
  std::string proposal;
  std::string state;
};
BOOST_DESCRIBE_STRUCT(AskAnswer, (), (proposal, state))
json::Notes notes(const AskAnswer*);

struct BudgetRequest {
  std::optional<std::string> mandate;
  std::optional<std::string> run;
};
BOOST_DESCRIBE_STRUCT(BudgetRequest, (), (mandate, run))
json::Notes notes(const BudgetRequest*);

struct Spent {
  std::int64_t calls = 0;
  std::int64_t tokens = 0;
  double money = 0;
  std::int64_t seconds = 0;
};
BOOST_DESCRIBE_STRUCT(Spent, (), (calls, tokens, money, seconds))
json::Notes notes(const Spent*);

struct Allowed {
  std::optional<std::int64_t> calls;
  std::optional<std::int64_t> tokens;
  std::optional<double> money;
  std::optional<std::int64_t> seconds;
};
BOOST_DESCRIBE_STRUCT(Allowed, (), (calls, tokens, money, seconds))
json::Notes notes(const Allowed*);

struct BudgetRow {
  Spent used;
  Allowed limit;
};
BOOST_DESCRIBE_STRUCT(BudgetRow, (), (used, limit))
json::Notes notes(const BudgetRow*);

struct BudgetAnswer {
  BudgetRow day;
  std::optional<BudgetRow> mandate;
  std::optional<BudgetRow> run;
  std::optional<std::string> digest;
};
BOOST_DESCRIBE_STRUCT(BudgetAnswer, (), (day, mandate, run, digest))
json::Notes notes(const BudgetAnswer*);

[[nodiscard]] ApprovalRow to_row(const ProposalRow& row);
[[nodiscard]] BudgetRow to_row(const Amounts& used, const Limits& limit);

}  // namespace hearth::packs::mandates::wire
