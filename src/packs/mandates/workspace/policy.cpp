#include "packs/mandates/workspace/policy.hpp"

#include <algorithm>
#include <array>
#include <utility>

#include "base/ascii.hpp"
#include "base/confined_path.hpp"
#include "packs/mandates/workspace/glob.hpp"

namespace hearth::packs::mandates::workspace {
namespace {

// One or two names in a row, each a pattern; they and what is below them.
struct Protected {
  std::string_view names;
  std::string_view why;
};

constexpr std::string_view control = "version control";
constexpr std::string_view hook = "hooks";
constexpr std::string_view integration = "continuous integration";
constexpr std::string_view shell = "a shell's start-up file";
constexpr std::string_view editor = "an editor's start-up file";
constexpr std::string_view debugger = "a debugger's or interpreter's start-up file";
constexpr std::string_view agent = "an agent's or hearth's own settings";
constexpr std::string_view credential = "credentials, or where they are sent";

constexpr std::array table{
    Protected{".git", control}, Protected{".hg", control}, Protected{".svn", control},
    Protected{".jj", control}, Protected{".gitattributes", control},
    Protected{".gitmodules", control}, Protected{".gitconfig", control},
    Protected{".config/git", control},
    // A bare repository lies open in a directory; git takes one for its own when it stands in it.
    Protected{"hooks/*-commit*", hook}, Protected{"hooks/*-receive*", hook},
    Protected{"hooks/*-checkout", hook}, Protected{"hooks/*-merge", hook},
    Protected{"hooks/*-push", hook}, Protected{"hooks/commit-msg", hook},
    Protected{"hooks/fsmonitor*", hook}, Protected{"hooks/update", hook},
    Protected{"hooks/*-update", hook}, Protected{"hooks/*applypatch*", hook},
    Protected{"hooks/*-rebase", hook}, Protected{"hooks/*-rewrite", hook},
    Protected{"hooks/reference-transaction", hook}, Protected{"hooks/pre-auto-gc", hook},
    Protected{"hooks/sendemail-validate", hook}, Protected{"hooks/*-index-change", hook},
    Protected{".githooks", hook}, Protected{".husky", hook},
    Protected{".pre-commit-config.yaml", hook}, Protected{"lefthook*.*ml", hook},
    Protected{"lefthook*.json", hook}, Protected{".lefthook*", hook},
    Protected{".github/workflows", integration}, Protected{".github/actions", integration},
    Protected{".github/dependabot.y*ml", integration}, Protected{".cirrus.*", integration},
    Protected{".semaphore", integration}, Protected{".teamcity", integration},
    Protected{".build.y*ml", integration}, Protected{".builds", integration},
    Protected{"cloudbuild.*", integration}, Protected{".gitlab-ci.y*ml", integration},
    Protected{".gitlab", integration}, Protected{".circleci", integration},
    Protected{".travis.y*ml", integration}, Protected{".drone.y*ml", integration},
    Protected{"azure-pipelines*.y*ml", integration}, Protected{"jenkinsfile*", integration},
    Protected{".buildkite", integration}, Protected{".woodpecker*", integration},
    Protected{"bitbucket-pipelines.y*ml", integration}, Protected{".forgejo", integration},
    Protected{".gitea", integration}, Protected{".ci", integration},
    Protected{"appveyor.y*ml", integration}, Protected{".appveyor.y*ml", integration},
    Protected{".bashrc", shell}, Protected{".bash_*", shell}, Protected{".profile", shell},
    Protected{".zshrc", shell}, Protected{".zshenv", shell}, Protected{".zprofile", shell},
    Protected{".zlog*", shell}, Protected{".kshrc", shell}, Protected{".cshrc", shell},
    Protected{".tcshrc", shell}, Protected{".login", shell}, Protected{".logout", shell},
    Protected{".inputrc", shell}, Protected{".rvmrc", shell}, Protected{".autoenv*", shell},
    Protected{".tmux.conf", shell}, Protected{".config/tmux", shell},
    Protected{".local/bin", shell}, Protected{".config/environment.d", shell},
    Protected{".envrc", shell}, Protected{".direnv", shell}, Protected{".mise*.toml", shell},
    Protected{".mise", shell}, Protected{".config/mise", shell}, Protected{".bashrc.d", shell},
    Protected{"mise*.toml", shell}, Protected{".config/fish", shell},
    Protected{".config/systemd", shell}, Protected{".config/autostart", shell},
    Protected{".pam_environment", shell}, Protected{".xinitrc", shell},
    Protected{".xprofile", shell}, Protected{".vscode", editor},
    Protected{"*.code-workspace", editor}, Protected{".idea", editor}, Protected{".vim", editor},
    Protected{".vimrc", editor}, Protected{"_vimrc", editor}, Protected{".gvimrc", editor},
    Protected{".exrc", editor}, Protected{".nvimrc", editor}, Protected{".nvim.lua", editor},
    Protected{".nvim", editor}, Protected{".lvimrc", editor}, Protected{".gdbinit", debugger},
    Protected{".lldbinit", debugger}, Protected{".pdbrc", debugger}, Protected{".irbrc", debugger},
    Protected{".rprofile", debugger}, Protected{".config/nvim", editor},
    Protected{".emacs*", editor}, Protected{".dir-locals*.el", editor}, Protected{".zed", editor},
    Protected{".fleet", editor}, Protected{".devcontainer", editor},
    Protected{".devcontainer.json", editor}, Protected{".sublime*", editor},
    Protected{"*.sublime-project", editor}, Protected{".mcp.json", agent},
    Protected{".claude", agent}, Protected{".cursor", agent}, Protected{".codex", agent},
    Protected{".gemini", agent}, Protected{"agents.md", agent}, Protected{"claude*.md", agent},
    Protected{"gemini.md", agent}, Protected{".github/copilot-instructions.md", agent},
    Protected{".cursorrules", agent}, Protected{".clinerules*", agent},
    Protected{"opencode.json*", agent}, Protected{".opencode", agent}, Protected{".roo*", agent},
    Protected{".kiro", agent}, Protected{".amazonq", agent}, Protected{".continue*", agent},
    Protected{".windsurf*", agent}, Protected{".aider*", agent}, Protected{".hearth*", agent},
    Protected{".ssh", credential}, Protected{".gnupg", credential}, Protected{".netrc", credential},
    Protected{".npmrc", credential}, Protected{".yarnrc*", credential},
    Protected{".pypirc", credential}, Protected{"pip.conf", credential},
    Protected{".mvn", debugger}, Protected{".pnpmfile.cjs", debugger},
    Protected{".cargo/config*", credential}, Protected{".docker", credential},
    Protected{".aws", credential}, Protected{".kube", credential}};

std::vector<std::string_view> names_of(std::string_view path) {
  std::vector<std::string_view> names;
  while (!path.empty()) {
    const auto end = std::min(path.find('/'), path.size());
    names.push_back(path.substr(0, end));
    path.remove_prefix(std::min(end + 1, path.size()));
  }
  return names;
}

// Asked of every file of a workspace: most patterns are seen not to fit without reading them as
// such.
bool fits(std::string_view pattern, std::string_view text) {
  const auto star = pattern.find('*');
  if (star == std::string_view::npos) return pattern == text;
  return text.starts_with(pattern.substr(0, star)) && matches_glob(pattern, text);
}

}  // namespace

std::string_view protection_of(std::string_view path) {
  const std::string lowered = ascii_lower(path);
  const auto names = names_of(lowered);
  for (std::size_t i = 0; i < names.size(); ++i) {
    const std::string two =
        i + 1 < names.size() ? std::string(names[i]) + "/" + std::string(names[i + 1]) : "";
    for (const Protected& each : table) {
      const bool is_pair = each.names.find('/') != std::string_view::npos;
      if (fits(each.names, is_pair ? std::string_view(two) : names[i])) return each.why;
    }
  }
  return {};
}

Policy::Policy(std::vector<PathRule> rules, Scope fallback, std::vector<std::string> own)
    : rules_(std::move(rules)), fallback_(fallback), own_(std::move(own)) {}

Judgement Policy::judge(Action action, std::string_view path, std::string_view workspace) const {
  const std::string whole = std::string(workspace) + "/" + std::string(path);
  for (const std::string& each : own_) {
    if (is_within(whole, each)) return {.scope = Scope::deny, .reason = "it is hearth's own state"};
  }
  Judgement judged{.scope = fallback_, .reason = "no rule fits"};
  if (action == Action::read && fallback_ != Scope::deny) judged.scope = Scope::automatic;
  for (const PathRule& rule : rules_) {
    const bool is_meant =
        rule.actions.empty() || std::ranges::find(rule.actions, action) != rule.actions.end();
    if (is_meant && matches_glob(rule.glob, path))
      judged = {.scope = rule.scope, .reason = "the rule for " + rule.glob};
  }
  const std::string_view protection = protection_of(whole);
  if (!protection.empty() && action != Action::read && judged.scope == Scope::automatic)
    judged = {.scope = Scope::ask, .reason = "it is protected: " + std::string(protection)};
  return judged;
}

}  // namespace hearth::packs::mandates::workspace
