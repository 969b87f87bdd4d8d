#include "packs/mandates/workspace/workspace_check.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <filesystem>

#include "base/program_path.hpp"
#include "packs/mandates/workspace/protected_entries.hpp"
#include "packs/mandates/workspace/repositories.hpp"
#include "support/process.hpp"
#include "support/scratch_directory.hpp"

namespace hearth::packs::mandates::workspace {
namespace {

using testing::Contains;
using testing::HasSubstr;
using testing::Key;

class WorkspaceCheckTest : public testing::Test {
 protected:
  std::string made(const std::string& name) {
    std::filesystem::create_directories(scratch_ / name);
    return scratch_ / name;
  }
  // Why not; empty: it may be one.
  std::string refusal(const std::string& path) {
    const auto checked = check_workspace(path, own_);
    if (!checked) EXPECT_EQ(checked.error().code, Errc::permission);
    return checked ? "" : checked.error().message;
  }

  test::ScratchDirectory scratch_{"workspace_check"};
  std::vector<std::string> own_;
};

TEST_F(WorkspaceCheckTest, AttackWhatLiesAtOrInWhatIsProtected) {
  for (const char* const name :
       {"r/.git", "r/.git/hooks", "r/.git/modules/sub", "r/.GIT/x", "r/.github/workflows",
        "r/.husky", "r/.vscode", "r/.claude/worktrees/x", ".ssh", ".config/git", ".config/nvim"})
    EXPECT_THAT(refusal(made(name)), HasSubstr("it lies in what is protected")) << name;
  for (const char* const name : {"r", "r/docs", "r/.github", ".config/foo", ".worktrees/r", "git"})
    EXPECT_EQ(refusal(made(name)), "") << name;
}

TEST_F(WorkspaceCheckTest, AttackWhatLiesInARepositoryWithoutADotGit) {
  made("bare.d/refs");
  made("bare.d/objects");
  EXPECT_EQ(refusal(made("bare.d/hooks")), "") << "it is none yet";
  const auto root = Root::open(scratch_ / "bare.d/hooks");
  ASSERT_TRUE(root);
  EXPECT_EQ(protection_after(*root, {"x"}, "x"), "");
  test::write_file(scratch_ / "bare.d/HEAD", "x");
  for (const char* const name : {"bare.d", "bare.d/hooks", "bare.d/worktrees/x/y"})
    EXPECT_THAT(refusal(made(name)), HasSubstr("bare.d is a repository of git")) << name;
  EXPECT_NE(protection_after(*root, {"x"}, "x"), "") << "nor is anything there automatic";
  EXPECT_EQ(refusal(scratch_.path()), "") << "it only holds one";
}

TEST_F(WorkspaceCheckTest, AttackWhatHoldsHearthItself) {
  const std::string why = "hearth keeps its own files there";
  // Not there yet: whoever makes it first decides what it is.
  own_ = {scratch_ / "home/.config/hearth", scratch_ / "home/.local/share/hearth"};
  for (const char* const name : {"home", "home/.config", "home/.local", "home/.local/share"})
    EXPECT_THAT(refusal(made(name)), HasSubstr(why)) << name;
  for (const char* const name : {"home/work", "home/.config/hearth2"})
    EXPECT_EQ(refusal(made(name)), "") << name;
  EXPECT_THAT(refusal(made("home/.local/share/hearth/default")), HasSubstr(why));
  // By way of a link, both where it lies and where it leads.
  made("dotfiles/hearth");
  made("linked");
  std::filesystem::create_directory_symlink(scratch_ / "dotfiles/hearth",
                                            scratch_ / "linked/hearth");
  own_ = {scratch_ / "linked/hearth"};
  EXPECT_THAT(refusal(scratch_ / "linked"), HasSubstr(why));
  EXPECT_THAT(refusal(scratch_ / "dotfiles"), HasSubstr(why));
  const auto programs = std::filesystem::path(program_path()).parent_path();
  EXPECT_THAT(refusal(programs), HasSubstr("own programs"));
  EXPECT_THAT(refusal(programs.parent_path()), HasSubstr("own programs"));
}

// The second wall, of commands that write.
TEST_F(WorkspaceCheckTest, AttackProtectedEntriesByTheirWholePath) {
  made("r/.github/workflows");
  const auto part = Root::open(scratch_ / "r/.github");
  ASSERT_TRUE(part);
  const auto entries = protected_entries(*part, false, {});
  ASSERT_TRUE(entries);
  EXPECT_THAT(*entries, Contains(Key("workflows")));
  const auto hooks = Root::open(made("r/.git/hooks"));
  ASSERT_TRUE(hooks);
  EXPECT_EQ(protected_entries(*hooks, false, {}).error().code, Errc::permission);
}

}  // namespace
}  // namespace hearth::packs::mandates::workspace
