// Decisions and deeds as JSON.
#include <utility>

#include "json/record.hpp"
#include "packs/mandates/decision.hpp"
#include "packs/mandates/mandate_spec_wire.hpp"

namespace hearth::packs::mandates {

BOOST_DESCRIBE_STRUCT(DecidedReplacement, (), (before, after, all))
BOOST_DESCRIBE_STRUCT(DecidedChange,
                      (),
                      (path, action, to, content, replacements, base_hash, executable))
BOOST_DESCRIBE_STRUCT(
    DecidedStep,
    (),
    (id, kind, needs, on_failure, changes, words, tool, arguments, branch, message, paths))
BOOST_DESCRIBE_STRUCT(DecidedPlan, (), (reasoning, steps))
BOOST_DESCRIBE_STRUCT(Reflection, (), (goal_reached, summary))
BOOST_DESCRIBE_STRUCT(DeedFile,
                      (),
                      (action, path, to, before_hash, after_hash, mode, before, after))
BOOST_DESCRIBE_STRUCT(Deed,
                      (),
                      (kind,
                       mandate,
                       workspace,
                       root,
                       run,
                       files,
                       words,
                       writes,
                       hosts,
                       secrets,
                       tool,
                       arguments,
                       branch,
                       base,
                       message))

static json::Notes notes(const DecidedReplacement* /*record*/) {
  return {{"before", "Text that occurs exactly once, or everywhere with `all`"},
          {"after", "What takes its place, literally"},
          {"all", "", json::defaulted}};
}
static json::Notes notes(const DecidedChange* /*record*/) {
  return {{"path", "In the workspace"},
          {"action", "", json::one_of({"edit", "create", "remove", "move"}) | json::defaulted},
          {"to", "Of a move: the new path", json::defaulted},
          {"content", "Of a created file, or all of an edited one that has no replacements",
           json::defaulted},
          {"replacements", "Of an edit: one after another", json::range(0, 200) | json::defaulted},
          {"base_hash", "The file's hash as observed; empty: whatever is there", json::defaulted},
          {"executable", "", json::defaulted}};
}
static json::Notes notes(const DecidedStep* /*record*/) {
  return {{"id", "Unique: letters, digits, . _ and -", json::range(1, 64)},
          {"kind", "", json::one_of({"change", "command", "tool", "commit", "report"})},
          {"needs",
           "Ids of steps that must be done before; commands and tools that do not need each other "
           "run at the same time",
           json::range(0, 200) | json::defaulted},
          {"on_failure", "What a failure means for the others",
           json::one_of({"halt", "skip_dependents", "continue"}) | json::defaulted},
          {"changes", "Of a change: all of them happen, or none",
           json::range(0, 200) | json::defaulted},
          {"words", "Of a command: program and arguments", json::range(0, 200) | json::defaulted},
          {"tool", "Of a tool: its name", json::defaulted},
          {"arguments", "Of a tool: a JSON object as text", json::defaulted},
          {"branch", "Of a commit: begins with hearth/", json::defaulted},
          {"message", "Of a commit", json::defaulted},
          {"paths",
           "Of a commit: the files to commit as they are; of a report of this run: one file that "
           "ends in .md or .pdf",
           json::range(0, 1'000) | json::defaulted}};
}
static json::Notes notes(const DecidedPlan* /*record*/) {
  return {{"reasoning", "Why, in a few sentences"},
          {"steps", "What to do; may be empty", json::range(0, 200)}};
}
static json::Notes notes(const Reflection* /*record*/) {
  return {{"goal_reached", "Whether the goal is reached and nothing is left to do"},
          {"summary", "What happened and what the next cycle must know"}};
}
static json::Notes notes(const DeedFile* /*record*/) {
  return {{"action", ""},     {"path", ""}, {"to", ""},     {"before_hash", ""},
          {"after_hash", ""}, {"mode", ""}, {"before", ""}, {"after", ""}};
}
static json::Notes notes(const Deed* /*record*/) {
  // Those that came later are not in deeds of earlier versions.
  return {{"kind", ""},
          {"mandate", ""},
          {"workspace", ""},
          {"root", "", json::defaulted},
          {"run", "", json::defaulted},
          {"files", ""},
          {"words", ""},
          {"writes", ""},
          {"hosts", "", json::defaulted},
          {"secrets", "", json::defaulted},
          {"tool", ""},
          {"arguments", ""},
          {"branch", ""},
          {"base", ""},
          {"message", ""}};
}

namespace {

template <typename T>
Result<T> parsed(std::string_view text, std::string_view what) {
  const auto value = json::parse(text);
  if (!value) return std::unexpected(value.error());
  return json::decode<T>(*value, what);
}

OnFailure on_failure_from_name(std::string_view name) {
  if (name == "continue") return OnFailure::continue_;
  return name == "halt" ? OnFailure::halt : OnFailure::skip_dependents;
}

}  // namespace

std::string decision_schema() {
  return json::schema_text<DecidedPlan>();
}
std::string reflection_schema() {
  return json::schema_text<Reflection>();
}
Result<DecidedPlan> parse_decision(std::string_view text) {
  return parsed<DecidedPlan>(text, "decision");
}
Result<Reflection> parse_reflection(std::string_view text) {
  return parsed<Reflection>(text, "reflection");
}
Result<DecidedStep> parse_step(std::string_view text) {
  return parsed<DecidedStep>(text, "step");
}
std::string deed_text(const Deed& deed) {
  return json::encode(deed);
}
Result<Deed> parse_deed(std::string_view text) {
  return parsed<Deed>(text, "deed");
}

bool is_text(std::string_view bytes) {
  if (bytes.find('\0') != std::string_view::npos) return false;
  const auto again = json::parse(json::dump(json::Value(bytes)));
  return again && again->is_string() && again->get_string() == bytes;
}

Result<Plan> plan_of(const DecidedPlan& decision) {
  Plan plan;
  for (const DecidedStep& each : decision.steps) {
    plan.steps.push_back({.id = each.id,
                          .needs = each.needs,
                          .on_failure = on_failure_from_name(each.on_failure),
                          .action = json::encode(each)});
  }
  return plan;
}

Result<void> check_arguments(std::string_view text) {
  const auto value = json::parse(text);
  if (!value) return std::unexpected(value.error());
  if (!value->is_object()) return fail(Errc::invalid_args, "arguments: expected a JSON object");
  return {};
}

}  // namespace hearth::packs::mandates
