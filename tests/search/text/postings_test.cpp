#include "search/text/postings.hpp"

#include <gtest/gtest.h>

#include <random>

#include "search/text/positions.hpp"

namespace hearth::search::text {
namespace {

constexpr FileKind kind = file_kind("test", 1);

std::shared_ptr<const Generation> owner() {
  MemoryFile file;
  GenerationWriter writer(file, kind, 64);
  EXPECT_TRUE(writer.finish(1));
  return Generation::of_bytes(file.take(), kind).value();
}

struct List {
  std::vector<DocId> documents;
  std::vector<std::uint32_t> frequencies;
  std::vector<std::uint16_t> lengths;
  std::string bytes;
};

List make(std::uint32_t count, std::uint32_t most_gap, std::mt19937& random) {
  List list;
  DocId document = random() % most_gap;
  for (std::uint32_t i = 0; i < count; ++i) {
    list.documents.push_back(document);
    list.frequencies.push_back(random() % 3 == 0 ? 1 + random() % 300 : 1);
    document += 1 + random() % most_gap;
  }
  for (DocId i = 0; i < document; ++i) list.lengths.push_back(1 + random() % 500);
  PostingsEncoder encoder(list.lengths);
  for (std::uint32_t i = 0; i < count; ++i) encoder.add(list.documents[i], list.frequencies[i]);
  EXPECT_EQ(encoder.count(), count);
  encoder.finish(list.bytes);
  return list;
}

TEST(Postings, AreWalkedSoughtAndBounded) {
  std::mt19937 random(3);
  const auto generation = owner();
  for (const std::uint32_t count : {1U, 2U, 127U, 128U, 129U, 1000U, 5000U}) {
    for (const std::uint32_t most_gap : {1U, 3U, 40U}) {
      const List list = make(count, most_gap, random);
      const auto documents = static_cast<std::uint32_t>(list.lengths.size());
      PostingCursor cursor(*generation, list.bytes, count, documents);
      for (std::uint32_t i = 0; i < count; ++i, cursor.next()) {
        ASSERT_EQ(cursor.document(), list.documents[i]);
        ASSERT_EQ(cursor.frequency(), list.frequencies[i]);
        ASSERT_EQ(cursor.index(), i);
      }
      EXPECT_EQ(cursor.document(), no_document);

      PostingCursor seeking(*generation, list.bytes, count, documents);
      const Bm25 bm25({documents, documents * std::uint64_t{250}});
      for (DocId target = 0; target < documents; target += 1 + random() % (most_gap * 60)) {
        if (random() % 2 == 0 && seeking.look_ahead(target)) {
          EXPECT_GE(seeking.ahead_last(), target);
        }
        seeking.seek(target);
        const auto expected = std::ranges::lower_bound(list.documents, target);
        if (expected == list.documents.end()) {
          ASSERT_EQ(seeking.document(), no_document);
          break;
        }
        ASSERT_EQ(seeking.document(), *expected);
        ASSERT_TRUE(seeking.look_ahead(*expected));
        const float score = bm25.score(2, seeking.frequency(), list.lengths[*expected]);
        EXPECT_LE(score, bm25.at_most(2, seeking.ahead_bound()));
        EXPECT_LE(score, bm25.at_most(2, seeking.ahead_bound_until(documents - 1)));
        EXPECT_LE(score, bm25.at_most(2, seeking.list_bound()));
      }
      EXPECT_NE(generation->trust(), Trust::damaged);
    }
  }
}

TEST(Postings, OfAnyBytesEndSomewhere) {
  std::mt19937 random(4);
  const List list = make(700, 5, random);
  const auto documents = static_cast<std::uint32_t>(list.lengths.size());
  for (int i = 0; i < 3000; ++i) {
    const auto generation = owner();
    std::string bytes = list.bytes;
    for (int j = 0; j < 3; ++j) bytes[random() % bytes.size()] = static_cast<char>(random());
    if (i % 3 == 0) bytes.resize(random() % bytes.size());
    PostingCursor cursor(*generation, bytes, i % 5 == 0 ? documents : 700, documents);
    std::size_t walked = 0;
    while (cursor.document() != no_document) {
      ASSERT_LT(cursor.document(), documents);
      ASSERT_LE(++walked, documents);
      (void)cursor.frequency();
      i % 2 == 0 ? cursor.next() : cursor.seek(cursor.document() + 1);
    }
  }
}

TEST(Positions, AreReadInAnyOrder) {
  std::mt19937 random(5);
  for (const std::uint32_t count : {1U, 128U, 129U, 600U}) {
    std::vector<std::vector<std::uint32_t>> all;
    PositionsEncoder encoder;
    PositionsEncoder copier;
    for (std::uint32_t i = 0; i < count; ++i) {
      std::vector<std::uint32_t> positions{static_cast<std::uint32_t>(random() % 90)};
      while (random() % 3 == 0) positions.push_back(positions.back() + random() % 200);
      encoder.add(positions);
      all.push_back(positions);
    }
    std::string bytes;
    encoder.finish(bytes);
    PositionCursor cursor(bytes, count);
    std::vector<std::uint32_t> read;
    for (int i = 0; i < 500; ++i) {
      const auto index = static_cast<std::uint32_t>(random() % count);
      ASSERT_TRUE(cursor.read(index, read));
      EXPECT_EQ(read, all[index]);
    }
    for (std::uint32_t i = 0; i < count; ++i) copier.add_encoded(cursor.encoded(i));
    std::string copied;
    copier.finish(copied);
    EXPECT_EQ(copied, bytes);
    EXPECT_FALSE(cursor.read(count, read));
  }
}

}  // namespace
}  // namespace hearth::search::text
