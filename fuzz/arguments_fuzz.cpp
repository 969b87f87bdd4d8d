// Commands and the patterns that allow them, one word a line, the first line a rule: what is
// allowed fits the rule word by word, no wildcard takes an option, and git is never told to run or
// write elsewhere. The same lines as paths and as a record of changes.
#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <string>
#include <string_view>
#include <vector>

#include "packs/mandates/sandbox/host_rule.hpp"
#include "packs/mandates/workspace/command_rule.hpp"
#include "packs/mandates/workspace/effect.hpp"
#include "packs/mandates/workspace/glob.hpp"
#include "packs/mandates/workspace/policy.hpp"

namespace {

using namespace hearth::packs::mandates;

void require(bool holds) {
  if (!holds) std::abort();
}

std::vector<std::string> lines_of(std::string_view text) {
  std::vector<std::string> lines;
  while (!text.empty()) {
    const auto end = std::min(text.find('\n'), text.size());
    lines.emplace_back(text.substr(0, end));
    text.remove_prefix(std::min(end + 1, text.size()));
  }
  return lines;
}

std::size_t words_of(std::string_view line) {
  std::size_t count = 0;
  for (std::size_t i = 0; i < line.size(); ++i)
    count += line[i] != ' ' && (i == 0 || line[i - 1] == ' ') ? 1 : 0;
  return count;
}

void check_command(std::vector<std::string> lines) {
  const std::string rule = lines.front();
  lines.erase(lines.begin());
  const auto rules = workspace::CommandRules::parse(std::vector{rule});
  if (!rules || !rules->check(lines)) return;
  const bool is_open = rule.ends_with("...");
  require(!lines.empty() && (is_open || lines.size() == words_of(rule)));
  if (rule.find('-') == std::string::npos) {
    for (const std::string& word : lines) require(!word.starts_with('-'));
  }
  if (lines.front() == "git" || lines.front().ends_with("/git"))
    require(workspace::refusal_of_git(lines).empty());
}

void check_path(const std::string& line) {
  const auto path = workspace::normal_path(line);
  if (!path) return;
  require(*workspace::normal_path(*path) == *path && !path->starts_with('/'));
  require(("/" + *path + "/").find("/../") == std::string::npos);
  const workspace::Policy open(
      {{.glob = "**", .actions = {}, .scope = workspace::Scope::automatic}});
  const bool is_protected = !workspace::protection_of(*path).empty();
  require((open.judge(workspace::Action::edit, *path, "/w").scope == workspace::Scope::automatic) !=
          is_protected);
  require(workspace::protection_of(*path + "/x").empty() <= !is_protected);
  require(is_protected || workspace::protection_of(".git/" + *path) == "version control");
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const std::string_view text(reinterpret_cast<const char*>(data), size);
  if (const auto record = workspace::ChangeRecord::parse(text)) require(record->to_bytes() == text);
  const auto lines = lines_of(text.substr(0, 2'000));
  if (lines.empty()) return 0;
  check_command(lines);
  for (const std::string& line : lines) {
    check_path(line);
    require(workspace::matches_glob("**", line));
    if (line.find_first_of("*?[\\") == std::string::npos)
      require(workspace::matches_glob(line, line));
    if (const auto rule = sandbox::HostRule::parse(line))
      require(rule->port != 0 && !rule->host.empty());
  }
  return 0;
}
