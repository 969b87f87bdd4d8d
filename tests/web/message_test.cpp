#include "web/message.hpp"

#include <gtest/gtest.h>

namespace hearth::web {
namespace {

Accepted accept(std::string value) {
  Request request;
  request.headers.push_back({"accept", std::move(value)});
  return read_accept(request);
}

TEST(Request, FindsHeadersInAnyCase) {
  Request request;
  request.headers.push_back({"MCP-Session-ID", "x"});
  EXPECT_EQ(request.header("Mcp-Session-Id"), "x");
  EXPECT_EQ(request.header("Mcp-Session"), "");
  EXPECT_FALSE(request.has("Mcp-Session"));
}

TEST(Accept, AllowsWhatItLists) {
  const Accepted both = accept("application/json, text/event-stream");
  EXPECT_TRUE(both.json && both.events);
  const Accepted events = accept("text/html,TEXT/Event-Stream;q=0.5");
  EXPECT_TRUE(!events.json && events.events);
  const Accepted json = accept("application/*");
  EXPECT_TRUE(json.json && !json.events);
  const Accepted any = accept(" */* ");
  EXPECT_TRUE(any.json && any.events);
  const Accepted none = accept("text/html, ,");
  EXPECT_TRUE(!none.json && !none.events);
}

TEST(Accept, AllowsAnythingWithoutTheHeader) {
  const Accepted any = read_accept(Request{});
  EXPECT_TRUE(any.json && any.events);
}

TEST(Refusal, HasTheIdThatIsKnown) {
  EXPECT_EQ(refusal(400, -32600, "no \"x\"", "7").body,
            R"({"jsonrpc":"2.0","id":7,"error":{"code":-32600,"message":"no \"x\""}})");
  EXPECT_EQ(refusal(400, -32600, "no").body,
            R"({"jsonrpc":"2.0","error":{"code":-32600,"message":"no"}})");
}

TEST(Request, DecodesTheParametersOfItsQuery) {
  const auto parameter = [](std::string query, std::string_view name) {
    Request request;
    request.query = std::move(query);
    return request.parameter(name);
  };
  EXPECT_EQ(parameter("a=1&kinds=x%2Cy&kinds=z", "kinds"), "x,y");
  EXPECT_EQ(parameter("a", "a"), "");
  EXPECT_EQ(parameter("", "a"), std::nullopt);
  EXPECT_EQ(parameter("a=%G1", "a"), std::nullopt) << "not a query at all";
}

}  // namespace
}  // namespace hearth::web
