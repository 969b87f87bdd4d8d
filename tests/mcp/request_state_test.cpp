#include "mcp/request_state.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <random>
#include <string>

#include "mcp/base64.hpp"

namespace hearth::mcp {
namespace {

using std::chrono::hours;
using std::chrono::milliseconds;
using ::testing::HasSubstr;

constexpr WallTime now{milliseconds(1'790'000'000'000)};

std::string why_not(const Result<std::string>& opened) {
  return opened ? "" : opened.error().message;
}

TEST(StateSeal, GivesBackWhatItSealed) {
  const StateSeal seal;
  std::mt19937 random(3);
  for (std::size_t size = 0; size < 200; size += 7) {
    std::string state(size, '\0');
    for (char& byte : state) byte = static_cast<char>(random());
    EXPECT_EQ(seal.open(seal.seal(state, "tool x", now), "tool x", now), state);
  }
}

TEST(StateSeal, CanBeReadByTheCallerButHidesNothingElse) {
  const std::string sealed = StateSeal().seal("step 1", "tool x", now);
  EXPECT_EQ(from_base64(sealed.substr(sealed.rfind('.') + 1)), "step 1");
}

TEST(StateSeal, RefusesEachChangeOfEachByte) {
  const StateSeal seal;
  const std::string sealed = seal.seal(R"({"step":1,"user":"a:b"})", "tool x", now);
  for (std::size_t at = 0; at < sealed.size(); ++at) {
    for (const char byte : std::string("A9.:=/z\0 -", 10)) {
      std::string changed = sealed;
      if (changed[at] == byte) continue;
      changed[at] = byte;
      EXPECT_FALSE(seal.open(changed, "tool x", now).has_value()) << changed;
    }
    EXPECT_FALSE(seal.open(sealed.substr(0, at), "tool x", now).has_value()) << at;
    EXPECT_FALSE(seal.open(sealed.substr(at + 1), "tool x", now).has_value()) << at;
  }
  EXPECT_FALSE(seal.open(sealed + "-TAMPERED", "tool x", now).has_value());
  EXPECT_FALSE(seal.open(sealed + "=", "tool x", now).has_value());
}

// The time and the state stand beside each other in what is signed.
TEST(StateSeal, RefusesAStateWhoseBeginningWasMovedIntoTheTime) {
  const StateSeal seal;
  const std::string sealed = seal.seal(R"({"admin":false,"next":{"admin":true}})", "tool x", now);
  const std::string tag = sealed.substr(0, sealed.find('.'));
  const std::string made = std::to_string(now.time_since_epoch().count());
  const std::string moved =
      tag + '.' + made + R"(:{"admin":false,"next".)" + base64(R"({"admin":true}})");
  EXPECT_THAT(why_not(seal.open(moved, "tool x", now)), HasSubstr("requestState"));
}

TEST(StateSeal, RefusesAnotherSubjectAndAnotherKey) {
  const StateSeal seal;
  const std::string sealed = seal.seal("s", "tool x", now);
  for (const char* other : {"tool y", "tool ", "tool x ", "", "prompt x"}) {
    EXPECT_THAT(why_not(seal.open(sealed, other, now)), HasSubstr("belongs to another call"));
  }
  EXPECT_FALSE(StateSeal().open(sealed, "tool x", now).has_value());
}

TEST(StateSeal, OpensWhatAnotherOfTheSameKeySealed) {
  const std::string key = StateSeal::make_key();
  ASSERT_EQ(key.size(), StateSeal::key_size);
  EXPECT_NE(key, StateSeal::make_key());
  EXPECT_EQ(StateSeal(key).open(StateSeal(key).seal("s", "t", now), "t", now), "s");
}

TEST(StateSeal, RefusesWhatIsOlderThanADay) {
  const StateSeal seal;
  const std::string sealed = seal.seal("s", "t", now);
  EXPECT_TRUE(seal.open(sealed, "t", now + hours(24)).has_value());
  EXPECT_THAT(why_not(seal.open(sealed, "t", now + hours(24) + milliseconds(1))),
              HasSubstr("too old"));
  EXPECT_TRUE(seal.open(sealed, "t", now - hours(1)).has_value());  // the clock was put back
}

TEST(StateSeal, SaysWhatToDoWithWhatItNeverGave) {
  const StateSeal seal;
  for (const char* wrong : {"", ".", "..", "a.b.c", "!!!.1.AAAA", "AAAA.1.AAAA", "AAAA.1"}) {
    const auto opened = seal.open(wrong, "t", now);
    ASSERT_FALSE(opened.has_value()) << wrong;
    EXPECT_EQ(opened.error().code, Errc::invalid_args);
    EXPECT_THAT(opened.error().message, HasSubstr("is not one that this server gave"));
    EXPECT_FALSE(opened.error().suggestions.empty());
  }
}

}  // namespace
}  // namespace hearth::mcp
