#include "packs/issues/engine/log_files.hpp"

#include <gtest/gtest.h>

#include <string>

#include "packs/issues/engine/small_json.hpp"
#include "sample_events.hpp"

namespace hearth::packs::issues {
namespace {

using test::counting_id;

const auto chunk =
    id_of_hex<ChunkHash>("762674a2ca507121c33ab91f1b674fe02f13665681c164bb6044fbecd881d66d")
        .value();

TEST(LogFiles, MetaIsByteExact) {
  const WalMeta meta{
      .actor = counting_id<ActorId>(0x10), .chunk = chunk, .previous = std::nullopt, .calls = {}};
  EXPECT_EQ(encode_meta(meta),
            "{\n  \"schema_version\": 1,\n  \"actor_id\": \"101112131415161718191a1b1c1d1e1f\",\n"
            "  \"chunk_hash\": "
            "\"762674a2ca507121c33ab91f1b674fe02f13665681c164bb6044fbecd881d66d\",\n"
            "  \"prev_wal\": null\n}");
  EXPECT_EQ(decode_meta(encode_meta(meta)), meta);
}

TEST(LogFiles, MetaCarriesCallsBeyondWhatOthersKnow) {
  const WalMeta meta{.actor = counting_id<ActorId>(0x10),
                     .chunk = chunk,
                     .previous = counting_id<CommitId>(7),
                     .calls = {{"call:\"1\"", "f00d", {counting_id<EventId>(9)}}, {"x", "", {}}}};
  const auto read = decode_meta(encode_meta(meta));
  ASSERT_TRUE(read) << read.error().message;
  EXPECT_EQ(*read, meta);
}

TEST(LogFiles, MetaIgnoresStrangersAndMissesItsOwn) {
  const auto with = [](const std::string& members) {
    return decode_meta("{\"schema_version\":1," + members + "\"chunk_hash\":\"" + hex_of(chunk) +
                       "\",\"prev_wal\":null}");
  };
  EXPECT_TRUE(with("\"actor_id\":\"101112131415161718191a1b1c1d1e1f\",\"new\":[{\"a\":-1.5e3}],"));
  EXPECT_FALSE(with("\"actor_id\":\"1011\","));
  EXPECT_FALSE(with(""));
  EXPECT_EQ(decode_meta("{\"schema_version\":2}").error().code, Errc::unsupported);
  EXPECT_EQ(decode_meta("[]").error().code, Errc::damaged);
}

TEST(LogFiles, SnapshotsAndLocksSurvive) {
  const SnapshotMeta snapshot{
      .created_ms = 5,
      .wal_head = counting_id<CommitId>(1),
      .events = 3,
      .chunks = {{"events/0000.bin", chunk, 2}, {"events/0001.bin", chunk, 1}}};
  EXPECT_EQ(decode_snapshot(encode_snapshot(snapshot)), snapshot);
  const Lock lock{.owner = counting_id<ActorId>(0x10),
                  .nonce = "00000000-0000-4000-8000-000000000000",
                  .expires_ms = 1'700'000'300'000,
                  .resource = "repo:global"};
  EXPECT_EQ(encode_lock(lock),
            "{\n  \"owner\": \"101112131415161718191a1b1c1d1e1f\",\n"
            "  \"nonce\": \"00000000-0000-4000-8000-000000000000\",\n"
            "  \"expires_unix_ms\": 1700000300000,\n  \"resource\": \"repo:global\"\n}");
  EXPECT_EQ(decode_lock(encode_lock(lock)), lock);
}

TEST(SmallJson, ReadsAllOfJsonWithinBounds) {
  const auto value = parse_small_json(
      R"( {"a":"\u00e9\ud83d\ude00\n\/","b":[true,false,null,{}],"n":18446744073709551615} )");
  ASSERT_TRUE(value);
  ASSERT_NE(value->text("a"), nullptr);
  EXPECT_EQ(*value->text("a"), "é😀\n/");
  EXPECT_EQ(value->number("n"), UINT64_MAX);
  EXPECT_EQ(value->text("n"), nullptr);
  for (const char* bad : {"", "{", "{\"a\"}", "[1 2]", "[1,]", "{} {}", "\"\\x\"", "\"\\u12\"",
                          "\"\\ud83d\\u0041\"", "nul", "-", "{,}"}) {
    EXPECT_FALSE(parse_small_json(bad) && std::string(bad) != "-") << bad;
  }
  EXPECT_FALSE(parse_small_json(std::string(100, '[') + std::string(100, ']')));
}

TEST(SmallJson, EscapesWhatMustBe) {
  std::string out;
  append_json_text(out, "a\"\\\n\x01é");
  EXPECT_EQ(out, "\"a\\\"\\\\\\n\\u0001é\"");
}

}  // namespace
}  // namespace hearth::packs::issues
