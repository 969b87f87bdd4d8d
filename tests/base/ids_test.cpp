#include "base/ids.hpp"

#include <gtest/gtest.h>

#include <algorithm>
#include <set>
#include <string>
#include <thread>
#include <vector>

namespace hearth {
namespace {

using std::chrono::milliseconds;

const SystemClock system_clock;

bool is_lower_hex(char c) {
  return (c >= '0' && c <= '9') || (c >= 'a' && c <= 'f');
}

TEST(UuidV7, HasTheLayoutOfRfc9562) {
  const std::string id = make_uuid_v7(system_clock.wall());
  ASSERT_EQ(id.size(), 36U);
  for (std::size_t i = 0; i < id.size(); ++i) {
    const bool is_dash = i == 8 || i == 13 || i == 18 || i == 23;
    EXPECT_TRUE(is_dash ? id[i] == '-' : is_lower_hex(id[i])) << id;
  }
  EXPECT_EQ(id[14], '7') << "version in " << id;
  EXPECT_NE(std::string("89ab").find(id[19]), std::string::npos) << "variant in " << id;
}

TEST(UuidV7, BeginsWithTheMillisecond) {
  const milliseconds ahead(0x0fedcba98765);  // far in the future, so that no earlier id is after it
  const std::string id = make_uuid_v7(WallTime(ahead));
  EXPECT_EQ(id.substr(0, 13), "0fedcba9-8765");
}

TEST(UuidV7, IncreasesWithinAMillisecondAndWhenTheClockGoesBack) {
  const WallTime now = system_clock.wall();
  std::string last = make_uuid_v7(now);
  for (int i = 0; i < 10'000; ++i) {  // more than the 4096 of one millisecond
    std::string next = make_uuid_v7(i % 2 == 0 ? now : now - milliseconds(500));
    EXPECT_LT(last, next);
    last = std::move(next);
  }
}

TEST(UuidV7, IsUniqueAndOrderedInEveryThread) {
  std::vector<std::vector<std::string>> made(4);
  {
    std::vector<std::jthread> threads;
    for (auto& ids : made) {
      threads.emplace_back([&ids] {
        for (int i = 0; i < 5'000; ++i) ids.push_back(make_uuid_v7(system_clock.wall()));
      });
    }
  }
  std::set<std::string> all;
  for (const auto& ids : made) {
    EXPECT_TRUE(std::ranges::is_sorted(ids));
    all.insert(ids.begin(), ids.end());
  }
  EXPECT_EQ(all.size(), 20'000U);
}

TEST(RandomHex, HasTwoCharactersAByteAndDiffers) {
  EXPECT_EQ(random_hex(0), "");
  const std::string token = random_hex(16);
  EXPECT_EQ(token.size(), 32U);
  EXPECT_TRUE(std::ranges::all_of(token, is_lower_hex));
  EXPECT_NE(token, random_hex(16));
  EXPECT_EQ(random_hex(1000).size(),
            2000U);  // more than getrandom gives in one uninterrupted piece
}

TEST(Fingerprint, IsFnv1a64) {
  EXPECT_EQ(fingerprint64(""), 0xcbf29ce484222325U);
  EXPECT_EQ(fingerprint64("a"), 0xaf63dc4c8601ec8cU);
  EXPECT_EQ(fingerprint_hex("foobar"), "85944171f73967e8");
}

}  // namespace
}  // namespace hearth
