#include "json/envelope.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <random>
#include <string>
#include <utility>
#include <vector>

#include "json/json.hpp"

namespace hearth::json {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::Pair;

std::string complaint(std::string_view message) {
  const auto envelope = scan_envelope(message);
  return envelope ? "none" : envelope.error().message;
}

TEST(ScanEnvelope, FindsThePartsOfARequest) {
  const std::string_view message =
      R"( { "jsonrpc" : "2.0", "id" : 7, "method" : "tools/call", "params" : {"a":"}\"]"} , "x":[1] } )";
  const auto envelope = scan_envelope(message);
  ASSERT_TRUE(envelope.has_value()) << envelope.error().message;
  EXPECT_TRUE(envelope->is_request());
  EXPECT_EQ(envelope->id, "7");
  EXPECT_EQ(envelope->method, "tools/call");
  EXPECT_EQ(envelope->params, R"({"a":"}\"]"})");
}

TEST(ScanEnvelope, TellsNotificationsAndResponsesApart) {
  EXPECT_TRUE(scan_envelope(R"({"method":"m"})")->is_notification());
  const auto response = scan_envelope(R"({"id":"a","result":[1,{}],"hearth":{"key":"k"}})");
  EXPECT_TRUE(response->is_response());
  EXPECT_EQ(response->id, R"("a")");
  EXPECT_EQ(response->result, "[1,{}]");
  EXPECT_EQ(response->hearth, R"({"key":"k"})");
  EXPECT_EQ(scan_envelope(R"({"id":1,"error":{"code":-1}})")->error, R"({"code":-1})");
}

TEST(ScanEnvelope, UnescapesTheMethod) {
  EXPECT_EQ(scan_envelope(R"({"method":"tools\/call"})")->method, "tools/call");
}

TEST(ScanEnvelope, RefusesWhatIsNoMessage) {
  for (const std::string_view message :
       {"", "7", "{", "{}", "{\"method\"}", "{\"method\":7}", "{\"method\":\"\"}",
        "{\"method\":\"m\",}", R"({"method":"m"} x)", R"({"method":"m","params":7})",
        R"({"method":"m","params":[})", R"({"method":"m","params":{"a":"b})", R"({"id":1})",
        "{\"method\":\"a\nb\"}"}) {
    EXPECT_FALSE(scan_envelope(message).has_value()) << message;
  }
}

TEST(ScanEnvelope, RefusesAMemberTwice) {
  EXPECT_THAT(complaint(R"({"id":1,"id":2,"method":"m"})"), HasSubstr("\"id\" twice"));
  EXPECT_THAT(complaint(R"({"method":"m","method":"n"})"), HasSubstr("\"method\" twice"));
}

TEST(ScanEnvelope, RefusesIdsThatCannotBeEchoed) {
  for (const std::string_view id :
       {"null", "true", "{}", "[1]", "01", "-", "1.", "\"\xff\"", R"("\x")", "nonsense"}) {
    const std::string message = R"({"method":"m","id":)" + std::string(id) + "}";
    EXPECT_FALSE(scan_envelope(message).has_value()) << id;
  }
  for (const std::string_view id :
       {"0", "-1", "1.5", "123456789012345678901", R"("")", R"("a\nb")"}) {
    const std::string message = R"({"method":"m","id":)" + std::string(id) + "}";
    ASSERT_TRUE(scan_envelope(message).has_value()) << id;
    EXPECT_EQ(scan_envelope(message)->id, id);
  }
}

TEST(ScanEnvelope, NamesBatches) {
  EXPECT_THAT(complaint(R"([{"method":"m"}])"), HasSubstr("batches are not supported"));
}

TEST(ScanEnvelope, BoundsTheDepth) {
  const auto nested = [](std::size_t depth) {
    return R"({"method":"m","params":)" + std::string(depth, '[') + std::string(depth, ']') + "}";
  };
  EXPECT_TRUE(scan_envelope(nested(64)).has_value());
  EXPECT_FALSE(scan_envelope(nested(65)).has_value());
  EXPECT_FALSE(scan_envelope(R"({"method":"m","params":[})").has_value());
}

TEST(ScanEnvelope, SurvivesEveryPrefixAndEveryChangedByte) {
  const std::string message =
      R"({"jsonrpc":"2.0","id":"a\u0041","method":"tools/call","params":{"x":[1,2.5,{"y":null}]}})";
  for (std::size_t size = 0; size < message.size(); ++size) {
    EXPECT_FALSE(scan_envelope(std::string_view(message).substr(0, size)).has_value()) << size;
    (void)salvage_id(std::string_view(message).substr(0, size));
  }
  std::mt19937 random(1);
  for (int i = 0; i < 20'000; ++i) {
    std::string changed = message;
    changed[random() % changed.size()] = static_cast<char>(random() % 256);
    const bool parses = parse(changed).has_value();
    const auto envelope = scan_envelope(changed);
    if (parses && envelope && !envelope->params.empty()) {
      EXPECT_TRUE(parse(envelope->params).has_value()) << changed;
    }
  }
}

TEST(SalvageId, FindsTheIdOfARefusedMessage) {
  EXPECT_EQ(salvage_id(R"({"id":7,"method":3})"), "7");
  EXPECT_EQ(salvage_id(R"({"id":"a","method":"m","params":)"), R"("a")");
  EXPECT_EQ(salvage_id(R"({"id":null,"method":3})"), "");
  EXPECT_EQ(salvage_id("no message"), "");
}

TEST(ScanMembers, CallsForEachMemberInOrder) {
  std::vector<std::pair<std::string, std::string>> members;
  const auto take = [&](std::string_view name, std::string_view value) {
    members.emplace_back(name, value);
  };
  ASSERT_TRUE(scan_members(R"({ "a" : 1, "b\"c" : [ {} ] , "d":"e" })", take).has_value());
  EXPECT_THAT(members, ElementsAre(Pair("a", "1"), Pair("b\"c", "[ {} ]"), Pair("d", R"("e")")));
  EXPECT_TRUE(scan_members("{}", take).has_value());
  EXPECT_FALSE(scan_members("[]", take).has_value());
  EXPECT_FALSE(scan_members(R"({"a":1)", take).has_value());
}

TEST(Unquote, TakesOnlyAWholeString) {
  EXPECT_EQ(*unquote(R"("a\tb")"), "a\tb");
  EXPECT_EQ(*unquote(R"("")"), "");
  for (const std::string_view text : {"", "\"", "a", "7", R"("a)", R"("\q")"}) {
    EXPECT_FALSE(unquote(text).has_value()) << text;
  }
}

}  // namespace
}  // namespace hearth::json
