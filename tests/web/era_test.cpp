#include "web/era.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "mcp/catalog.hpp"

namespace hearth::web {
namespace {

using ::testing::HasSubstr;

constexpr const char* modern_meta =
    R"("_meta":{"io.modelcontextprotocol/protocolVersion":"2026-07-28",)"
    R"("io.modelcontextprotocol/clientInfo":{"name":"probe","version":"3"},)"
    R"("io.modelcontextprotocol/clientCapabilities":{}})";

// A tool whose arguments are repeated in headers.
class MarkedPack final : public pack::Pack {
 public:
  std::string_view name() const override { return "marked"; }
  void declare(pack::Binder& tools) override {
    pack::ToolSpec spec;
    spec.verb = "call";
    spec.title = "Call";
    spec.description = "Marked";
    spec.input_schema =
        R"({"type":"object","properties":{"region":{"type":"string","x-mcp-header":"Region"},)"
        R"("deep":{"type":"object","properties":{"n":{"type":"integer","x-mcp-header":"N"},)"
        R"("b":{"type":"boolean","x-mcp-header":"B"}}}}})";
    spec.output_schema = R"({"type":"object"})";
    tools.add(std::move(spec), [](std::string_view, pack::Call) {});
  }
  void start(pack::PackContext&) override {}
  void stop() override {}
  pack::PackStatus status() const override { return {}; }
};

class EraTest : public testing::Test {
 protected:
  EraTest() { catalog_.add(pack_); }

  static Request post(std::string method, std::string params, std::vector<Header> headers) {
    Request request;
    request.method = "POST";
    request.headers = std::move(headers);
    request.body =
        R"({"jsonrpc":"2.0","id":7,"method":")" + method + R"(","params":)" + params + "}";
    return request;
  }
  static Request modern(const std::string& method, const std::string& more = "") {
    return post(method, "{" + more + modern_meta + "}",
                {{"MCP-Protocol-Version", "2026-07-28"}, {"Mcp-Method", method}});
  }
  static Request marked_call(const std::string& arguments, std::vector<Header> headers) {
    Request request =
        modern("tools/call", R"("name":"marked_call","arguments":)" + arguments + ",");
    request.headers.push_back({"Mcp-Name", "marked_call"});
    for (Header& header : headers) request.headers.push_back(std::move(header));
    return request;
  }
  // The refusal; empty when all fits.
  std::string check(const Request& request) {
    const auto message = json::scan_envelope(request.body);
    if (!message) return "no message";
    const auto wrong = check_modern(request, *message, read_body(*message), catalog_);
    if (!wrong) return {};
    EXPECT_EQ(wrong->status, 400);
    EXPECT_THAT(wrong->body, HasSubstr(R"("id":7,)"));
    return wrong->body;
  }
  static mcp::Era era(const Request& request) {
    const auto message = json::scan_envelope(request.body);
    return era_of(request, read_body(*message));
  }
  MarkedPack pack_;
  mcp::Catalog catalog_;
};

TEST_F(EraTest, GoesByTheBodyAndTheVersion) {
  EXPECT_EQ(era(modern("tools/list")), mcp::Era::modern);
  EXPECT_EQ(era(post("initialize", "{}", {})), mcp::Era::legacy);
  EXPECT_EQ(era(post("initialize", "{}",
                     {{"MCP-Protocol-Version", "2025-11-25"}, {"Mcp-Method", "initialize"}})),
            mcp::Era::legacy);
  EXPECT_EQ(era(post("server/discover", "{}", {{"MCP-Protocol-Version", "2026-07-28"}})),
            mcp::Era::modern);
  EXPECT_EQ(era(post("tools/list", "{}", {{"MCP-Protocol-Version", "v999"}})), mcp::Era::modern);
  EXPECT_EQ(
      era(post("tools/list", "{}", {{"MCP-Protocol-Version", "v999"}, {"Mcp-Session-Id", "x"}})),
      mcp::Era::legacy);
}

TEST_F(EraTest, ReadsWhoAsks) {
  const Request request = modern("tools/call", R"("name":"a","arguments":{"x":1},)");
  const BodyFacts facts = read_body(*json::scan_envelope(request.body));
  EXPECT_EQ(facts.client_name, "probe");
  EXPECT_EQ(facts.client_version, "3");
  EXPECT_EQ(facts.name, "a");
  EXPECT_EQ(facts.arguments, R"({"x":1})");
  EXPECT_TRUE(facts.has_abilities);
  const Request first = post("initialize", R"({"clientInfo":{"name":"old"}})", {});
  EXPECT_EQ(read_body(*json::scan_envelope(first.body)).client_name, "old");
}

TEST_F(EraTest, WantsAWholeMeta) {
  const std::vector<Header> headers{{"MCP-Protocol-Version", "2026-07-28"},
                                    {"Mcp-Method", "server/discover"}};
  for (const auto* params :
       {"{}", R"({"_meta":{}})", R"({"_meta":7})",
        R"({"_meta":{"io.modelcontextprotocol/protocolVersion":"2026-07-28"}})",
        R"({"_meta":{"io.modelcontextprotocol/clientCapabilities":{}}})"})
    EXPECT_THAT(check(post("server/discover", params, headers)), HasSubstr("-32602")) << params;
}

TEST_F(EraTest, WantsHeadersThatSayWhatTheBodySays) {
  EXPECT_EQ(check(modern("tools/list")), "");
  Request other_version = modern("tools/list");
  other_version.headers[0].value = "2025-11-25";
  EXPECT_THAT(check(other_version), HasSubstr("-32020"));
  Request other_method = modern("tools/list");
  other_method.headers[1].value = "TOOLS/LIST";
  EXPECT_THAT(check(other_method), HasSubstr("-32020"));
  Request no_method = modern("tools/list");
  no_method.headers.pop_back();
  EXPECT_THAT(check(no_method), HasSubstr("-32020"));
}

TEST_F(EraTest, LeavesAnUnknownVersionToTheAnswer) {
  const Request request = post(
      "tools/list",
      R"({"_meta":{"io.modelcontextprotocol/protocolVersion":"v9","io.modelcontextprotocol/clientCapabilities":{}}})",
      {{"MCP-Protocol-Version", "v9"}});
  EXPECT_EQ(check(request), "");
}

TEST_F(EraTest, WantsTheNameOfWhatHasOne) {
  Request call = modern("tools/call", R"("name":"caf\u00e9",)");
  EXPECT_THAT(check(call), HasSubstr("Mcp-Name is missing"));
  call.headers.push_back({"mcp-name", "cafe"});
  EXPECT_THAT(check(call), HasSubstr("-32020"));
  call.headers.back().value = "=?base64?Y2Fmw6k=?=";
  EXPECT_EQ(check(call), "");
  call.headers.back().value = "=?base64?Y2F?=";
  EXPECT_THAT(check(call), HasSubstr("base64"));
  Request read = modern("resources/read", R"("uri":"a://b",)");
  read.headers.push_back({"Mcp-Name", "a://b"});
  EXPECT_EQ(check(read), "");
  Request task = modern("tasks/get", R"("taskId":"t",)");
  EXPECT_THAT(check(task), HasSubstr("-32020"));
}

TEST_F(EraTest, WantsHeadersForMarkedArguments) {
  EXPECT_EQ(check(marked_call("{}", {})), "");
  EXPECT_EQ(check(marked_call(R"({"region":null})", {})), "");
  EXPECT_EQ(check(marked_call(R"({"region":"eu"})", {{"mcp-param-region", "eu"}})), "");
  EXPECT_EQ(check(marked_call(R"({"deep":{"n":42,"b":true}})",
                              {{"Mcp-Param-N", "42.0"}, {"Mcp-Param-B", "true"}})),
            "");
  EXPECT_EQ(
      check(marked_call(R"({"region":"Hello"})", {{"Mcp-Param-Region", "=?base64?SGVsbG8=?="}})),
      "");
  EXPECT_EQ(check(marked_call(R"({"region":"SGVsbG8="})", {{"Mcp-Param-Region", "SGVsbG8="}})), "");
  EXPECT_EQ(check(marked_call(R"({"region":"=?base64?SGVsbG8="})",
                              {{"Mcp-Param-Region", "=?base64?SGVsbG8="}})),
            "");
}

TEST_F(EraTest, RefusesMarkedArgumentsThatDiffer) {
  EXPECT_THAT(check(marked_call(R"({"region":"eu"})", {})), HasSubstr("-32020"));
  EXPECT_THAT(check(marked_call("{}", {{"Mcp-Param-Region", "eu"}})), HasSubstr("-32020"));
  EXPECT_THAT(check(marked_call(R"({"region":"eu"})", {{"Mcp-Param-Region", "us"}})),
              HasSubstr("-32020"));
  EXPECT_THAT(check(marked_call(R"({"deep":{"n":42}})", {{"Mcp-Param-N", "43"}})),
              HasSubstr("-32020"));
  EXPECT_THAT(check(marked_call(R"({"deep":{"b":true}})", {{"Mcp-Param-B", "True"}})),
              HasSubstr("-32020"));
  for (const auto* broken : {"=?base64?SGVsbG8?=", "=?base64?SGVs!!!bG8=?="})
    EXPECT_THAT(check(marked_call(R"({"region":"Hello"})", {{"Mcp-Param-Region", broken}})),
                HasSubstr("-32020"))
        << broken;
}

TEST(Status, FollowsTheError) {
  const auto error = [](int code) {
    return R"({"jsonrpc":"2.0","id":1,"error":{"code":)" + std::to_string(code) +
           R"(,"message":"x"}})";
  };
  EXPECT_EQ(status_of(R"({"jsonrpc":"2.0","id":1,"result":{}})"), 200);
  EXPECT_EQ(status_of(error(-32601)), 404);
  for (const int code : {-32020, -32021, -32022}) EXPECT_EQ(status_of(error(code)), 400) << code;
  EXPECT_EQ(status_of(error(-32602)), 200);
}

TEST(HeaderValue, IsDecodedOnlyWhenItIsMarked) {
  EXPECT_EQ(decode_header("plain"), "plain");
  EXPECT_EQ(decode_header("=?base64?SGVsbG8=?="), "Hello");
  EXPECT_EQ(decode_header("=?base64?SGVsbG8sIOS4lueVjA==?="), "Hello, 世界");
  EXPECT_EQ(decode_header("=?base64?"
                          "?="),
            "");
  EXPECT_EQ(decode_header("=?BASE64?SGVsbG8=?="), "=?BASE64?SGVsbG8=?=");
  EXPECT_FALSE(decode_header("=?base64?S?="));
  EXPECT_FALSE(decode_header("=?base64?====?="));
}

}  // namespace
}  // namespace hearth::web
