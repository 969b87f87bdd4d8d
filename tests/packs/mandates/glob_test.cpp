#include "packs/mandates/workspace/glob.hpp"

#include <gtest/gtest.h>

#include <string>

namespace hearth::packs::mandates::workspace {
namespace {

TEST(Glob, MatchesAsTheTableSays) {
  struct Case {
    const char* pattern;
    const char* text;
    bool fits;
  };
  for (const Case& each : {Case{"a", "a", true},
                           Case{"a", "ab", false},
                           Case{"", "", true},
                           Case{"*", "", true},
                           Case{"*", "a/b", false},
                           Case{"**", "a/b", true},
                           Case{"*.md", "x.md", true},
                           Case{"*.md", "d/x.md", false},
                           Case{"**/*.md", "x.md", true},
                           Case{"**/*.md", "d/e/x.md", true},
                           Case{"**/x", "ax", false},
                           Case{"docs/**", "docs/a/b", true},
                           Case{"docs/**", "docs", false},
                           Case{"a/**/b", "a/b", true},
                           Case{"a/**/b", "a/x/y/b", true},
                           Case{"a/**/b", "a/xb", false},
                           Case{"?", "/", false},
                           Case{"?", "x", true},
                           Case{"[a-c]x", "bx", true},
                           Case{"[!a-c]x", "bx", false},
                           Case{"[!a-c]x", "/x", false},
                           Case{"[]]", "]", true},
                           Case{"[", "[", true},
                           Case{"\\*", "*", true},
                           Case{"\\*", "a", false},
                           Case{"*a*b", "xaxxb", true},
                           Case{"*a*b", "xaxx", false},
                           Case{"A", "a", false}})
    EXPECT_EQ(matches_glob(each.pattern, each.text), each.fits) << each.pattern << " " << each.text;
}

TEST(Glob, TellsWhichDirectoriesItReaches) {
  struct Case {
    const char* pattern;
    const char* directory;
    bool reaches;
  };
  for (const Case& each :
       {Case{"*.md", "docs", false}, Case{"docs/*.md", "docs", true},
        Case{"docs/*.md", "docs/deep", false}, Case{"docs/**", "docs/deep", true},
        Case{"docs/**", "doc", false}, Case{"**/*.md", "any/where", true},
        Case{"src/*/test/x*", "src/a", true}, Case{"src/*/test/x*", "src/a/b", false},
        Case{"src/*/test/x*", "src/a/test", true}, Case{"docs", "docs", false},
        Case{"docs/", "docs", false}, Case{"[ab]/x*", "b", true}, Case{"[ab]/x*", "c", false}})
    EXPECT_EQ(matches_below(each.pattern, each.directory), each.reaches)
        << each.pattern << " " << each.directory;
}

TEST(Glob, TakesNoLongerForBadPatterns) {
  std::string pattern;
  for (int i = 0; i < 50; ++i) pattern += "*a";
  EXPECT_FALSE(matches_glob(pattern + "b", std::string(2'000, 'a')));
}

}  // namespace
}  // namespace hearth::packs::mandates::workspace
