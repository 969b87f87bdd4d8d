#include "packs/knowledge/query_cache.hpp"

#include <gtest/gtest.h>

namespace hearth::packs::knowledge {
namespace {

TEST(QueryCache, KeepsTheLastUsed) {
  QueryCache cache(3 * (200 + 1 + 4 * 4));
  for (const char* text : {"a", "b", "c"}) cache.put(text, std::vector<float>(4, 1));
  EXPECT_EQ(cache.size(), 3U);
  ASSERT_NE(cache.find("a"), nullptr);
  cache.put("d", std::vector<float>(4, 2));
  EXPECT_EQ(cache.size(), 3U);
  EXPECT_EQ(cache.find("b"), nullptr);
  ASSERT_NE(cache.find("a"), nullptr);
  EXPECT_EQ(cache.find("d")->front(), 2);
  cache.put("d", std::vector<float>(4, 3));
  EXPECT_EQ(cache.find("d")->front(), 2) << "equal texts have equal vectors";
  cache.put("large", std::vector<float>(4000, 1));
  EXPECT_EQ(cache.size(), 0U);
}

}  // namespace
}  // namespace hearth::packs::knowledge
