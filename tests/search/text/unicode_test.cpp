#include "search/text/unicode.hpp"

#include <gtest/gtest.h>

namespace hearth::search::text {
namespace {

TEST(Utf8, ReadsWhatItWrites) {
  for (char32_t code = 1; code <= 0x10FFFF; code += code < 0x3000 ? 1 : 97) {
    if (code >= 0xD800 && code < 0xE000) continue;
    std::string bytes;
    append_utf8(bytes, code);
    const DecodedCode decoded = decode_utf8(bytes + "x");
    ASSERT_EQ(decoded.code, code);
    ASSERT_EQ(decoded.size, bytes.size());
  }
}

TEST(Utf8, TakesWrongBytesOneByOne) {
  for (const std::string_view wrong :
       {"\x80", "\xC0\x80", "\xC1\xBF", "\xE0\x80\x80", "\xED\xA0\x80", "\xF0\x80\x80\x80",
        "\xF4\x90\x80\x80", "\xFF", "\xE6\xA4"}) {
    const DecodedCode decoded = decode_utf8(wrong);
    EXPECT_EQ(decoded.code, U'\xFFFD') << wrong;
    EXPECT_EQ(decoded.size, 1U);
  }
}

TEST(Unicode, KnowsItsClasses) {
  EXPECT_EQ(class_of(U'é'), CodeClass::letter);
  EXPECT_EQ(class_of(U'É'), CodeClass::upper);
  EXPECT_EQ(class_of(U'Ā'), CodeClass::upper);
  EXPECT_EQ(class_of(U'ā'), CodeClass::letter);
  EXPECT_EQ(class_of(U'٣'), CodeClass::digit);
  EXPECT_EQ(class_of(U'検'), CodeClass::ideograph);
  EXPECT_EQ(class_of(U'\u0301'), CodeClass::dropped);
  EXPECT_EQ(class_of(U'—'), CodeClass::separator);
  EXPECT_EQ(class_of(U'😀'), CodeClass::separator);
}

TEST(Unicode, FoldsToWhatFoldsToItself) {
  for (char32_t code = 0x80; code <= 0x10FFFF; ++code) {
    const CodeClass kind = class_of(code);
    if (kind == CodeClass::separator || kind == CodeClass::dropped) continue;
    std::string once;
    append_folded(once, code);
    ASSERT_FALSE(once.empty()) << static_cast<unsigned>(code);
    std::string twice;
    for (std::string_view rest = once; !rest.empty();) {
      const DecodedCode decoded = decode_utf8(rest);
      decoded.code < 0x80 ? append_utf8(twice, decoded.code) : append_folded(twice, decoded.code);
      rest.remove_prefix(decoded.size);
    }
    ASSERT_EQ(twice, once) << static_cast<unsigned>(code);
  }
}

}  // namespace
}  // namespace hearth::search::text
