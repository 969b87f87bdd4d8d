// Any text as an export, as beads' JSONL, and as an AGENTS.md: what is taken goes out and in again
// the same, and what was done once is not done again.
#include <cstdint>
#include <cstdlib>
#include <map>
#include <string_view>
#include <vector>

#include "packs/issues/engine/agents_md.hpp"
#include "packs/issues/engine/event_codec.hpp"
#include "packs/issues/exchange_wire.hpp"

namespace {

using namespace hearth::packs::issues;

void require(bool holds) {
  if (!holds) std::abort();
}

void check_export(std::string_view text) {
  const auto imported = import_export_json(text);
  if (!imported) return;
  for (const Event& event : imported->events) require(event_id(event) == event.id);
  const auto again = import_export_json(export_json({}, {}, imported->events));
  require(again && again->events == imported->events && again->left_out.empty());
}

std::map<IssueId, IssueHere> projected(const std::vector<Event>& events) {
  std::map<IssueId, std::vector<Event>> of_issue;
  for (const Event& event : events) of_issue[event.issue].push_back(event);
  std::map<IssueId, IssueHere> issues;
  for (auto& [id, list] : of_issue) {
    normalize(list);
    if (auto issue = project_issue(list))
      issues.emplace(id, IssueHere{std::move(list), std::move(*issue)});
  }
  return issues;
}

void check_beads(std::string_view text) {
  const BeadsFile file = read_beads_jsonl(text);
  const auto nothing = [](const IssueId&) -> const IssueHere* { return nullptr; };
  const BeadsEvents first = events_of_beads(file.issues, nothing);
  const auto issues = projected(first.events);
  require(issues.size() == first.created);
  const auto here = [&issues](const IssueId& id) -> const IssueHere* {
    const auto found = issues.find(id);
    return found == issues.end() ? nullptr : &found->second;
  };
  require(events_of_beads(file.issues, here).events.empty());
}

void check_agents_md(std::string_view text) {
  const auto once = with_issues_section(text);
  if (!once) return;
  const auto twice = with_issues_section(once->text);
  require(twice && twice->action == AgentsMdAction::unchanged && twice->text == once->text);
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const std::string_view text(reinterpret_cast<const char*>(data), size);
  check_export(text);
  check_beads(text);
  check_agents_md(text);
  return 0;
}
