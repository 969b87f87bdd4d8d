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

json::Value content_of(const pack::Content& content) {
  pack::Reply reply;
  reply.content.push_back(content);
  return json::parse(tool_result(reply))->at("content").at(0);
}

TEST(Messages, GiveEachKindOfContentItsForm) {
  EXPECT_EQ(json::dump(content_of(pack::text_content("a"))), R"({"type":"text","text":"a"})");
  pack::Content content;
  content.kind = pack::ContentKind::image;
  content.bytes = "foo";
  content.mime_type = "image/png";
  EXPECT_EQ(json::dump(content_of(content)),
            R"({"type":"image","data":"Zm9v","mimeType":"image/png"})");
  content.kind = pack::ContentKind::audio;
  EXPECT_EQ(json::string_or(content_of(content), "type", ""), "audio");
  content.kind = pack::ContentKind::resource;
  content.uri = "a://b";
  EXPECT_EQ(
      json::dump(content_of(content)),
      R"({"type":"resource","resource":{"uri":"a://b","mimeType":"image/png","blob":"Zm9v"}})");
  content.kind = pack::ContentKind::link;
  EXPECT_EQ(json::dump(content_of(content)),
            R"({"type":"resource_link","uri":"a://b","name":"a://b","mimeType":"image/png"})");
  content.name = "B";
  EXPECT_EQ(json::string_or(content_of(content), "name", ""), "B");
}

TEST(Messages, GiveContentOfItsOwnBesidesTheStructure) {
  pack::Reply reply{.structured = R"({"n":1})"};
  reply.content.push_back(pack::text_content("one"));
  EXPECT_EQ(tool_result(reply),
            R"({"content":[{"type":"text","text":"one"}],"structuredContent":{"n":1}})");
  reply.structured.clear();
  EXPECT_EQ(tool_result(reply), R"({"content":[{"type":"text","text":"one"}]})");
}

TEST(Messages, GiveAResourceTheUriThatWasRead) {
  pack::Reply reply;
  reply.content.push_back(pack::text_content("t\n"));
  reply.content.push_back(pack::text_content(""));
  reply.content.back().uri = "a://c";
  EXPECT_EQ(resource_result(reply, "a://b"),
            R"({"contents":[{"uri":"a://b","text":"t\n"},{"uri":"a://c","text":""}]})");
  EXPECT_EQ(resource_result({}, "a://b"), R"({"contents":[]})");
}

TEST(Messages, GiveAPromptItsMessages) {
  pack::Reply reply;
  reply.content.push_back(pack::text_content("q"));
  reply.content.push_back(pack::text_content("a"));
  reply.content.back().role = "assistant";
  const std::string messages =
      R"("messages":[{"role":"user","content":{"type":"text","text":"q"}},)"
      R"({"role":"assistant","content":{"type":"text","text":"a"}}]})";
  EXPECT_EQ(prompt_result(reply), "{" + messages);
  reply.description = "d";
  EXPECT_EQ(prompt_result(reply), R"({"description":"d",)" + messages);
}

TEST(Messages, NumberAMissingResourceByTheEra) {
  for (const auto& [era, number] : {std::pair{Era::legacy, -32002}, {Era::modern, -32602}}) {
    const auto error = json::parse(resource_not_found("1", "a://\"b", era))->at("error");
    EXPECT_EQ(json::int_or(error, "code", 0), number);
    EXPECT_EQ(json::string_or(error.at("data"), "uri", ""), "a://\"b");
  }
}

TEST(Messages, SayWhatAClientLacksAndWhichVersionsThereAre) {
  const auto lacks = json::parse(missing_ability("1", R"({"sampling":{}})"))->at("error");
  EXPECT_EQ(json::int_or(lacks, "code", 0), -32021);
  EXPECT_EQ(json::dump(lacks.at("data")), R"({"requiredCapabilities":{"sampling":{}}})");
  const auto version = json::parse(refused_version("1", "v9\n"))->at("error");
  EXPECT_EQ(json::int_or(version, "code", 0), -32022);
  EXPECT_EQ(json::string_or(version.at("data"), "requested", ""), "v9\n");
  EXPECT_EQ(json::dump(version.at("data").at("supported")), supported_versions());
}

}  // namespace
}  // namespace hearth::mcp
