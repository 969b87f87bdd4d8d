#include "packs/issues/engine/cbor.hpp"

#include <gtest/gtest.h>

#include <cstdint>
#include <string>

#include "packs/issues/engine/ids.hpp"

namespace hearth::packs::issues {
namespace {

std::string raw(std::string_view hex) {
  return bytes_of_hex(hex).value();
}

TEST(Cbor, WritesTheShortestForm) {
  const auto written = [](std::uint64_t value) {
    std::string out;
    append_cbor_unsigned(out, value);
    return hex_of(out);
  };
  EXPECT_EQ(written(0), "00");
  EXPECT_EQ(written(23), "17");
  EXPECT_EQ(written(24), "1818");
  EXPECT_EQ(written(255), "18ff");
  EXPECT_EQ(written(256), "190100");
  EXPECT_EQ(written(65'536), "1a00010000");
  EXPECT_EQ(written(UINT64_MAX), "1bffffffffffffffff");
  std::string out;
  append_cbor_array(out, 2);
  append_cbor_text(out, "a");
  append_cbor_bytes(out, "b");
  append_cbor_null(out);
  EXPECT_EQ(hex_of(out), "8261614162f6");
}

TEST(Cbor, ReadsEveryValidForm) {
  const std::string longer = raw("1b0000000000000007");
  CborReader not_shortest(longer);
  EXPECT_EQ(not_shortest.read_unsigned(), 7U);
  const std::string parts = raw("7f6161626263ff");
  CborReader open_text(parts);
  EXPECT_EQ(open_text.read_text(), "abc");
  const std::string items = raw("9f0102ff");
  CborReader open_array(items);
  auto array = open_array.begin_array();
  std::uint64_t sum = 0;
  while (open_array.next(array)) sum += open_array.read_unsigned();
  EXPECT_EQ(sum, 3U);
  EXPECT_TRUE(open_array.ok());
  const std::string tagged = raw("c1190100");
  CborReader with_tag(tagged);
  EXPECT_EQ(with_tag.read_unsigned(), 256U);
  const std::string map =
      raw("a26161820102616240"
          "05");
  CborReader skipping(map);
  skipping.skip();
  EXPECT_EQ(skipping.read_unsigned(), 5U);
  EXPECT_TRUE(skipping.ok());
}

TEST(Cbor, RefusesWhatIsCutWrongOrTooDeep) {
  for (const char* hex : {"", "19", "1901", "5f", "5f41", "5bffffffffffffffff41", "1c", "ff"}) {
    const std::string bytes = raw(hex);
    CborReader reader(bytes);
    (void)reader.read_bytes();
    EXPECT_FALSE(reader.ok()) << hex;
  }
  const std::string deep(1000, '\x81');
  CborReader reader(deep);
  reader.skip();
  EXPECT_FALSE(reader.ok());
  const std::string tags(1000, '\xc1');
  CborReader tag_reader(tags);
  (void)tag_reader.read_unsigned();
  EXPECT_FALSE(tag_reader.ok());
}

TEST(Cbor, RefusesATextThatIsNotUtf8) {
  for (const char* hex : {"61ff", "62c328", "63eda080", "62c0af", "7f61ff6161ff"}) {
    const std::string bytes = raw(hex);
    CborReader reader(bytes);
    EXPECT_EQ(reader.read_text(), "") << hex;
    EXPECT_FALSE(reader.ok()) << hex;
  }
}

TEST(Cbor, AnArrayOfAnotherLengthIsAnError) {
  const std::string bytes = raw("820102");
  CborReader reader(bytes);
  auto array = reader.begin_array();
  EXPECT_TRUE(reader.next(array));
  EXPECT_EQ(reader.read_unsigned(), 1U);
  reader.end(array);
  EXPECT_FALSE(reader.ok());
  EXPECT_NE(reader.error().find("at byte 2"), std::string::npos) << reader.error();
}

}  // namespace
}  // namespace hearth::packs::issues
