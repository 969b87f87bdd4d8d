// The published and derived vectors of the log's format (tests/data/issues/vectors.txt).
#include <gtest/gtest.h>

#include <fstream>
#include <map>
#include <sstream>
#include <string>
#include <vector>

#include "packs/issues/engine/chunk.hpp"
#include "packs/issues/engine/crypto.hpp"
#include "packs/issues/engine/event_codec.hpp"
#include "sample_events.hpp"

namespace hearth::packs::issues {
namespace {

using test::counting_id;
using test::event_of;

std::vector<std::vector<std::string>> vectors(const std::string& what) {
  std::vector<std::vector<std::string>> found;
  std::ifstream file(std::string(HEARTH_SOURCE_DIR) + "/tests/data/issues/vectors.txt");
  for (std::string line; std::getline(file, line);) {
    std::istringstream words(line);
    std::vector<std::string> list;
    for (std::string word; words >> word;) list.push_back(word);
    if (!list.empty() && list.front() == what) found.push_back(list);
  }
  EXPECT_FALSE(found.empty()) << what;
  return found;
}

std::map<std::string, Event> sample_events() {
  const auto target = id_of_hex<IssueId>("aabbccddeeff00112233445566778899").value();
  Sha256 all_aa;
  all_aa.bytes.fill(0xaa);
  Event comment = event_of(CommentAdded{"Looks good"}, 1000);
  comment.parent = counting_id<EventId>(0x20);
  seal(comment);
  using enum DependencyType;
  return {
      {"V1", event_of(IssueCreated{"Test", "Body", {"p0", "bug"}})},
      {"V2", event_of(IssueUpdated{"Title 2", std::nullopt})},
      {"V3", comment},
      {"V4", event_of(LabelAdded{"bug"}, 2000)},
      {"V5", event_of(LabelRemoved{"wip"}, 3000)},
      {"V6", event_of(StateChanged{State::closed}, 4000)},
      {"V7", event_of(LinkAdded{"https://example.com", "ref"}, 5000)},
      {"V8", event_of(AssigneeAdded{"alice"}, 6000)},
      {"V9", event_of(AssigneeRemoved{"alice"}, 7000)},
      {"V10", event_of(AttachmentAdded{"log.txt", counting_id<Sha256>(0), "text/plain"}, 8000)},
      {"V11", event_of(DependencyAdded{target, blocks}, 9000)},
      {"V11b", event_of(DependencyAdded{target, depends_on}, 9000)},
      {"V11c", event_of(DependencyAdded{target, related_to}, 9000)},
      {"V12", event_of(DependencyRemoved{target, blocks}, 10'000)},
      {"V13", event_of(ContextUpdated{"src/main.rs",
                                      "rust",
                                      {{"main", "function", 1, 10}, {"Config", "struct", 12, 20}},
                                      "Entry point",
                                      all_aa},
                       11'000)},
      {"V14", event_of(ProjectContextUpdated{"framework", "actix-web"}, 12'000)},
  };
}

TEST(IssueVectors, EventsHaveTheirPreimagesAndIds) {
  const auto events = sample_events();
  const auto expected = vectors("event");
  ASSERT_EQ(events.size(), expected.size());
  for (const auto& vector : expected) {
    const Event& event = events.at(vector[1]);
    EXPECT_EQ(hex_of(event_preimage(event)), vector[2]) << vector[1];
    EXPECT_EQ(hex_of(event.id), vector[3]) << vector[1];
  }
}

TEST(IssueVectors, EventsSurviveAChunk) {
  std::vector<Event> events;
  for (const auto& [name, event] : sample_events()) events.push_back(event);
  const auto content = decode_chunk(encode_chunk(events));
  ASSERT_TRUE(content);
  EXPECT_EQ(content->events, events);
  EXPECT_TRUE(content->problems.empty());
}

TEST(IssueVectors, ChunksAreByteExact) {
  const auto events = sample_events();
  Event is_signed = events.at("V1");
  const auto seed = vectors("key").at(0).at(2);
  is_signed.signature = SigningKey::of_seed(*bytes_of_hex(seed)).value().sign(is_signed.id.view());
  const std::map<std::string, std::vector<Event>> chunks{
      {"chunk1", {events.at("V1")}},
      {"chunk2", {events.at("V1"), events.at("V4")}},
      {"chunk-signed", {is_signed}},
  };
  for (const auto& vector : vectors("chunk")) {
    const std::string chunk = encode_chunk(chunks.at(vector[1]));
    EXPECT_EQ(hex_of(chunk), vector[2]) << vector[1];
    EXPECT_EQ(hex_of(chunk_hash(chunk)), vector[3]) << vector[1];
    EXPECT_EQ(decode_chunk(chunk)->events, chunks.at(vector[1])) << vector[1];
  }
}

TEST(IssueVectors, SignaturesAreThoseOfTheSeed) {
  const auto keys = vectors("key");
  const auto key = SigningKey::of_seed(*bytes_of_hex(keys[0][2])).value();
  const std::string id(sample_events().at("V1").id.view());
  EXPECT_EQ(hex_of(key.public_key()), keys[1][2]);
  EXPECT_EQ(hex_of(key.sign(id)), keys[2][2]);
  EXPECT_TRUE(is_signed(id, key.sign(id), key.public_key()));
  EXPECT_FALSE(is_signed(id.substr(1), key.sign(id), key.public_key()));
  EXPECT_FALSE(is_signed(id, "short", key.public_key()));
}

TEST(IssueVectors, DigestsAreParameterisedByTheirLength) {
  const auto context = vectors("context").at(0);
  const Digest16 digest = blake2b_128("grite:context:file:" + context[1]);
  EXPECT_EQ(hex_of(IssueId{digest}), context[2]);
  for (const auto& vector : vectors("lock")) {
    EXPECT_EQ(hex_of(sha256(vector[1])).substr(0, 16), vector[2]);
  }
}

// D12: grite's readers believe ids and chunks; these do not.
TEST(IssueVectors, D12AnIdThatIsNotOfTheContentIsRefused) {
  Event forged = event_of(CommentAdded{"one"});
  forged.kind = CommentAdded{"two"};
  const Event good = event_of(CommentAdded{"three"});
  const auto content = decode_chunk(encode_chunk(std::vector{forged, good}));
  ASSERT_TRUE(content);
  EXPECT_EQ(content->events, std::vector{good});
  ASSERT_EQ(content->problems.size(), 1U);
  EXPECT_NE(content->problems.front().find(hex_of(forged.id)), std::string::npos);
}

TEST(IssueVectors, AnEventOfAKindUnknownHereIsLeftOutAlone) {
  const Event good = event_of(CommentAdded{"three"});
  std::string chunk = encode_chunk(std::vector{event_of(CommentAdded{"one"}), good});
  const std::size_t kind = chunk.find("\x03\x81\x63one");
  ASSERT_NE(kind, std::string::npos);
  chunk[kind] = '\x0f';
  const auto content = decode_chunk(chunk);
  ASSERT_TRUE(content);
  EXPECT_EQ(content->events, std::vector{good});
  EXPECT_EQ(content->problems.size(), 1U);
}

TEST(IssueVectors, ATornChunkIsDamaged) {
  const std::string chunk = encode_chunk(std::vector{event_of(CommentAdded{"one"})});
  for (std::size_t size = 0; size < chunk.size(); ++size) {
    EXPECT_FALSE(decode_chunk(chunk.substr(0, size))) << size;
  }
  EXPECT_TRUE(decode_chunk(chunk + "more")) << "grite ignores what follows the array";
}

}  // namespace
}  // namespace hearth::packs::issues
