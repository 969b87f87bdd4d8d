#include "search/text/dictionary.hpp"

#include <gtest/gtest.h>

#include <map>
#include <random>

namespace hearth::search::text {
namespace {

struct Made {
  std::map<std::string, TermEntry> terms;
  DictionaryEncoder encoder;
};

Made make(std::size_t count) {
  std::mt19937 random(6);
  Made made;
  while (made.terms.size() < count) {
    std::string term;
    for (std::size_t i = 1 + random() % 9; i > 0; --i)
      term += static_cast<char>('a' + random() % 4);
    made.terms[term] = {};
  }
  std::uint64_t postings = 0;
  std::uint64_t positions = 0;
  for (auto& [term, entry] : made.terms) {
    entry = {1 + static_cast<std::uint32_t>(random() % 1000), postings, random() % 5000, positions,
             random() % 9000};
    made.encoder.add(term, entry.documents, entry.postings_size, entry.positions_size);
    postings += entry.postings_size;
    positions += entry.positions_size;
  }
  return made;
}

void expect_equal(const TermEntry& a, const TermEntry& b) {
  EXPECT_EQ(a.documents, b.documents);
  EXPECT_EQ(a.postings_offset, b.postings_offset);
  EXPECT_EQ(a.postings_size, b.postings_size);
  EXPECT_EQ(a.positions_offset, b.positions_offset);
  EXPECT_EQ(a.positions_size, b.positions_size);
}

TEST(Dictionary, FindsEveryTermAndNoOther) {
  for (const std::size_t count : {1UL, 16UL, 17UL, 700UL}) {
    const Made made = make(count);
    const Dictionary dictionary(made.encoder.terms(), made.encoder.starts());
    bool is_damaged = false;
    for (const auto& [term, entry] : made.terms) {
      const auto found = dictionary.find(term, is_damaged);
      ASSERT_TRUE(found) << term;
      expect_equal(*found, entry);
      EXPECT_EQ(dictionary.find(term + "!", is_damaged).has_value(), false);
    }
    TermCursor cursor(dictionary);
    for (const auto& [term, entry] : made.terms) {
      EXPECT_EQ(cursor.term(), term);
      expect_equal(cursor.entry(), entry);
      cursor.next();
    }
    EXPECT_TRUE(cursor.is_at_end());
    for (const std::string target : {"", "a", "abc", "bb", "ccccccc", "dddddddddd", "zz"}) {
      cursor.seek(target);
      const auto expected = made.terms.lower_bound(target);
      ASSERT_EQ(cursor.is_at_end(), expected == made.terms.end()) << target;
      if (!cursor.is_at_end()) EXPECT_EQ(cursor.term(), expected->first);
    }
    EXPECT_FALSE(is_damaged);
  }
}

TEST(Dictionary, OfAnyBytesEndsSomewhere) {
  const Made made = make(300);
  std::mt19937 random(7);
  for (int i = 0; i < 2000; ++i) {
    std::string terms = made.encoder.terms();
    std::string starts = made.encoder.starts();
    for (int j = 0; j < 3; ++j) terms[random() % terms.size()] = static_cast<char>(random());
    if (i % 2 == 0) starts[random() % starts.size()] = static_cast<char>(random());
    if (i % 5 == 0) terms.resize(random() % terms.size());
    const Dictionary dictionary(terms, starts);
    TermCursor cursor(dictionary);
    std::size_t walked = 0;
    for (; !cursor.is_at_end(); cursor.next()) ASSERT_LE(++walked, terms.size() * starts.size());
    bool is_damaged = false;
    (void)dictionary.find("abca", is_damaged);
  }
}

TEST(Dictionary, ThatIsEmptyFindsNothing) {
  bool is_damaged = false;
  EXPECT_FALSE(Dictionary({}, {}).find("a", is_damaged));
  EXPECT_FALSE(is_damaged);
}

}  // namespace
}  // namespace hearth::search::text
