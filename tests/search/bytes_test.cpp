#include "search/bytes.hpp"

#include <gtest/gtest.h>

namespace hearth::search {
namespace {

TEST(ByteReader, ReadsVarintsBack) {
  std::string bytes;
  const std::uint64_t values[] = {0, 1, 127, 128, 300, UINT32_MAX, UINT64_MAX};
  for (const std::uint64_t value : values) append_varint(bytes, value);
  ByteReader reader(bytes);
  for (const std::uint64_t value : values) EXPECT_EQ(reader.varint(), value);
  EXPECT_TRUE(reader.is_at_end());
  EXPECT_FALSE(reader.failed());
}

TEST(ByteReader, NeverLeavesItsBytes) {
  ByteReader cut(std::string_view("\x80\x80", 2));
  EXPECT_EQ(cut.varint(), 0U);
  EXPECT_TRUE(cut.failed());
  ByteReader endless(std::string_view("\xFF\xFF\xFF\xFF\xFF\xFF\xFF\xFF\xFF\xFF\xFF", 11));
  EXPECT_EQ(endless.varint(), 0U);
  EXPECT_TRUE(endless.failed());
  ByteReader reader("abc");
  EXPECT_EQ(reader.take(2), "ab");
  EXPECT_EQ(reader.take(UINT64_MAX), "");
  EXPECT_TRUE(reader.failed());
  EXPECT_EQ(reader.varint(), 0U);
}

TEST(Slice, IsBounded) {
  EXPECT_EQ(slice("abcd", 1, 2), "bc");
  EXPECT_EQ(slice("abcd", 4, 0), "");
  EXPECT_FALSE(slice("abcd", 5, 0));
  EXPECT_FALSE(slice("abcd", 2, UINT64_MAX));
}

TEST(ArrayView, ReadsNothingBeyondItsEnd) {
  const ArrayView<std::uint16_t> view(std::string_view("\x01\x00\x02\x00\x03", 5));
  EXPECT_EQ(view.size(), 2U);
  EXPECT_EQ(view[1], 2);
  EXPECT_EQ(view[2], 0);
}

}  // namespace
}  // namespace hearth::search
