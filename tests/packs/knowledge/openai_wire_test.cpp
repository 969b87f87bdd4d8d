#include "packs/knowledge/openai_wire.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <array>

namespace hearth::packs::knowledge::openai {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;

TEST(EmbeddingsRequest, NamesModelAndTexts) {
  const std::array<std::string_view, 2> texts{"a \"b\"", "\xff"};
  EXPECT_EQ(
      embeddings_request("m", 0, texts),
      "{\"model\":\"m\",\"encoding_format\":\"float\",\"input\":[\"a \\\"b\\\"\",\"\uFFFD\"]}");
  EXPECT_THAT(embeddings_request("m", 64, texts), HasSubstr("\"dimensions\":64"));
}

TEST(ParseEmbeddings, TakesNumbersAndBase64InAnyOrder) {
  const auto numbers = parse_embeddings(
      R"({"data":[{"index":1,"embedding":[0,2]},{"index":0,"embedding":[3,4]}]})", 2);
  ASSERT_TRUE(numbers) << numbers.error().message;
  EXPECT_EQ(numbers->dimensions, 2U);
  EXPECT_THAT(numbers->values, ElementsAre(0.6F, 0.8F, 0, 1));
  // 3.0F and 4.0F, little-endian.
  const auto packed = parse_embeddings(R"({"data":[{"index":0,"embedding":"AABAQAAAgEA="}]})", 1);
  ASSERT_TRUE(packed) << packed.error().message;
  EXPECT_THAT(packed->values, ElementsAre(0.6F, 0.8F));
  const auto bare = parse_embeddings(R"({"data":[{"embedding":[1]},{"embedding":[-5]}]})", 2);
  EXPECT_THAT(bare->values, ElementsAre(1, -1));
}

TEST(ParseEmbeddings, SaysWhatIsWrong) {
  struct Case {
    const char* body;
    const char* complaint;
  };
  for (const Case& wrong : {
           Case{"", "it is not JSON"},
           Case{"<html>", "it is not JSON"},
           Case{R"({"data":[{"index":0,"embedding":[1,)", "it is not JSON"},
           Case{R"({"data":[{"index":0,"embedding":[NaN]},{}]})", "it is not JSON"},
           Case{"[]", "it has no list \"data\""},
           Case{"{}", "it has no list \"data\""},
           Case{R"({"error":{"message":"model not loaded"}})", "it says \"model not loaded\""},
           Case{R"({"data":[]})", "0 vectors for 2 texts"},
           Case{R"({"data":[1,2]})", "data[0] has no embedding"},
           Case{R"({"data":[{"embedding":[1]},{"embedding":7}]})", "data[1].embedding is neither"},
           Case{R"({"data":[{"embedding":["1"]},{}]})", "data[0].embedding is neither"},
           Case{R"({"data":[{"embedding":"%%"},{}]})", "data[0].embedding is neither"},
           Case{R"({"data":[{"embedding":"AAAA"},{}]})", "data[0].embedding is neither"},
           Case{R"({"data":[{"embedding":[]},{}]})", "data[0].embedding has 0 numbers"},
           Case{R"({"data":[{"embedding":[0,0]},{}]})", "data[0].embedding is all zeros"},
           Case{R"({"data":[{"embedding":[1e300]},{}]})", "not finite"},
           Case{R"({"data":[{"embedding":"AADAfw=="},{}]})", "not finite"},
           Case{R"({"data":[{"embedding":[1]},{"embedding":[1,2]}]})", "1 and 2 dimensions"},
           Case{R"({"data":[{"index":0,"embedding":[1]},{"index":0,"embedding":[1]}]})",
                "two vectors have the index 0"},
           Case{R"({"data":[{"index":2,"embedding":[1]},{}]})", "data[0].index names none"},
           Case{R"({"data":[{"index":-1,"embedding":[1]},{}]})", "data[0].index names none"},
           Case{R"({"data":[{"index":"x","embedding":[1]},{}]})", "data[0].index names none"},
       }) {
    const auto read = parse_embeddings(wrong.body, 2);
    ASSERT_FALSE(read) << wrong.body;
    EXPECT_EQ(read.error().code, Errc::unavailable);
    EXPECT_THAT(read.error().message, HasSubstr(wrong.complaint)) << wrong.body;
    EXPECT_FALSE(read.error().suggestions.empty());
  }
}

TEST(ErrorText, FindsWhatServersSay) {
  EXPECT_EQ(error_text(R"({"error":{"message":"too long","type":"x"}})"), "too long");
  EXPECT_EQ(error_text(R"({"error":"no such model"})"), "no such model");
  EXPECT_EQ(error_text(R"({"object":"error","message":"busy"})"), "busy");
  EXPECT_EQ(error_text("Bad Gateway\nmore"), "Bad Gateway");
  EXPECT_EQ(error_text(""), "");
  EXPECT_EQ(error_text("{}"), "");
  EXPECT_LT(error_text(std::string(5'000, 'x')).size(), 310U);
}

}  // namespace
}  // namespace hearth::packs::knowledge::openai
