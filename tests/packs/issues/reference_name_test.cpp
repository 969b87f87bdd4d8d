#include "packs/issues/engine/git/reference_name.hpp"

#include <gtest/gtest.h>

#include <string>

namespace hearth::packs::issues {
namespace {

TEST(ReferenceName, ThoseOfIssuesAreTaken) {
  for (const char* name : {"refs/grite/wal", "refs/grite/snapshots/1795950000000",
                           "refs/grite/locks/00ff00ff00ff00ff", "refs/hearth/keys/0a"}) {
    EXPECT_TRUE(is_issue_reference(name)) << name;
  }
}

TEST(ReferenceName, OthersAndThoseThatWouldBeSomethingElseAreNot) {
  for (const char* name : {"",
                           "refs/heads/main",
                           "refs/heads/evil/refs/grite/a",
                           "refs/gritelocks/a",
                           "refs/grite/",
                           "+refs/heads/evil/refs/grite/a:refs/heads/main",
                           "--upload-pack=sh/refs/grite/x",
                           "refs/grite/a:refs/heads/main",
                           "refs/grite/../heads/main",
                           "refs/grite/a//b",
                           "refs/grite/.a",
                           "refs/grite/a.lock",
                           "refs/grite/a.lock/b",
                           "refs/grite/a.",
                           "refs/grite/a..b",
                           "refs/grite/wal^{}",
                           "refs/grite/a@{1}",
                           "refs/grite/a b",
                           "refs/grite/a\n",
                           "refs/grite/a*",
                           "refs/grite/a?",
                           "refs/grite/[a",
                           "refs/grite/a\\b",
                           "refs/grite/a~1",
                           "refs/grite/\x7f"}) {
    EXPECT_FALSE(is_issue_reference(name)) << name;
  }
  EXPECT_FALSE(is_issue_reference("refs/grite/" + std::string(300, 'a')));
}

}  // namespace
}  // namespace hearth::packs::issues
