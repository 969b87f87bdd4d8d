#include "secrets/redactor.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <string>

#include "secrets/encodings.hpp"

namespace hearth::secrets {
namespace {

using ::testing::Contains;
using ::testing::HasSubstr;
using ::testing::Not;

Redactor knowing(std::string_view value) {
  Redactor redactor;
  redactor.add("key", value);
  return redactor;
}

TEST(Redactor, TakesOutTheSecretAndNothingElse) {
  const Redactor redactor = knowing("sk-secret/1");
  EXPECT_EQ(redactor.redact("Bearer sk-secret/1, twice sk-secret/1!"),
            "Bearer [secret key], twice [secret key]!");
  for (const char* const text : {"", "sk-secret", "sk-secret/2", "k-secret/1", "nothing"})
    EXPECT_EQ(redactor.redact(text), text);
}

TEST(Redactor, FindsEncodedForms) {
  const Redactor redactor = knowing("sk-secret/1+x");
  for (const char* const text :
       {"sk-secret%2F1%2Bx", "sk-secret%2f1%2bx", "%73%6b%2d%73%65%63%72%65%74%2f%31%2b%78",
        "736b2d7365637265742f312b78", "736B2D7365637265742F312B78", R"(sk-secret\/1+x)",
        // base64 of it alone, behind "a:", "ab:" and "abc:"
        "c2stc2VjcmV0LzEreA==", "YTpzay1zZWNyZXQvMSt4",
        "YWI6c2stc2VjcmV0LzEreA==", "YWJjOnNrLXNlY3JldC8xK3g="}) {
    EXPECT_THAT(redactor.redact("<" + std::string(text) + ">"), HasSubstr("[secret key]")) << text;
  }
  EXPECT_THAT(forms_of("sk-secret", 6), Contains("c2stc2VjcmV0"));
}

// As a JSON text that is a string of another one, and a URL that is a part of another one.
TEST(Redactor, FindsWhatIsEncodedTwice) {
  const Redactor redactor = knowing("p/w\"d\\1+x");
  for (const char* const text :
       {R"(p/w\"d\\1+x)", R"(p/w\\\"d\\\\1+x)", R"(p\\\/w\\\"d\\\\1+x)", "p%2Fw%22d%5C1%2Bx",
        "p%252Fw%2522d%255C1%252Bx", "p%252fw%2522d%255c1%252bx", "p%2Fw%5C%22d%5C%5C1%2Bx",
        "%2570%252f%2577%2522%2564%255c%2531%252b%2578"}) {
    EXPECT_EQ(redactor.redact("<" + std::string(text) + ">"), "<[secret key]>") << text;
  }
  // base64 has characters that URLs want encoded.
  const Redactor other = knowing("\xfb\xef\xbe\xfb\xef\xbe");
  EXPECT_EQ(other.redact("<%2B%2B%2B%2B%2B%2B%2B%2B>"), "<[secret key]>");
  const Redactor lines = knowing("line one\nline two\ttab");
  EXPECT_EQ(lines.redact(R"(<line one\nline two\ttab>)"), "<[secret key]>");
  EXPECT_EQ(lines.redact(R"(<line one\\nline two\\ttab>)"), "<[secret key]>");
}

TEST(Redactor, FindsWhatIsSplitByWhiteSpace) {
  const Redactor redactor = knowing("sk-secret-1");
  for (const char* const text :
       {"sk-sec\nret-1", "sk-sec\r\n  ret-1", R"(sk-sec\nret-1)", "s k - s e c r e t - 1"})
    EXPECT_EQ(redactor.redact("<" + std::string(text) + ">"), "<[secret key]>") << text;
}

TEST(Redactor, PrefersTheLongerAndSharesAmongCopies) {
  Redactor redactor = knowing("secret");
  const Redactor copy = redactor;
  redactor.add("long", "secret-and-more");
  EXPECT_EQ(copy.redact("secret secret-and-more"), "[secret key] [secret long]");
  redactor.add("short", "abc");
  EXPECT_EQ(copy.redact("abc"), "abc");
}

TEST(Redactor, FindsASecretInAnyTwoParts) {
  const Redactor redactor = knowing("sk-secret-1");
  const std::string text =
      "before sk-secret-1 between sk-sec\nret-1 after, and some more text behind all of it";
  const std::string clean = redactor.redact(text);
  for (std::size_t at = 0; at <= text.size(); ++at) {
    StreamRedactor stream(redactor);
    std::string out = stream.feed(text.substr(0, at));
    out += stream.feed(text.substr(at));
    out += stream.finish();
    ASSERT_EQ(out, clean) << at;
  }
  StreamRedactor stream(redactor);
  std::string out;
  for (const char c : text) out += stream.feed({&c, 1});
  EXPECT_EQ(out + stream.finish(), clean);
  EXPECT_THAT(clean, Not(HasSubstr("sk-")));
}

}  // namespace
}  // namespace hearth::secrets
