#include "packs/mandates/workspace/command_rule.hpp"

#include <gtest/gtest.h>

namespace hearth::packs::mandates::workspace {
namespace {

using Words = std::vector<std::string>;

CommandRules rules(const Words& lines) {
  return CommandRules::parse(lines).value();
}

TEST(CommandRules, AllowWhatTheyNameAndNothingElse) {
  const CommandRules given =
      rules({"make test", "git log --oneline *", "pytest -q ...", "prog --level=* x/*"});
  for (const Words& allowed :
       {Words{"make", "test"}, Words{"git", "log", "--oneline", "main"}, Words{"pytest", "-q"},
        Words{"pytest", "-q", "a", "b/c"}, Words{"prog", "--level=3", "x/y/z"}})
    EXPECT_TRUE(given.check(allowed)) << allowed[0];
  for (const Words& refused :
       {Words{}, Words{""}, Words{"make"}, Words{"make", "install"}, Words{"make", "test", "x"},
        Words{"/usr/bin/make", "test"}, Words{"git", "log", "main"}, Words{"rm", "-rf", "/"},
        Words{"pytest", "-q", "-p", "evil"}, Words{"pytest", "-q", "--rootdir=/"},
        Words{"git", "log", "--oneline", "--output=/etc/x"}})
    EXPECT_FALSE(given.check(refused));
  EXPECT_EQ(given.check(Words{"rm"}).error().code, Errc::permission);
}

TEST(CommandRules, SayWhichWordIsNotAllowed) {
  const CommandRules given = rules({"make test", "gh release create * --title=*", "pytest ..."});
  const auto why = [&](const Words& words) { return given.check(words).error().message; };
  const std::string denied = "the mandate does not allow ";
  EXPECT_EQ(why({"rm", "-rf"}), denied + "this command: rm");
  EXPECT_EQ(why({"make", "install"}), denied + "\"install\", word 2 of the command make");
  EXPECT_EQ(why({"make", "test", "x"}), denied + "\"x\", word 3 of the command make");
  EXPECT_EQ(why({"gh", "release", "create", "v1"}), denied + "gh without further words");
  const std::string option = ": an option has to fit a word of the rule that begins with a hyphen";
  EXPECT_EQ(why({"pytest", "a", "-q"}), denied + "\"-q\", word 3 of the command pytest" + option);
  EXPECT_TRUE(given.check(Words{"gh", "release", "create", "v1", "--title=The first"}));
}

// What forbids or asks is not passed by with options.
TEST(CommandRules, ConcernCommandsWithOptionsAnywhere) {
  const CommandRules given = rules({"git push ...", "make test", "ls -l *"});
  for (const Words& concerned :
       {Words{"git", "push"}, Words{"git", "push", "--force", "origin"},
        Words{"git", "-C", ".", "--no-pager", "push"}, Words{"make", "-j", "2", "test", "-k"},
        Words{"make", "-k", "test"}, Words{"ls", "-a", "-l", "x"}})
    EXPECT_TRUE(given.concern(concerned)) << concerned[1];
  for (const Words& other :
       {Words{}, Words{"git"}, Words{"git", "log", "push"}, Words{"-v", "git"},
        Words{"make", "test", "install"}, Words{"ls", "x"}, Words{"git", "pull", "--push"}})
    EXPECT_FALSE(given.concern(other));
}

TEST(CommandRules, RefuseLinesThatAreNone) {
  for (const char* const line : {"", "   ", "...", "* x", "g* log"})
    EXPECT_FALSE(CommandRules::parse(Words{line})) << line;
}

TEST(CommandRules, AttackArgumentInjection) {
  // Rules that name every option: what git must not be told is refused all the same.
  const CommandRules careless = rules({"git * -* *", "git * -*", "git -* * *", "git -* * * *",
                                       "git * * -*", "git * -* ...", "git * *"});
  for (const Words& attack : {Words{"git", "diff", "--output=/etc/passwd"},
                              Words{"git", "diff", "--outp=x"},
                              Words{"git", "diff", "--no-index", "/etc/passwd"},
                              Words{"git", "diff", "--no-i", "x"},
                              Words{"git", "format-patch", "-o", "/etc"},
                              Words{"git", "format-patch", "-o/etc"},
                              Words{"git", "archive", "-o", "/etc/x"},
                              Words{"git", "fetch", "--upload-pack=touch x"},
                              Words{"git", "fetch", "--upload-p", "x"},
                              Words{"git", "clone", "-u", "x"},
                              Words{"git", "ls-remote", "--exec=x"},
                              Words{"git", "-c", "core.pager=x", "log"},
                              Words{"git", "-ccore.fsmonitor=x", "status", "x"},
                              Words{"git", "--exec-path=/tmp", "log", "x"},
                              Words{"git", "--git-dir=/tmp/x", "log", "x"},
                              Words{"git", "-C", "/", "log"},
                              Words{"git", "-p", "log", "x"},
                              Words{"git", "config", "core.fsmonitor"},
                              Words{"git", "rebase", "-x", "x"},
                              Words{"git", "rebase", "--exec=x"},
                              Words{"git", "grep", "-Ox"},
                              Words{"git", "grep", "--open-files-in-pager=x"},
                              Words{"git", "log", "--ext-diff"},
                              Words{"git", "show", "--textconv"},
                              Words{"git", "fetch", "ext::sh -c x"},
                              Words{"git", "submodule", "foreach"},
                              Words{"git", "bisect", "run"},
                              Words{"git", "commit", "-Skey"},
                              Words{"git", "zz"},
                              Words{"git", "lfs", "x"},
                              Words{"git", "difftool", "x"},
                              Words{"git", "diff", "--submodule=diff"},
                              Words{"git", "status", "--ignore-submodules=none"},
                              Words{"git", "fetch", "--recurse-submodules"},
                              Words{"git", "init", "--template=/tmp"}})
    EXPECT_FALSE(careless.check(attack)) << attack[1] << " " << attack.back();
  for (const Words& fine :
       {Words{"git", "diff", "--stat"}, Words{"git", "log", "-3"}, Words{"git", "diff", "--color"},
        Words{"git", "switch", "-c", "branch"}, Words{"git", "ls-files", "-o"},
        Words{"git", "grep", "-o", "x"}, Words{"git", "log", "main"}})
    EXPECT_TRUE(careless.check(fine)) << careless.check(fine).error().message;
  for (const Words& bundled :
       {Words{"git", "rebase", "-qx", "id", "HEAD~1"}, Words{"git", "rebase", "-qxid", "HEAD~1"},
        Words{"git", "grep", "-nOid", "e"}, Words{"git", "archive", "-vo/etc/x", "HEAD"}})
    EXPECT_NE(refusal_of_git(bundled), "") << bundled[2];
  EXPECT_EQ(refusal_of_git(Words{"git", "commit", "-am", "Say so: x, O and S"}), "");
  EXPECT_EQ(refusal_of_git(Words{"git", "diff", "--", "--output=x"}), "") << "a path";
  EXPECT_EQ(refusal_of_git(Words{"git", "--no-pager", "log", "--exclude=x"}), "");
}

}  // namespace
}  // namespace hearth::packs::mandates::workspace
