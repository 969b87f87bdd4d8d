#include "packs/issues/engine/agents_md.hpp"

#include <array>
#include <utility>

namespace hearth::packs::issues {
namespace {

constexpr std::string_view begin_mark = "<!-- hearth:issues:begin -->";
constexpr std::string_view end_mark = "<!-- hearth:issues:end -->";

constexpr std::string_view section = R"(<!-- hearth:issues:begin -->
## Issues (hearth)

The tasks of this repository, and what was learned about it, live in its issues, within git. Use the
`issues_*` tools of the MCP server `hearth`, or the same verbs on the command line: `hearth issues VERB
--json`; `hearth issues --help` lists them all. An id is any unique prefix of 4 digits or more.

- At the start: `hearth issues sync`, then `hearth issues ready` for what can be worked on, most urgent first.
- Before working on one: `hearth issues claim ID`, so that nobody else takes it; `hearth issues show ID` for all
  that is known of it.
- Meanwhile: `hearth issues comment ID --body TEXT` for plans, findings and decisions.
- New work: `hearth issues create --title TEXT --body TEXT`, repeated `--label`; what has to wait for it or comes
  before it: `hearth issues dep-add`.
- At the end: `hearth issues close ID`, then `hearth issues sync`.
- Where something is: `hearth issues context-query NAME` finds functions and types by name; `hearth issues search
  TEXT` finds issues.
<!-- hearth:issues:end -->)";

std::string with_line_ends_of(std::string_view file, std::string_view text) {
  const std::string_view first = file.substr(0, file.find('\n'));
  const bool has_returns = first.ends_with('\r');
  if (!has_returns) return std::string(text);
  std::string converted;
  for (const char c : text) converted.append(c == '\n' ? "\r\n" : std::string_view(&c, 1));
  return converted;
}

}  // namespace

std::string_view name_of(AgentsMdAction action) {
  static constexpr std::array<std::string_view, 3> names{"created", "updated", "unchanged"};
  return names[static_cast<std::size_t>(std::to_underlying(action))];
}

Result<AgentsMd> with_issues_section(std::string_view text) {
  const std::string ours = with_line_ends_of(text, section);
  const std::size_t begin = text.find(begin_mark);
  const std::size_t end = text.find(end_mark, begin == std::string_view::npos ? 0 : begin);
  if ((begin == std::string_view::npos) != (end == std::string_view::npos)) {
    return fail(Errc::conflict,
                "AGENTS.md has one of the marks of hearth's section but not the other",
                {"remove what is left of the section, then run init again"});
  }
  if (begin == std::string_view::npos) {
    std::string whole(text);
    const std::string newline = with_line_ends_of(text, "\n");
    if (!whole.empty() && !whole.ends_with('\n')) whole += newline;
    if (!whole.empty()) whole += newline;
    return AgentsMd{whole + ours + newline,
                    text.empty() ? AgentsMdAction::created : AgentsMdAction::updated};
  }
  const std::string_view there = text.substr(begin, end + end_mark.size() - begin);
  if (there == ours) return AgentsMd{std::string(text), AgentsMdAction::unchanged};
  return AgentsMd{std::string(text).replace(begin, there.size(), ours), AgentsMdAction::updated};
}

}  // namespace hearth::packs::issues
