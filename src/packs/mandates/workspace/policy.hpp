// Which file actions a mandate may take by itself, which wait for a person, and which never happen.
#pragma once

#include <cstdint>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.hpp"

namespace hearth::packs::mandates::workspace {

enum class Scope : std::uint8_t { automatic, ask, deny };  // the later, the stricter
enum class Action : std::uint8_t { read, create, edit, remove, move };

struct PathRule {
  std::string glob;             // over the path in the workspace: "docs/**", "**/*.md"
  std::vector<Action> actions;  // empty: all
  Scope scope = Scope::ask;
};

struct Judgement {
  Scope scope = Scope::ask;
  std::string reason;  // for people: which rule, or what is protected
};

class Policy final {
 public:
  // The last rule that fits decides; `fallback` where none does (reading is automatic then, unless
  // it says deny). `own` are hearth's directories, absolute: denied whatever the rules say.
  explicit Policy(std::vector<PathRule> rules = {},
                  Scope fallback = Scope::ask,
                  std::vector<std::string> own = {});

  // `path` is normal, below `workspace`. What is protected, by any name of the whole path, is never
  // changed automatically: rules can only be stricter.
  [[nodiscard]] Judgement judge(Action action,
                                std::string_view path,
                                std::string_view workspace) const;

 private:
  std::vector<PathRule> rules_;
  Scope fallback_;
  std::vector<std::string> own_;
};

// Why a change of this path could make somebody's machine run code: version control and its hooks,
// continuous integration, start-up files of shells, editors and agents, credentials. Empty: it
// could not. Names count at any depth, in either case.
[[nodiscard]] std::string_view protection_of(std::string_view path);

}  // namespace hearth::packs::mandates::workspace
