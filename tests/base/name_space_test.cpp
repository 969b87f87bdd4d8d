#include "base/name_space.hpp"

#include <gtest/gtest.h>

#include <string>

namespace hearth {
namespace {

TEST(NameSpace, IsAPlainName) {
  for (const char* good : {"default", "a", "7", "_x", "Work-2026.q4", "a..b"})
    EXPECT_TRUE(is_namespace(good)) << good;
  EXPECT_TRUE(is_namespace(std::string(64, 'a')));
}

TEST(NameSpace, CannotLeadOutOfItsDirectoryNorLookLikeAnOption) {
  for (const char* bad : {"", ".", "..", ".hidden", "-x", "a/b", "a b", "a\n", "\xc3\xa9"})
    EXPECT_FALSE(is_namespace(bad)) << bad;
  EXPECT_FALSE(is_namespace(std::string(65, 'a')));
  EXPECT_FALSE(is_namespace(std::string_view("a\0b", 3)));
}

}  // namespace
}  // namespace hearth
