// Any byte flipped, any length cut: never a crash, and never a wrong answer without notice.
#include <gtest/gtest.h>

#include <fstream>

#include "search/text/index.hpp"
#include "search/text/random_text.hpp"
#include "support/scratch_directory.hpp"
#include "support/sizes.hpp"

namespace hearth::search::text {
namespace {

std::string read_file(const std::string& path) {
  std::ifstream file(path, std::ios::binary);
  return {std::istreambuf_iterator<char>(file), {}};
}
void write_file(const std::string& path, const std::string& bytes) {
  std::ofstream(path, std::ios::binary | std::ios::trunc) << bytes;
}

class Damage : public testing::Test {
 protected:
  void SetUp() override {
    RandomText random(5);
    auto index = Index::open(store::system_env(), directory_.path(), {{2, 1}});
    ASSERT_TRUE(index);
    for (Key key = 0; key < 700; ++key) {
      const std::string title = random.text(4);
      const std::string text = random.text(25);
      const std::string facet = random.facet();
      const std::string_view fields[] = {title, text};
      const std::string_view facets[] = {facet};
      ASSERT_TRUE((*index)->put({key, fields, facets}));
    }
    ASSERT_TRUE((*index)->commit(1));
    ASSERT_TRUE((*index)->flush());
    for (Key key = 0; key < 700; key += 9) (*index)->erase(key);
    ASSERT_TRUE((*index)->commit(2));
    ASSERT_TRUE((*index)->flush());
    for (int i = 0; i < 12; ++i) queries_.push_back(random.query());
    queries_.push_back(random.words_query(3, false));
    queries_.push_back(random.words_query(2, true));
    expected_ = answers(**index);
    for (const std::string& name : store::system_env().list(directory_.path()).value()) {
      files_[directory_ / name] = read_file(directory_ / name);
    }
    ASSERT_EQ(files_.size(), 3U);  // manifest, generation, tombstones
  }

  std::vector<std::vector<Hit>> answers(const Index& index) const {
    std::vector<std::vector<Hit>> all;
    for (std::size_t i = 0; i < queries_.size(); ++i) {
      Filter filter;
      if (i % 3 == 0) filter.facets = {{"f1", "f2"}};
      all.push_back(index.search(queries_[i], filter, 10)->hits);
    }
    return all;
  }
  static Trust trust(const Index& index) {
    return index.search(Query::of_term("ba"), {}, 1)->trust;
  }

  void restore() const {
    for (const auto& [path, bytes] : files_) write_file(path, bytes);
  }

  // Returns whether the damage was noticed.
  bool try_index(const std::string& what) const {
    auto index = Index::open(store::system_env(), directory_.path(), {{2, 1}});
    if (!index) {
      EXPECT_FALSE(index.error().message.empty());
      return true;
    }
    EXPECT_NE(trust(**index), Trust::verified) << what;
    (void)answers(**index);
    const bool is_sound = (*index)->verify().has_value() && trust(**index) == Trust::verified;
    if (is_sound) {
      EXPECT_EQ(answers(**index), expected_) << what;
    } else {
      EXPECT_EQ(trust(**index), Trust::damaged) << what;
    }
    return !is_sound;
  }

  const test::ScratchDirectory directory_{"damage"};
  std::vector<Query> queries_;
  std::vector<std::vector<Hit>> expected_;
  std::map<std::string, std::string> files_;
};

TEST_F(Damage, OfAnyByteIsNoticedOrDoesNoHarm) {
  std::mt19937 random(99);
  const std::size_t samples = test::is_full_size() ? 20'000 : test::is_sanitized() ? 60 : 200;
  std::size_t noticed = 0;
  std::size_t tried = 0;
  for (const auto& [path, bytes] : files_) {
    for (std::size_t i = 0; i < samples; ++i, ++tried) {
      std::string changed = bytes;
      // Half of them where the tables are, at either end.
      const std::size_t near = std::min<std::size_t>(bytes.size(), 400);
      std::size_t at = random() % bytes.size();
      if (i % 4 == 0) at = random() % near;
      if (i % 4 == 1) at = bytes.size() - 1 - random() % near;
      changed[at] = static_cast<char>(changed[at] ^ (1 << random() % 8));
      write_file(path, changed);
      noticed += try_index(path + " at " + std::to_string(at)) ? 1 : 0;
      write_file(path, bytes);
      if (HasFailure()) return;
    }
  }
  EXPECT_GT(noticed * 10, tried * 5);  // what is not is padding between sections
}

TEST_F(Damage, OfAnyLengthIsNoticed) {
  std::mt19937 random(98);
  const std::size_t samples = test::is_full_size() ? 5'000 : test::is_sanitized() ? 40 : 100;
  for (const auto& [path, bytes] : files_) {
    for (std::size_t i = 0; i < samples; ++i) {
      write_file(path, bytes.substr(0, i < 20 ? i : random() % bytes.size()));
      EXPECT_TRUE(try_index(path));
      write_file(path, bytes);
    }
    write_file(path, bytes + "more");
    EXPECT_TRUE(try_index(path));
    write_file(path, bytes);
  }
}

TEST_F(Damage, IsAnsweredWithoutTheGenerationUntilTheIndexIsMadeAnew) {
  for (const auto& [path, bytes] : files_) {
    if (!path.ends_with(".gen")) continue;
    std::string changed = bytes;
    changed[changed.size() / 2] ^= 1;
    write_file(path, changed);
  }
  auto index = Index::open(store::system_env(), directory_.path(), {{2, 1}});
  ASSERT_TRUE(index);
  EXPECT_EQ((*index)->verify().error().code, Errc::damaged);
  EXPECT_EQ((*index)->status().live, 0U);
  EXPECT_EQ((*index)->status().trust, Trust::damaged);
  // Also after the next opening, and after changes.
  const std::string_view fields[] = {"new", "words"};
  ASSERT_TRUE((*index)->put({1, fields, {}}));
  ASSERT_TRUE((*index)->commit(3));
  ASSERT_TRUE((*index)->flush());
  index = Index::open(store::system_env(), directory_.path(), {{2, 1}});
  (void)(*index)->verify();
  EXPECT_EQ((*index)->status().trust, Trust::damaged);
  index = Index::recreate(store::system_env(), directory_.path(), {{2, 1}});
  ASSERT_TRUE(index);
  EXPECT_EQ((*index)->status().trust, Trust::verified);
  EXPECT_EQ((*index)->covered(), 0U);
  EXPECT_EQ(store::system_env().list(directory_.path())->size(), 1U);
}

TEST_F(Damage, AnotherSchemaAndANewerVersionAreRefused) {
  const auto other = Index::open(store::system_env(), directory_.path(), {{9, 1}});
  ASSERT_FALSE(other);
  EXPECT_EQ(other.error().code, Errc::mismatch);
  for (const auto& [path, bytes] : files_) {
    if (!path.ends_with("MANIFEST")) continue;
    write_file(path, "hearth-index 2\nanything\n");
  }
  const auto newer = Index::open(store::system_env(), directory_.path(), {{2, 1}});
  ASSERT_FALSE(newer);
  EXPECT_EQ(newer.error().code, Errc::unsupported);
}

}  // namespace
}  // namespace hearth::search::text
