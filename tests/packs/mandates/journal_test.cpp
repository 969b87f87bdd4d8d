#include "packs/mandates/engine/journal.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <sys/stat.h>

#include <string>
#include <vector>

#include "packs/mandates/engine/digest.hpp"
#include "store/atomic_file.hpp"
#include "support/fault_env.hpp"
#include "support/scratch_directory.hpp"

namespace hearth::packs::mandates {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;

TEST(Digests, AreThoseOfBlake2b) {
  // RFC 7693's "abc" is of 512 bits; this one is from the reference implementation (b2sum -l 256).
  EXPECT_EQ(hex(digest("abc")), "bddd813c634239723171ef3fee98579b94964e3bb1cb3e427262c8c068d52319");
  EXPECT_EQ(digest_from_hex(hex(digest("abc"))), digest("abc"));
  for (const char* wrong :
       {"", "00", "BDDD813C634239723171EF3FEE98579B94964E3BB1CB3E427262C8C068D52319"})
    EXPECT_FALSE(digest_from_hex(wrong)) << wrong;
}

TEST(Digests, AMacDependsOnKeyAndOnWhereAPartEnds) {
  const Key key{digest("key")};
  EXPECT_EQ(key.mac({"a", "b"}), key.mac({"a", "b"}));
  EXPECT_NE(key.mac({"a", "b"}), key.mac({"ab", ""}));
  EXPECT_NE(key.mac({"a"}), key.derive("journal").mac({"a"}));
}

TEST(KeyFile, IsMadeOnceAndKeptPrivate) {
  const test::ScratchDirectory directory("key");
  store::Env& env = store::system_env();
  EXPECT_EQ(Key::load(env, directory / "key", false).error().code, Errc::not_found);
  const Key made = Key::load(env, directory / "key", true).value();
  EXPECT_EQ(Key::load(env, directory / "key", false).value().mac({"a"}), made.mac({"a"}));
  ASSERT_EQ(::chmod((directory / "key").c_str(), 0640), 0);
  EXPECT_EQ(Key::load(env, directory / "key", true).error().code, Errc::permission);
  ASSERT_TRUE(store::replace_file(directory / "key", "short\n"));
  EXPECT_EQ(Key::load(env, directory / "key", true).error().code, Errc::damaged);
}

class JournalTest : public testing::Test {
 protected:
  Result<JournalHead> append(Journal& journal, const std::vector<std::string>& texts) {
    std::vector<JournalEntry> entries;
    std::uint64_t sequence = journal.head().sequence;
    for (const std::string& text : texts)
      entries.push_back({.sequence = ++sequence, .time = WallTime(), .kind = "note", .text = text});
    return journal.append(entries);
  }
  Result<std::unique_ptr<Journal>> open(const JournalHead& anchor = {}) {
    seen_.clear();
    return Journal::open(env_, path_, key_, anchor,
                         [this](const JournalEntry& entry) { seen_.emplace_back(entry.text); });
  }
  // A journal of three records; `anchor_` is the head at the second.
  std::string three() {
    auto journal = open().value();
    anchor_ = append(*journal, {"one", "two"}).value();
    head_ = append(*journal, {"three"}).value();
    return bytes();
  }
  std::string bytes() { return env_.read(path_, 1 << 20).value(); }
  void replace(const std::string& bytes) {
    ASSERT_TRUE(env_.unlink(path_));
    auto file = env_.create(path_, 0600).value();
    ASSERT_TRUE(file->append(bytes));
    ASSERT_TRUE(file->sync());
  }

  test::FaultEnv env_;
  std::string path_ = "/mandates/journal";
  const Key key_{digest("secret")};
  JournalHead anchor_;
  JournalHead head_;
  std::vector<std::string> seen_;
};

TEST_F(JournalTest, GivesBackWhatWasAppended) {
  three();
  auto journal = open(head_).value();
  EXPECT_THAT(seen_, ElementsAre("one", "two", "three"));
  EXPECT_EQ(journal->head(), head_);
  ASSERT_TRUE(append(*journal, {"four"}));
  EXPECT_EQ(open(head_).value()->head().sequence, 4U);
}

TEST_F(JournalTest, RefusesAGapInTheSequence) {
  auto journal = open().value();
  const std::vector<JournalEntry> entries{{.sequence = 2, .time = {}, .kind = "k", .text = "t"}};
  EXPECT_EQ(journal->append(entries).error().code, Errc::internal);
}

// Whatever an interrupted append leaves behind the anchor is cut, and what is appended afterwards
// is found.
TEST_F(JournalTest, CutsATornTail) {
  const std::string whole = three();
  const std::string two = whole.substr(0, whole.size() - (8 + 17 + 4 + 5 + 32));
  for (std::size_t size = two.size(); size < whole.size(); ++size) {
    for (const bool has_zeros : {false, true}) {
      std::string torn = whole.substr(0, size);
      if (has_zeros) torn.resize(whole.size(), '\0');
      replace(torn);
      auto journal = open(anchor_);
      ASSERT_TRUE(journal) << journal.error().message;
      EXPECT_THAT(seen_, ElementsAre("one", "two"));
      ASSERT_TRUE(append(**journal, {"three"}));
      EXPECT_EQ(bytes(), whole);
    }
  }
}

// Change, removal and truncation, byte by byte: each is found, with file and offset.
TEST_F(JournalTest, FindsEveryFlippedBit) {
  const std::string whole = three();
  for (std::size_t i = 0; i < whole.size(); ++i) {
    for (const char bit : {'\1', '\20'}) {
      std::string changed = whole;
      changed[i] = static_cast<char>(changed[i] ^ bit);
      const auto check = check_journal(changed, "j", key_, head_);
      ASSERT_FALSE(check) << i;
      if (check.error().code != Errc::unsupported) {
        EXPECT_EQ(check.error().code, Errc::damaged);
        EXPECT_THAT(check.error().message, HasSubstr("offset"));
      }
    }
  }
}

TEST_F(JournalTest, FindsTruncationAndRemoval) {
  const std::string whole = three();
  for (std::size_t size = 0; size < whole.size(); ++size)
    EXPECT_FALSE(check_journal(std::string_view(whole).substr(0, size), "j", key_, head_)) << size;
  EXPECT_TRUE(check_journal(whole, "j", key_, head_));
  // A record in the middle taken out, with its frame.
  const std::size_t record = 8 + 17 + 4 + 3 + 32;
  const auto without = whole.substr(0, 16) + whole.substr(16 + record);
  EXPECT_THAT(check_journal(without, "j", key_, head_).error().message,
              HasSubstr("record 2 stands"));
  ASSERT_TRUE(env_.unlink(path_));
  EXPECT_THAT(open(head_).error().message, HasSubstr("the journal is gone"));
}

TEST_F(JournalTest, BelievesNoOtherKeyAndNoOtherJournal) {
  const std::string whole = three();
  EXPECT_FALSE(check_journal(whole, "j", Key{digest("guess")}, {}));
  // Made with the right key, as by a restored copy that went on by itself.
  env_.unlink(path_).value();
  auto other = open().value();
  ASSERT_TRUE(append(*other, {"one", "two", "other"}));
  EXPECT_THAT(open(head_).error().message, HasSubstr("not the one that was anchored"));
}

TEST_F(JournalTest, RefusesANewerVersion) {
  std::string newer = three();
  newer[8] = 2;
  EXPECT_EQ(check_journal(newer, "j", key_, {}).error().code, Errc::unsupported);
}

// A failing disk and a loss of power at each step: what was answered stays, and nothing else does.
TEST_F(JournalTest, KeepsWhatWasAnsweredWhateverFails) {
  for (int step = 1;; ++step) {
    path_ = "/mandates/journal-" + std::to_string(step);
    JournalHead answered;
    bool has_failed = false;
    {
      env_.fail_at(step);
      auto journal = open();
      has_failed = !journal;
      for (int i = 0; i < 3 && journal && !has_failed; ++i) {
        if (const auto head = append(**journal, {"a", "b"})) {
          answered = *head;
        } else {
          has_failed = true;
          // Once unsure, always unsure.
          EXPECT_FALSE(append(**journal, {"c"}));
        }
      }
    }
    env_.crash();
    auto journal = open(answered);
    ASSERT_TRUE(journal) << step << ": " << journal.error().message;
    EXPECT_EQ((*journal)->head(), answered);
    ASSERT_TRUE(append(**journal, {"again"}));
    if (!has_failed) break;
  }
}

}  // namespace
}  // namespace hearth::packs::mandates
