#include "mcp/catalog.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "json/json.hpp"
#include "support/echo_pack.hpp"

namespace hearth::mcp {
namespace {

using ::testing::Contains;
using ::testing::IsEmpty;

TEST(Catalog, ListsTheToolsOfAPackInTheirOrder) {
  Catalog catalog;
  EXPECT_EQ(*catalog.tools().page(""), R"({"tools":[]})");
  test::EchoPack pack;
  catalog.add(pack);
  const auto listing = json::parse(*catalog.tools().page(""));
  ASSERT_TRUE(listing.has_value());
  const json::Array& tools = listing->at("tools").as_array();
  ASSERT_EQ(tools.size(), catalog.entries().size());
  EXPECT_EQ(json::string_or(tools[0], "name", ""), "echo_say");
  EXPECT_EQ(json::string_or(tools[1], "name", ""), "echo_big");
  const json::Value& say = tools[0];
  EXPECT_EQ(json::string_or(say, "title", ""), "say");
  EXPECT_EQ(json::string_or(say.at("inputSchema"), "type", ""), "object");
  EXPECT_EQ(json::string_or(say.at("outputSchema"), "type", ""), "object");
  EXPECT_TRUE(json::bool_or(say.at("annotations"), "readOnlyHint", false));
  EXPECT_FALSE(json::bool_or(say.at("annotations"), "destructiveHint", true));
}

TEST(Catalog, FindsToolsAndSuggestsNearOnes) {
  Catalog catalog;
  test::EchoPack pack;
  catalog.add(pack);
  ASSERT_NE(catalog.find_tool("echo_say"), nullptr);
  EXPECT_EQ(catalog.find_tool("echo_say")->pack, "echo");
  EXPECT_EQ(catalog.find_tool("say"), nullptr);
  EXPECT_THAT(catalog.suggest("echo_sya"), Contains("echo_say"));
  EXPECT_THAT(catalog.suggest("completely different"), IsEmpty());
}

using CatalogDeathTest = ::testing::Test;

TEST_F(CatalogDeathTest, RefusesTwoToolsOfOneName) {
  GTEST_FLAG_SET(death_test_style, "threadsafe");
  Catalog catalog;
  test::EchoPack first;
  test::EchoPack second;
  catalog.add(first);
  EXPECT_DEATH(catalog.add(second), "two things are called echo_say");
}

}  // namespace
}  // namespace hearth::mcp
