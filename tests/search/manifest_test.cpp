#include "search/manifest.hpp"

#include <gtest/gtest.h>

namespace hearth::search {
namespace {

Manifest example() {
  return {.schema = "text 1", .sequence = 4711, .entries = {{12, 15}, {14, 0}}};
}

TEST(Manifest, ReadsBackWhatItPrints) {
  const std::string text = print(example());
  EXPECT_TRUE(
      text.starts_with("hearth-index 1\nschema text 1\nsequence 4711\n"
                       "generation 12 tombstones 15\ngeneration 14\ncheck "))
      << text;
  const auto read = parse_manifest(text);
  ASSERT_TRUE(read);
  EXPECT_EQ(*read, example());
  EXPECT_EQ(parse_manifest(print({})).value(), Manifest{});
}

TEST(Manifest, NoticesEveryChange) {
  const std::string text = print(example());
  for (std::size_t at = 0; at < text.size(); ++at) {
    EXPECT_FALSE(parse_manifest(text.substr(0, at))) << at;
    std::string changed = text;
    changed[at] ^= 1;
    EXPECT_FALSE(parse_manifest(changed)) << at;
  }
  EXPECT_FALSE(parse_manifest(text + "generation 1\n"));
}

TEST(Manifest, RefusesANewerVersion) {
  EXPECT_EQ(parse_manifest("hearth-index 2\nwhatever").error().code, Errc::unsupported);
  EXPECT_EQ(parse_manifest("something else").error().code, Errc::damaged);
}

}  // namespace
}  // namespace hearth::search
