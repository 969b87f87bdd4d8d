#include "packs/mandates/mandate_spec_wire.hpp"

#include <algorithm>
#include <iterator>
#include <utility>

namespace hearth::packs::mandates {
namespace {

json::Limits scopes() {
  return json::one_of({"auto", "ask", "deny"}) | json::defaulted;
}
json::Limits few() {
  return json::range(0, 100) | json::defaulted;
}
json::Limits count() {
  return json::range(1, 1'000'000'000'000);
}

}  // namespace

json::Notes notes(const PathScope*) {
  return {{"glob", "Pattern over paths in the workspace: docs/**, *.md", json::range(1, 1'000)},
          {"actions", "Of read, create, edit, remove, move; none: all", few()},
          {"scope", "auto, ask a person, or deny; the last rule that fits counts", scopes()}};
}
json::Notes notes(const SecretVariable*) {
  return {{"variable", "Of its environment: GH_TOKEN", json::range(1, 100)},
          {"secret", "Its name in the configuration", json::range(1, 64)}};
}
json::Notes notes(const CommandScope*) {
  return {
      {"rule",
       "Words and patterns, \"...\" for more words that are no options: \"make test\", \"pytest "
       "-q ...\", \"gh release create * --title=*\"",
       json::range(1, 1'000)},
      {"scope", "", scopes()},
      {"writes", "It may change files of the workspace", json::defaulted},
      {"hosts", "It may reach these and no others: example.org:443, *.example.org", few()},
      {"secrets", "Variables that named secrets fill", few()}};
}
json::Notes notes(const ToolScope*) {
  return {{"tool", "Its name: issues_create", json::range(1, 100)}, {"scope", "", scopes()}};
}
json::Notes notes(const ObservedTool*) {
  return {{"tool", "A tool that only reads", json::range(1, 100)},
          {"arguments", "A JSON object as text", json::defaulted}};
}
json::Notes notes(const Observed*) {
  return {
      {"files", "Paths or patterns in the workspace", few()},
      {"commands",
       "Commands whose output is read: words, quoted as for a shell, without one; in the sandbox",
       few()},
      {"tools", "Tools whose answers are read", few()}};
}
json::Notes notes(const MandateSpec*) {
  json::Notes all{
      {"goal", "What is to be reached, as told to the model", json::range(1, 20'000)},
      {"workspace", "Directory it works in"},
      {"root", "Directory that allowed it", json::defaulted},
      {"observe",
       "What it looks at in each cycle: {\"files\": [\"docs/*.md\"], \"commands\": [\"git "
       "status\"]}",
       json::defaulted},
      {"paths",
       "What it may do to files; nothing fits: ask. {\"glob\": \"docs/**\", \"scope\": \"auto\"}",
       few()},
      {"commands",
       "Commands it may run in the sandbox; the last rule that fits counts, others are denied. "
       "{\"rule\": \"make test\", \"writes\": true}",
       few()},
      {"tools",
       "Tools it may call; the last of a name counts, others are denied. {\"tool\": "
       "\"issues_create\", \"scope\": \"ask\"}",
       few()},
      {"commits", "Whether it may commit to branches hearth/…", scopes()},
      {"model",
       "Whose model thinks: the configured server's, the client's that follows a run "
       "(run_follow), or any: the server's if there is one",
       json::one_of({"any", "server", "client"}) | json::defaulted},
      {"cycles", "Most cycles of a run", json::range(1, 1'000) | json::defaulted},
      {"deadline", "Seconds that a run may take", json::range(1, 31'536'000) | json::defaulted},
      {"approval_time", "Seconds that a proposal waits for its answer; none is a no",
       json::range(1, 31'536'000) | json::defaulted},
      {"retries", "Attempts after a phase failed", json::range(0, 20) | json::defaulted}};
  std::ranges::move(limit_notes(), std::back_inserter(all));
  return all;
}

json::Notes limit_notes() {
  return {{"run_calls", "Most model calls of a run", count()},
          {"run_tokens", "Most tokens of a run", count()},
          {"run_money", "Most that a run may cost, in the unit of the configured prices"},
          {"run_seconds", "Most seconds of model calls and commands of a run", count()},
          {"mandate_calls", "Most model calls of all its runs", count()},
          {"mandate_tokens", "Most tokens of all its runs", count()},
          {"mandate_money", "Most that all its runs may cost"},
          {"mandate_seconds", "Most seconds of model calls and commands of all its runs", count()}};
}

Result<std::string> with_limits(std::string_view text, const json::Object& limits) {
  auto value = json::parse(text);
  if (!value) return std::unexpected(std::move(value.error()));
  json::Object& spec = value->as_object();
  for (const auto& [name, limit] : limits) {
    if (std::ranges::find(limit_names, std::string_view(name)) == limit_names.end())
      return fail(Errc::invalid_args, "there is no limit " + std::string(name));
    if (limit.is_null())
      spec.erase(name);
    else
      spec[name] = limit;
  }
  const auto decoded = json::decode<MandateSpec>(*value, "mandate");
  if (!decoded) return std::unexpected(decoded.error());
  if (auto ok = check(*decoded); !ok) return std::unexpected(std::move(ok.error()));
  return spec_text(*decoded);
}

std::string spec_text(const MandateSpec& spec) {
  return json::encode(spec);
}

Result<MandateSpec> parse_spec(std::string_view text) {
  const auto value = json::parse(text);
  if (!value) return std::unexpected(value.error());
  return json::decode<MandateSpec>(*value, "mandate");
}

}  // namespace hearth::packs::mandates
