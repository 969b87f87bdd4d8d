// What the tools for mandates take and give. Field names are a
// contract with clients.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "packs/mandates/engine/mandate.hpp"
#include "packs/mandates/mandate_spec_wire.hpp"
#include "packs/mandates/page_wire.hpp"

namespace hearth::packs::mandates::wire {

struct CreateRequest {
  std::string name;
  std::string goal;
  std::optional<std::string> workspace;
  Observed observe;
  std::vector<PathScope> paths;
  std::vector<CommandScope> commands;
  std::vector<ToolScope> tools;
  std::string commits = "ask";
  std::string model = "any";
  std::int64_t cycles = 10;
  std::int64_t deadline = 86'400;
  std::int64_t approval_time = 28'800;
  std::int64_t retries = 3;
  std::optional<std::int64_t> run_calls;
  std::optional<std::int64_t> run_tokens;
  std::optional<double> run_money;
  std::optional<std::int64_t> run_seconds;
  std::optional<std::int64_t> mandate_calls;
  std::optional<std::int64_t> mandate_tokens;
  std::optional<double> mandate_money;
  std::optional<std::int64_t> mandate_seconds;
  std::optional<std::string> timing;
  std::string zone = "UTC";
  bool start = false;
};
BOOST_DESCRIBE_STRUCT(CreateRequest,
                      (),
                      (name,
                       goal,
                       workspace,
                       observe,
                       paths,
                       commands,
                       tools,
                       commits,
                       model,
                       cycles,
                       deadline,
                       approval_time,
                       retries,
                       run_calls,
                       run_tokens,
                       run_money,
                       run_seconds,
                       mandate_calls,
                       mandate_tokens,
                       mandate_money,
                       mandate_seconds,
                       timing,
                       zone,
                       start))
json::Notes notes(const CreateRequest*);

struct CreateAnswer {
  std::string id;
  std::string name;
  std::optional<std::string> schedule;
  std::optional<std::string> run;
};
BOOST_DESCRIBE_STRUCT(CreateAnswer, (), (id, name, schedule, run))
json::Notes notes(const CreateAnswer*);

struct UpdateRequest {
  std::string mandate;
  std::optional<std::string> goal;
  std::optional<Observed> observe;
  std::optional<std::int64_t> cycles;
  std::optional<std::int64_t> run_calls;
  std::optional<std::int64_t> run_tokens;
  std::optional<double> run_money;
  std::optional<std::int64_t> run_seconds;
  std::optional<std::int64_t> mandate_calls;
  std::optional<std::int64_t> mandate_tokens;
  std::optional<double> mandate_money;
  std::optional<std::int64_t> mandate_seconds;
};
BOOST_DESCRIBE_STRUCT(UpdateRequest,
                      (),
                      (mandate,
                       goal,
                       observe,
                       cycles,
                       run_calls,
                       run_tokens,
                       run_money,
                       run_seconds,
                       mandate_calls,
                       mandate_tokens,
                       mandate_money,
                       mandate_seconds))
json::Notes notes(const UpdateRequest*);

struct MandateRequest {
  std::string mandate;
};
BOOST_DESCRIBE_STRUCT(MandateRequest, (), (mandate))
json::Notes notes(const MandateRequest*);

struct StateRequest {
  std::string mandate;
  std::string reason;
};
BOOST_DESCRIBE_STRUCT(StateRequest, (), (mandate, reason))
json::Notes notes(const StateRequest*);

struct MandateRow {
  std::string id;
  std::string name;
  std::string state;
  std::string reason;
  std::string goal;
};
BOOST_DESCRIBE_STRUCT(MandateRow, (), (id, name, state, reason, goal))
json::Notes notes(const MandateRow*);

struct ShowAnswer {
  MandateRow mandate;
  json::Raw rules;
};
BOOST_DESCRIBE_STRUCT(ShowAnswer, (), (mandate, rules))
json::Notes notes(const ShowAnswer*);

struct MandatesAnswer {
  std::vector<MandateRow> mandates;
  std::int64_t total = 0;
  bool truncated = false;
};
BOOST_DESCRIBE_STRUCT(MandatesAnswer, (), (mandates, total, truncated))
json::Notes notes(const MandatesAnswer*);

[[nodiscard]] MandateRow to_row(const Mandate& mandate);

}  // namespace hearth::packs::mandates::wire
