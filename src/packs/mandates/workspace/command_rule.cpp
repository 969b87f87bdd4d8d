#include "packs/mandates/workspace/command_rule.hpp"

#include <algorithm>
#include <array>
#include <utility>

#include "base/terminal_text.hpp"
#include "packs/mandates/workspace/glob.hpp"

namespace hearth::packs::mandates::workspace {
namespace {

// An empty list of commands: all of them.
struct RefusedOption {
  std::string_view name;
  std::string_view only_of;  // " clone init "
};

// Long ones also in any abbreviation that git takes, and with "=value"; short ones also with a
// value behind them.
constexpr std::array refused_options{
    RefusedOption{"--output", ""},
    RefusedOption{"--output-directory", ""},
    RefusedOption{"--no-index", ""},
    RefusedOption{"--upload-pack", ""},
    RefusedOption{"--receive-pack", ""},
    RefusedOption{"--exec", ""},
    RefusedOption{"--ext-diff", ""},
    RefusedOption{"--textconv", ""},
    RefusedOption{"--open-files-in-pager", ""},
    RefusedOption{"--template", ""},
    RefusedOption{"--config", ""},
    RefusedOption{"--config-env", ""},
    RefusedOption{"--exec-path", ""},
    RefusedOption{"--git-dir", ""},
    RefusedOption{"--work-tree", ""},
    RefusedOption{"--separate-git-dir", ""},
    RefusedOption{"--extcmd", ""},
    RefusedOption{"--tool", ""},
    RefusedOption{"--remote", " archive "},
    RefusedOption{"--interactive", " rebase "},
    RefusedOption{"--gpg-sign", ""},
    RefusedOption{"--show-signature", ""},
    RefusedOption{"--orderfile", ""},
    RefusedOption{"--ignore-submodules", ""},
    RefusedOption{"--submodule", ""},
    RefusedOption{"--recurse-submodules", ""},
    RefusedOption{"--recursive", " clone "},
    RefusedOption{"-o", " archive format-patch bundle pack-objects diff log show "},
    RefusedOption{"-O", ""},
    RefusedOption{"-x", " rebase difftool "},
    RefusedOption{"-u", " clone "},
    RefusedOption{"-c", " clone init "},
    RefusedOption{"-S", " commit merge rebase tag cherry-pick revert "},
    RefusedOption{"-i", " rebase "}};

// What git does itself. Any other word is an alias, a program of somebody's, or one of git's own
// commands that set what runs later, run what they are told, or speak to others.
constexpr std::array<std::string_view, 92> allowed_commands{"add",
                                                            "am",
                                                            "annotate",
                                                            "apply",
                                                            "archive",
                                                            "blame",
                                                            "branch",
                                                            "bundle",
                                                            "cat-file",
                                                            "check-attr",
                                                            "check-ignore",
                                                            "check-mailmap",
                                                            "check-ref-format",
                                                            "checkout",
                                                            "checkout-index",
                                                            "cherry",
                                                            "cherry-pick",
                                                            "clean",
                                                            "clone",
                                                            "commit",
                                                            "commit-tree",
                                                            "count-objects",
                                                            "describe",
                                                            "diff",
                                                            "diff-files",
                                                            "diff-index",
                                                            "diff-tree",
                                                            "fast-import",
                                                            "fetch",
                                                            "for-each-ref",
                                                            "format-patch",
                                                            "fsck",
                                                            "gc",
                                                            "grep",
                                                            "hash-object",
                                                            "init",
                                                            "interpret-trailers",
                                                            "log",
                                                            "ls-files",
                                                            "ls-remote",
                                                            "ls-tree",
                                                            "mailinfo",
                                                            "mailsplit",
                                                            "merge",
                                                            "merge-base",
                                                            "merge-file",
                                                            "merge-tree",
                                                            "mktag",
                                                            "mktree",
                                                            "mv",
                                                            "name-rev",
                                                            "notes",
                                                            "pack-objects",
                                                            "pack-refs",
                                                            "patch-id",
                                                            "prune",
                                                            "pull",
                                                            "push",
                                                            "range-diff",
                                                            "read-tree",
                                                            "rebase",
                                                            "reflog",
                                                            "remote",
                                                            "repack",
                                                            "reset",
                                                            "restore",
                                                            "rev-list",
                                                            "rev-parse",
                                                            "revert",
                                                            "rm",
                                                            "shortlog",
                                                            "show",
                                                            "show-branch",
                                                            "show-index",
                                                            "show-ref",
                                                            "sparse-checkout",
                                                            "stash",
                                                            "status",
                                                            "stripspace",
                                                            "switch",
                                                            "symbolic-ref",
                                                            "tag",
                                                            "update-index",
                                                            "update-ref",
                                                            "var",
                                                            "verify-commit",
                                                            "verify-pack",
                                                            "verify-tag",
                                                            "version",
                                                            "whatchanged",
                                                            "worktree",
                                                            "write-tree"};

constexpr std::array<std::string_view, 6> allowed_before{
    "--no-pager", "--no-optional-locks",  "--literal-pathspecs",
    "--version",  "--no-replace-objects", "-P"};

bool is_refused_option(const RefusedOption& option,
                       std::string_view argument,
                       std::string_view command) {
  const std::string padded = " " + std::string(command) + " ";
  if (!option.only_of.empty() && option.only_of.find(padded) == std::string_view::npos)
    return false;
  // Several letters may share one dash, and nobody can tell from outside where a value begins.
  if (!option.name.starts_with("--"))
    return !argument.starts_with("--") &&
           argument.find(option.name[1], 1) != std::string_view::npos;
  const std::string_view name = argument.substr(0, argument.find('='));
  return name.size() > 2 && option.name.starts_with(name);
}

}  // namespace

std::string refusal_of_git(std::span<const std::string> words) {
  std::size_t at = 1;
  while (at < words.size() && words[at].starts_with('-')) {
    if (std::ranges::find(allowed_before, words[at]) == allowed_before.end())
      return "git's own option " + words[at] + " may change what it runs";
    ++at;
  }
  if (at >= words.size()) return {};
  const std::string& command = words[at];
  if (std::ranges::find(allowed_commands, command) == allowed_commands.end())
    return "git " + command + " is not for mandates";
  for (++at; at < words.size(); ++at) {
    const std::string& argument = words[at];
    if (argument == "--") return {};
    if (!argument.starts_with('-')) {
      // "ext::command" and its kin run programs.
      if (argument.find("::") != std::string::npos && argument.find("::") < argument.find('/'))
        return argument + " names a transport that runs programs";
      continue;
    }
    for (const RefusedOption& option : refused_options) {
      if (is_refused_option(option, argument, command))
        return "git " + command + " " + argument +
               " may write elsewhere or run something else; the value of a short option is a word "
               "of "
               "its own";
    }
  }
  return {};
}

Result<CommandRules> CommandRules::parse(std::span<const std::string> lines) {
  CommandRules rules;
  for (const std::string& line : lines) {
    Rule rule;
    std::string_view rest = line;
    while (!rest.empty()) {
      const auto end = std::min(rest.find(' '), rest.size());
      if (end > 0) rule.words.emplace_back(rest.substr(0, end));
      rest.remove_prefix(std::min(end + 1, rest.size()));
    }
    if (!rule.words.empty() && rule.words.back() == "...") {
      rule.is_open = true;
      rule.words.pop_back();
    }
    if (rule.words.empty() || rule.words.front().find_first_of("*?[") != std::string::npos)
      return fail(Errc::invalid_args, "\"" + line + "\" is no rule for commands",
                  {"begin with a program's name: \"git log --oneline *\", \"pytest -q ...\""});
    rules.rules_.push_back(std::move(rule));
  }
  return rules;
}

// One argument is one name: no slash is special in it.
static bool matches_word(std::string_view pattern, std::string_view word) {
  std::string text(word);
  std::string flat(pattern);
  std::ranges::replace(text, '/', '\x01');
  std::ranges::replace(flat, '/', '\x01');
  return matches_glob(flat, text);
}

std::size_t CommandRules::fitting(const Rule& rule, std::span<const std::string> words) {
  const std::size_t most = rule.is_open ? words.size() : std::min(words.size(), rule.words.size());
  for (std::size_t i = 0; i < most; ++i) {
    const std::string_view pattern = i < rule.words.size() ? std::string_view(rule.words[i]) : "**";
    const bool takes_options = pattern.starts_with('-');
    if (words[i].starts_with('-') && !takes_options) return i;
    if (!matches_word(pattern, words[i])) return i;
  }
  return most;
}

bool CommandRules::fits(const Rule& rule, std::span<const std::string> words) {
  return words.size() >= rule.words.size() && fitting(rule, words) == words.size();
}

bool CommandRules::concerns(const Rule& rule, std::span<const std::string> words) {
  // By how many words: whether the rule's, as far as it was followed, may stand for the first so
  // many.
  std::vector<bool> reached(words.size() + 1);
  const auto pass_options = [&] {
    for (std::size_t i = 0; i < words.size(); ++i) {
      if (!reached[i] || !words[i].starts_with('-')) continue;
      reached[i + 1] = true;
      if (i + 2 <= words.size()) reached[i + 2] = true;
    }
  };
  reached[0] = true;
  for (const std::string& pattern : rule.words) {
    std::vector<bool> further(words.size() + 1);
    for (std::size_t i = 0; i < words.size(); ++i)
      further[i + 1] = reached[i] && matches_word(pattern, words[i]);
    reached = std::move(further);
    pass_options();
  }
  return rule.is_open ? std::ranges::find(reached, true) != reached.end() : reached[words.size()];
}

bool CommandRules::concern(std::span<const std::string> words) const {
  return std::ranges::any_of(rules_, [&](const Rule& rule) { return concerns(rule, words); });
}

// By the rule that goes furthest: whoever chose the words learns which of them to change.
std::string CommandRules::denial_of(std::span<const std::string> words) const {
  std::size_t good = 0;
  for (const Rule& rule : rules_) good = std::max(good, fitting(rule, words));
  const std::string& program = words.front();
  if (good == 0) return "the mandate does not allow this command: " + program;
  if (good == words.size())
    return "the mandate does not allow " + program + " without further words";
  constexpr std::size_t most_shown = 100;
  const std::string& word = words[good];
  const std::string shown = clip(printable(word, Lines::join), most_shown);
  const std::string denied = "the mandate does not allow \"" + shown + "\", word " +
                             std::to_string(good + 1) + " of the command " + program;
  if (!word.starts_with('-')) return denied;
  return denied + ": an option has to fit a word of the rule that begins with a hyphen";
}

Result<void> CommandRules::check(std::span<const std::string> words) const {
  const auto refuse = [](const std::string& why) {
    return fail(Errc::permission, why, {"use one of the commands that the mandate lists"});
  };
  if (words.empty() || words.front().empty())
    return fail(Errc::invalid_args, "no program is named");
  const bool fits_one =
      std::ranges::any_of(rules_, [&](const Rule& rule) { return fits(rule, words); });
  if (!fits_one) return refuse(denial_of(words));
  const std::string& program = words.front();
  if (program.substr(program.rfind('/') + 1) == "git") {
    if (const std::string why = refusal_of_git(words); !why.empty()) return refuse(why);
  }
  return {};
}

}  // namespace hearth::packs::mandates::workspace
