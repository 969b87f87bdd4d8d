// What the model decides, and what becomes of it: a deed, with all that carrying it out needs.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.hpp"
#include "packs/mandates/engine/plan.hpp"
#include "packs/mandates/mandate_spec.hpp"

namespace hearth::packs::mandates {

struct DecidedReplacement {
  std::string before;
  std::string after;
  bool all = false;
};
struct DecidedChange {
  std::string path;
  std::string action = "edit";
  std::string to;
  std::string content;
  std::vector<DecidedReplacement> replacements;
  std::string base_hash;
  bool executable = false;
};
struct DecidedStep {
  std::string id;
  std::string kind;  // change, command, tool, commit, report
  std::vector<std::string> needs;
  std::string on_failure = "halt";
  std::vector<DecidedChange> changes;
  std::vector<std::string> words;
  std::string tool;
  std::string arguments = "{}";
  std::string branch;
  std::string message;
  std::vector<std::string> paths;
};
struct DecidedPlan {
  std::string reasoning;
  std::vector<DecidedStep> steps;
};
struct Reflection {
  bool goal_reached = false;
  std::string summary;
};

// One file of a change set or a commit.
struct DeedFile {
  std::string action;
  std::string path;
  std::string to;
  std::string before_hash;
  std::string after_hash;
  std::int64_t mode = 0;
  std::string before;  // empty where it is no text
  std::string after;
};
// Exactly what will be done: the text that is sealed into a proposal and shown to a person.
struct Deed {
  std::string kind;
  std::string mandate;
  std::string workspace;
  std::string root;  // that allowed the workspace; empty: it did itself
  std::string run;   // of a report
  std::vector<DeedFile> files;
  std::vector<std::string> words;
  bool writes = false;
  std::vector<std::string> hosts;       // that the command may reach
  std::vector<SecretVariable> secrets;  // by their names: what they hold is read when it runs
  std::string tool;
  std::string arguments;
  std::string branch;
  std::string base;  // the commit that a new one follows
  std::string message;
};

[[nodiscard]] std::string decision_schema();
[[nodiscard]] std::string reflection_schema();
[[nodiscard]] Result<DecidedPlan> parse_decision(std::string_view text);
[[nodiscard]] Result<Reflection> parse_reflection(std::string_view text);
[[nodiscard]] Result<Plan> plan_of(const DecidedPlan& decision);
// Of Step::action.
[[nodiscard]] Result<DecidedStep> parse_step(std::string_view text);
[[nodiscard]] std::string deed_text(const Deed& deed);
[[nodiscard]] Result<Deed> parse_deed(std::string_view text);
// Whether it is shown, and comes back from a deed's text, as it is: UTF-8 without a zero byte.
[[nodiscard]] bool is_text(std::string_view bytes);
// Whether the text is a JSON object.
[[nodiscard]] Result<void> check_arguments(std::string_view text);

}  // namespace hearth::packs::mandates
