#include "mcp/base64.hpp"

#include <gtest/gtest.h>

#include <random>
#include <string>

namespace hearth::mcp {
namespace {

TEST(Base64, WritesTheExamplesOfTheStandard) {
  EXPECT_EQ(base64(""), "");
  EXPECT_EQ(base64("f"), "Zg==");
  EXPECT_EQ(base64("fo"), "Zm8=");
  EXPECT_EQ(base64("foobar"), "Zm9vYmFy");
  EXPECT_EQ(base64(std::string("\0\xff\xfe", 3)), "AP/+");
}

TEST(Base64, ReadsWhatItWrites) {
  std::mt19937 random(1);
  for (std::size_t size = 0; size < 300; ++size) {
    std::string bytes(size, '\0');
    for (char& byte : bytes) byte = static_cast<char>(random());
    EXPECT_EQ(from_base64(base64(bytes)), bytes);
  }
}

// One text for each value: a changed text is another value, or none.
TEST(Base64, RefusesWhatIsNot) {
  for (const char* wrong : {"Z", "Zg", "Zg=", "Zg===", "Zh==", "Zm9=", "Zm9v ", "Zm\n9v",
                            "Zm9v=", "_-8=", "Zm9v!", "====", "Zg==Zg=="}) {
    EXPECT_FALSE(from_base64(wrong).has_value()) << wrong;
  }
}

}  // namespace
}  // namespace hearth::mcp
