#include "mcp/messages.hpp"

#include <gtest/gtest.h>

#include "json/json.hpp"
#include "mcp/era.hpp"

namespace hearth::mcp {
namespace {

TEST(Messages, PutTheIdThroughAsItCame) {
  EXPECT_EQ(make_result("7", "{}"), R"({"jsonrpc":"2.0","id":7,"result":{}})");
  EXPECT_EQ(make_result(R"("a\nb")", "[1]"), R"({"jsonrpc":"2.0","id":"a\nb","result":[1]})");
}

TEST(Messages, SayNullForAnUnknownId) {
  EXPECT_EQ(make_error("", parse_error, "what?"),
            R"({"jsonrpc":"2.0","id":null,"error":{"code":-32700,"message":"what?"}})");
}

TEST(Messages, NumberErrorsByTheirCode) {
  const Error invalid{Errc::invalid_args, "a \"bad\" thing", {"do x"}};
  EXPECT_EQ(
      make_error("1", invalid),
      R"({"jsonrpc":"2.0","id":1,"error":{"code":-32602,"message":"a \"bad\" thing","data":{"code":"invalid_args","suggestions":["do x"]}}})");
  const auto busy = json::parse(make_error("1", Error{Errc::busy, "full", {}}));
  EXPECT_EQ(json::int_or(busy->at("error"), "code", 0), server_error);
  const auto bug = json::parse(make_error("1", Error{Errc::internal, "bug", {}}));
  EXPECT_EQ(json::int_or(bug->at("error"), "code", 0), internal_error);
}

TEST(Messages, MakeNotifications) {
  EXPECT_EQ(make_notification("notifications/x", R"({"a":1})"),
            R"({"jsonrpc":"2.0","method":"notifications/x","params":{"a":1}})");
}

TEST(Messages, GiveAToolsResultAsStructureAndAsText) {
  const auto result = json::parse(tool_result({.structured = R"({"text":"a \"b\"\n"})"}));
  ASSERT_TRUE(result.has_value());
  EXPECT_EQ(json::dump(result->at("structuredContent")), R"({"text":"a \"b\"\n"})");
  EXPECT_EQ(json::string_or(result->at("content").at(0), "text", ""), R"({"text":"a \"b\"\n"})");
  EXPECT_EQ(json::find(*result, "isError"), nullptr);
}

TEST(Messages, GiveAToolsErrorWithAdviceInTheText) {
  const auto result =
      json::parse(tool_error(Error{Errc::not_found, "no entry \"x\"", {"look", "list"}}));
  ASSERT_TRUE(result.has_value());
  EXPECT_TRUE(json::bool_or(*result, "isError", false));
  EXPECT_EQ(json::string_or(result->at("content").at(0), "text", ""),
            "not_found: no entry \"x\"\n- look\n- list");
  EXPECT_EQ(
      json::dump(result->at("structuredContent")),
      R"({"error":{"code":"not_found","message":"no entry \"x\"","suggestions":["look","list"]}})");
}

TEST(Revision, IsTheRequestedOneIfItIsSpokenElseTheNewest) {
  for (const std::string_view known : legacy_revisions) {
    EXPECT_EQ(negotiate_revision(known), known);
  }
  EXPECT_EQ(negotiate_revision("2031-01-01"), legacy_revisions.front());
  EXPECT_EQ(negotiate_revision(""), legacy_revisions.front());
}

}  // namespace
}  // namespace hearth::mcp
