#include "request/pack.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <map>
#include <string>

#include "request/fake_verbs.hpp"
#include "support/tools_only.hpp"

namespace hearth::request {
namespace {

using ::testing::HasSubstr;
using ::testing::StartsWith;

struct Tools final : test::ToolsOnly {
  using test::ToolsOnly::add;
  void add(pack::ToolSpec spec, pack::ToolHandler handler) override {
    specs.emplace(spec.verb, spec);
    handlers.emplace(spec.verb, std::move(handler));
  }
  std::map<std::string, pack::ToolSpec> specs;
  std::map<std::string, pack::ToolHandler> handlers;
};

class RequestPack : public ::testing::Test {
 protected:
  RequestPack() {
    verbs_.add("notes_search", {.read_only = true}, [](const std::string& arguments) {
      return Result<std::string>(R"({"asked":)" + arguments + R"(,"none":[]})");
    });
    verbs_.add("notes_write", {});
    pack_->declare(tools_);
  }
  std::string call(const std::string& tool, std::string_view arguments) {
    tools_.handlers.at(tool)(arguments, test::make_call(outcome_));
    return outcome_.text();
  }

  test::FakeVerbs verbs_;
  std::unique_ptr<pack::Pack> pack_ = make_pack(verbs_);
  Tools tools_;
  test::Outcome outcome_;
};

TEST_F(RequestPack, DeclaresTwoToolsWithoutAPrefix) {
  EXPECT_EQ(pack_->name(), "");
  ASSERT_EQ(tools_.specs.size(), 2U);
  EXPECT_FALSE(tools_.specs.at("request").annotations.read_only);
  EXPECT_TRUE(tools_.specs.at("verbs").annotations.read_only);
}

TEST_F(RequestPack, RunsText) {
  EXPECT_THAT(call("request", R"-({"ops":"notes.search(query=\"x\")"})-"),
              StartsWith(R"({"results":[{"ok":true,"result":{"asked":{"query":"x"}}}])"));
  EXPECT_THAT(call("request", R"-({"ops":"notes_search()","presentation":"verbose"})-"),
              HasSubstr(R"("verb":"notes_search","result":{"asked":{},"none":[]})"));
}

TEST_F(RequestPack, RunsTheJsonFormAsTextAndAsAValue) {
  const std::string_view expected = R"({"ok":true,"result":{"asked":{"query":"x"}}})";
  EXPECT_THAT(call("request", R"({"ops":{"ops":[{"verb":"notes_search","args":{"query":"x"}}]}})"),
              HasSubstr(expected));
  EXPECT_THAT(
      call("request", R"({"ops":"{\"verb\":\"notes_search\",\"args\":{\"query\":\"x\"}}"})"),
      HasSubstr(expected));
}

TEST_F(RequestPack, NamesThePlaceOfAMistake) {
  EXPECT_THAT(call("request", R"-({"ops":"[notes_search(query=x)]"})-"),
              StartsWith("error: ops: line 1, column 21: expected a value, got \"x\""));
  EXPECT_EQ(outcome_.answer->error().code, Errc::invalid_args);
  EXPECT_THAT(call("request", R"-({"opps":"a()"})-"), HasSubstr("params.ops: missing"));
  EXPECT_THAT(call("request", R"-({"ops":"a()","presentation":"loud"})-"),
              HasSubstr("params.presentation: expected one of"));
}

TEST_F(RequestPack, ListsVerbs) {
  EXPECT_EQ(call("verbs", "{}"),
            R"-({"verbs":[{"verb":"notes_search(query, limit?)","about":"Does it."},)-"
            R"-({"verb":"notes_write(query, limit?)","about":"Does it."}]})-");
  EXPECT_THAT(call("verbs", R"({"name":"notes"})"), HasSubstr("notes_write(query, limit?)"));
}

TEST_F(RequestPack, ShowsOneVerbInFull) {
  for (const std::string_view name : {"notes_search", "notes.search"}) {
    EXPECT_THAT(call("verbs", R"({"name":")" + std::string(name) + R"("})"),
                StartsWith(R"({"verb":{"name":"notes_search","title":"Title","description":)"
                           R"("Does it. And more.","inputSchema":{"type":"object",)"));
  }
  EXPECT_THAT(outcome_.text(), HasSubstr(R"("readOnlyHint":true)"));
}

TEST_F(RequestPack, SuggestsNearNames) {
  EXPECT_THAT(call("verbs", R"({"name":"notes_serach"})"), HasSubstr("there is no verb or pack"));
  EXPECT_EQ(outcome_.answer->error().code, Errc::not_found);
  EXPECT_THAT(outcome_.answer->error().suggestions, ::testing::Contains("notes_search"));
}

}  // namespace
}  // namespace hearth::request
