// Which commands a mandate may run at all, by program and arguments.
//
// A rule is a line of words: "git log --oneline *", "make test", "pytest -q ...". Each word is a
// pattern for one argument; "..." at the end stands for any number of further ones. A wildcard
// never takes an option: what begins with a hyphen is allowed only by a word that does, too. On top
// of the rules, options by which git writes elsewhere, runs programs or reads other configuration
// are refused, whatever a rule says. The sandbox holds without these checks; they keep a mandate to
// what it is for.
#pragma once

#include <cstddef>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.hpp"

namespace hearth::packs::mandates::workspace {

class CommandRules final {
 public:
  // `invalid_args` for a line that is no rule.
  [[nodiscard]] static Result<CommandRules> parse(std::span<const std::string> lines);
  // `permission` says which word is not allowed.
  [[nodiscard]] Result<void> check(std::span<const std::string> words) const;
  // Whether one of them is meant for these words, where rules forbid or ask: options, each with a
  // word behind it that may be its value, change nothing of that wherever they stand.
  [[nodiscard]] bool concern(std::span<const std::string> words) const;

 private:
  struct Rule {
    std::vector<std::string> words;
    bool is_open = false;  // ends with "..."
  };
  // How many words, from the first on, it takes.
  [[nodiscard]] static std::size_t fitting(const Rule& rule, std::span<const std::string> words);
  [[nodiscard]] static bool fits(const Rule& rule, std::span<const std::string> words);
  [[nodiscard]] static bool concerns(const Rule& rule, std::span<const std::string> words);
  // Why none fits.
  [[nodiscard]] std::string denial_of(std::span<const std::string> words) const;
  std::vector<Rule> rules_;
};

// Why git is not to be run with these arguments (the first is "git" itself); empty: nothing is
// wrong with them.
[[nodiscard]] std::string refusal_of_git(std::span<const std::string> words);

}  // namespace hearth::packs::mandates::workspace
