#include "packs/mandates/workspace/policy.hpp"

#include <gtest/gtest.h>

namespace hearth::packs::mandates::workspace {
namespace {

TEST(Policy, TheLastRuleThatFitsDecides) {
  const Policy policy({{.glob = "**", .scope = Scope::automatic},
                       {.glob = "src/**", .actions = {Action::remove}, .scope = Scope::deny},
                       {.glob = "src/gen/**", .scope = Scope::ask}});
  EXPECT_EQ(policy.judge(Action::edit, "README.md", "/w").scope, Scope::automatic);
  EXPECT_EQ(policy.judge(Action::edit, "src/a.cpp", "/w").scope, Scope::automatic);
  EXPECT_EQ(policy.judge(Action::remove, "src/a.cpp", "/w").scope, Scope::deny);
  EXPECT_EQ(policy.judge(Action::remove, "src/gen/a.cpp", "/w").scope, Scope::ask);
}

TEST(Policy, AsksWhereNoRuleFits) {
  EXPECT_EQ(Policy().judge(Action::edit, "a", "/w").scope, Scope::ask);
  EXPECT_EQ(Policy().judge(Action::read, "a", "/w").scope, Scope::automatic);
  EXPECT_EQ(Policy({}, Scope::deny).judge(Action::read, "a", "/w").scope, Scope::deny);
}

TEST(Policy, AttackHookAndCiEdits) {
  const Policy policy({{.glob = "**", .scope = Scope::automatic}});
  for (const char* const path : {".git/config",
                                 ".git/hooks/pre-commit",
                                 ".GIT/config",
                                 "sub/.git",
                                 "sub/.git/config",
                                 ".gitattributes",
                                 ".githooks/pre-push",
                                 ".husky/pre-commit",
                                 "hooks/post-receive",
                                 ".github/workflows/ci.yml",
                                 ".gitlab-ci.yml",
                                 ".ci/run",
                                 "Jenkinsfile",
                                 ".bashrc",
                                 "home/.zshenv",
                                 ".envrc",
                                 ".vscode/tasks.json",
                                 ".VSCode/settings.json",
                                 "x.code-workspace",
                                 ".vimrc",
                                 ".emacs.d/init.el",
                                 ".mcp.json",
                                 ".claude/settings.json",
                                 ".hearth.toml",
                                 ".hearth-stage-1/0",
                                 ".ssh/authorized_keys",
                                 ".npmrc",
                                 ".cargo/config.toml",
                                 ".devcontainer.json",
                                 ".mise/config.toml",
                                 ".config/mise/config.toml",
                                 "lefthook.toml",
                                 "lefthook-local.yml",
                                 ".cirrus.yml",
                                 ".semaphore/semaphore.yml",
                                 ".teamcity/settings.kts",
                                 ".build.yml",
                                 "cloudbuild.yaml",
                                 ".github/dependabot.yml",
                                 "opencode.json",
                                 ".roo/mcp.json",
                                 ".kiro/settings/mcp.json",
                                 ".continue/config.yaml",
                                 ".windsurf/rules",
                                 ".windsurfrules",
                                 "AGENTS.md",
                                 "sub/CLAUDE.md",
                                 ".rvmrc",
                                 ".autoenv.zsh",
                                 ".amazonq/rules/x.md",
                                 ".mvn/maven.config",
                                 ".pnpmfile.cjs",
                                 ".tmux.conf",
                                 ".local/bin/git",
                                 ".lvimrc",
                                 ".nvim/init.lua",
                                 ".gdbinit",
                                 ".Rprofile",
                                 ".bashrc.d/x",
                                 "hooks/update",
                                 "hooks/post-update",
                                 "hooks/applypatch-msg",
                                 "hooks/pre-applypatch",
                                 "hooks/pre-rebase",
                                 "hooks/post-rewrite",
                                 "hooks/reference-transaction",
                                 "hooks/pre-auto-gc",
                                 "hooks/sendemail-validate"}) {
    EXPECT_EQ(policy.judge(Action::edit, path, "/w").scope, Scope::ask) << path;
    EXPECT_FALSE(policy.judge(Action::edit, path, "/w").reason.empty());
    EXPECT_EQ(policy.judge(Action::read, path, "/w").scope, Scope::automatic) << path;
  }
  for (const char* const path :
       {"src/git.cpp", "github/workflows/x", ".gitignore", "profile", "hooks/useState.ts",
        "docs/vim.md", ".github/README.md", "cargo/config", "hooks/update.ts", "docs/agents.md.txt",
        "build.yml", "continue/a", "mise/x"})
    EXPECT_EQ(policy.judge(Action::edit, path, "/w").scope, Scope::automatic) << path;
  const Policy strict({{.glob = "**", .scope = Scope::deny}});
  EXPECT_EQ(strict.judge(Action::edit, ".git/config", "/w").scope, Scope::deny)
      << "rules may be stricter";
}

// Whatever part of a repository is the workspace.
TEST(Policy, AttackAWorkspaceWithinWhatIsProtected) {
  const Policy policy({{.glob = "**", .scope = Scope::automatic}});
  const auto scope = [&](const std::string& workspace, const std::string& path) {
    return policy.judge(Action::create, path, workspace).scope;
  };
  EXPECT_EQ(scope("/home/u/repo/.git/hooks", "post-checkout"), Scope::ask);
  EXPECT_EQ(scope("/home/u/repo/.github", "workflows/evil.yml"), Scope::ask);
  EXPECT_EQ(scope("/home/u/repo/.cargo", "config.toml"), Scope::ask);
  EXPECT_EQ(scope("/home/u/.config", "git/config"), Scope::ask);
  EXPECT_EQ(scope("/home/u/.ssh", "authorized_keys"), Scope::ask);
  EXPECT_EQ(scope("/home/u/repo/.github", "README.md"), Scope::automatic);
  EXPECT_EQ(scope("/home/u/.worktrees/repo", "README.md"), Scope::automatic);
}

TEST(Policy, DeniesWhatIsHearthsOwn) {
  const Policy policy({{.glob = "**", .scope = Scope::automatic}}, Scope::ask, {"/w/state"});
  EXPECT_EQ(policy.judge(Action::read, "state/ledger", "/w").scope, Scope::deny);
  EXPECT_EQ(policy.judge(Action::edit, "state", "/w").scope, Scope::deny);
  EXPECT_EQ(policy.judge(Action::edit, "state2/x", "/w").scope, Scope::automatic);
}

}  // namespace
}  // namespace hearth::packs::mandates::workspace
