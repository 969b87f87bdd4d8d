#include "mcp/catalog.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "json/json.hpp"
#include "support/ask_pack.hpp"
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

// One of each, with icons.
class IconPack final : public pack::Pack {
 public:
  std::string_view name() const override { return "icon"; }
  void declare(pack::Binder& binder) override {
    const std::vector<pack::Icon> icons{
        {"https://x.y/a.png", "image/png", {"48x48", "96x96"}, "dark"}, {"data:,b", "", {}, ""}};
    pack::ToolSpec tool{.verb = "tool", .title = "", .description = "", .icons = icons};
    tool.input_schema = R"({"type":"object"})";
    binder.add(std::move(tool), nullptr);
    binder.add(pack::ResourceSpec{"icon://a", "a", "", "", "", icons}, nullptr);
    binder.add(pack::TemplateSpec{"icon://{a}", "t", "", "", "", icons}, nullptr, nullptr);
    binder.add(pack::PromptSpec{"prompt", "", "", {}, icons}, nullptr, nullptr);
  }
  void start(pack::PackContext&) override {}
  void stop() override {}
  pack::PackStatus status() const override { return {}; }
};

TEST(Catalog, ListsIconsWhereThereAreSome) {
  Catalog catalog;
  IconPack pack;
  catalog.add(pack);
  for (const Listing* listing :
       {&catalog.tools(), &catalog.resources(), &catalog.templates(), &catalog.prompts()}) {
    EXPECT_THAT(std::string(*listing->page("")),
                ::testing::HasSubstr(
                    R"("icons":[{"src":"https://x.y/a.png","mimeType":"image/png","theme":"dark",)"
                    R"("sizes":["48x48","96x96"]},{"src":"data:,b"}])"));
  }
  Catalog plain;
  test::EchoPack none;
  plain.add(none);
  EXPECT_THAT(std::string(*plain.tools().page("")), ::testing::Not(::testing::HasSubstr("icons")));
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

std::vector<std::string> walk(const Listing& listing) {
  std::vector<std::string> items;
  std::string cursor;
  do {
    const auto page = json::parse(listing.page(cursor).value());
    for (const json::Value& item : page->at("items").as_array())
      items.emplace_back(item.as_string());
    cursor = json::string_or(*page, "nextCursor", "");
  } while (!cursor.empty());
  return items;
}

TEST(Listing, GivesEveryItemOnceOverItsPages) {
  for (const int count : {0, 1, 199, 200, 201, 400, 401, 2'345}) {
    Listing listing("items");
    std::vector<std::string> added;
    for (int i = 0; i < count; ++i) {
      added.push_back("item " + std::to_string(i));
      listing.add(json::quoted(added.back()));
    }
    EXPECT_EQ(walk(listing), added) << count;
    EXPECT_EQ(walk(listing), added) << "a page may be read again";
  }
}

TEST(Listing, RefusesACursorThatNoPageGave) {
  Listing listing("items");
  for (int i = 0; i < 401; ++i) listing.add("1");
  EXPECT_EQ(json::parse(*listing.page("2"))->at("items").as_array().size(), 1U);
  for (const char* wrong : {"0", "3", "-1", "01", "1 ", "x", "18446744073709551616"}) {
    const auto page = listing.page(wrong);
    ASSERT_FALSE(page.has_value()) << wrong;
    EXPECT_EQ(page.error().code, Errc::invalid_args);
    EXPECT_THAT(page.error().suggestions, Contains("begin again without a cursor"));
  }
}

TEST(Catalog, ListsResourcesTemplatesAndPromptsAsMcpWantsThem) {
  Catalog catalog;
  test::AskPack pack;
  catalog.add(pack);
  const auto first = [](const Listing& listing, std::string_view member) {
    return json::dump(json::parse(*listing.page(""))->at(member).at(0));
  };
  EXPECT_EQ(
      first(catalog.resources(), "resources"),
      R"({"uri":"test://plain","name":"plain","title":"Plain","description":"A text","mimeType":"text/plain"})");
  EXPECT_EQ(
      first(catalog.templates(), "resourceTemplates"),
      R"({"uriTemplate":"test://note/{id}/text","name":"note","title":"Note","description":"A note","mimeType":"text/plain"})");
  EXPECT_EQ(
      first(catalog.prompts(), "prompts"),
      R"({"name":"ask_greeting","title":"Greeting","description":"Greets","arguments":[{"name":"name","description":"whom to greet","required":true},{"name":"tone","description":"how","required":false}]})");
}

TEST(Catalog, FindsResourcesTemplatesAndPrompts) {
  Catalog catalog;
  test::AskPack pack;
  catalog.add(pack);
  EXPECT_NE(catalog.find_resource("test://plain"), nullptr);
  EXPECT_EQ(catalog.find_resource("test://plai"), nullptr);
  const auto [entry, variables] = catalog.match_template("test://note/5/text");
  ASSERT_NE(entry, nullptr);
  EXPECT_EQ(variables.at("id"), "5");
  EXPECT_EQ(catalog.find_template("test://note/{id}/text"), entry);
  EXPECT_EQ(catalog.match_template("test://plain").first, nullptr);
  EXPECT_NE(catalog.find_prompt("ask_greeting"), nullptr);
  EXPECT_EQ(catalog.find_prompt("greeting"), nullptr);
}

// Declares one thing of one kind.
class OnePack final : public pack::Pack {
 public:
  explicit OnePack(std::function<void(pack::Binder&)> declare) : declare_(std::move(declare)) {}
  std::string_view name() const override { return "one"; }
  void declare(pack::Binder& binder) override { declare_(binder); }
  void start(pack::PackContext&) override {}
  void stop() override {}
  pack::PackStatus status() const override { return {}; }

 private:
  std::function<void(pack::Binder&)> declare_;
};

using CatalogDeathTest = ::testing::Test;

TEST_F(CatalogDeathTest, RefusesTwoThingsOfOneName) {
  GTEST_FLAG_SET(death_test_style, "threadsafe");
  const auto twice = [](std::function<void(pack::Binder&)> declare) {
    Catalog catalog;
    OnePack first(declare);
    OnePack second(std::move(declare));
    catalog.add(first);
    catalog.add(second);
  };
  const auto resource = [](pack::Binder& binder) {
    binder.add(pack::ResourceSpec{"a://b", "", "", "", ""}, {});
  };
  const auto prompt = [](pack::Binder& binder) {
    binder.add(pack::PromptSpec{"p", "", "", {}}, {}, {});
  };
  const auto pattern = [](pack::Binder& binder) {
    binder.add(pack::TemplateSpec{"a://{b}", "", "", "", ""}, {}, {});
  };
  EXPECT_DEATH(twice(resource), "two things are called a://b");
  EXPECT_DEATH(twice(prompt), "two things are called one_p");
  EXPECT_DEATH(twice(pattern), "two things are called a://\\{b\\}");
}

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
