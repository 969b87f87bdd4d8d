#include "packs/issues/engine/git/ancestry.hpp"

#include <gtest/gtest.h>

#include <algorithm>
#include <map>
#include <random>
#include <set>

namespace hearth::packs::issues {
namespace {

CommitId numbered(unsigned number) {
  CommitId id;
  id.bytes[0] = static_cast<std::uint8_t>(number >> 8U);
  id.bytes[1] = static_cast<std::uint8_t>(number);
  return id;
}

class History {
 public:
  void add(unsigned commit, std::vector<unsigned> parents) {
    std::vector<CommitId>& list = parents_[numbered(commit)];
    std::ranges::transform(parents, std::back_inserter(list), numbered);
  }
  bool has_ancestor(unsigned of, unsigned ancestor) {
    reads_ = 0;
    const auto found = is_ancestor(numbered(ancestor), numbered(of),
                                   [this](const CommitId& id) -> Result<std::vector<CommitId>> {
                                     ++reads_;
                                     return parents_.at(id);
                                   });
    EXPECT_TRUE(found);
    return found.value_or(false);
  }
  // The same by walking everything.
  bool reaches(unsigned of, unsigned ancestor) {
    std::set<CommitId> seen;
    std::vector<CommitId> waiting{numbered(of)};
    while (!waiting.empty()) {
      const CommitId at = waiting.back();
      waiting.pop_back();
      if (!seen.insert(at).second) continue;
      waiting.insert(waiting.end(), parents_.at(at).begin(), parents_.at(at).end());
    }
    return seen.contains(numbered(ancestor));
  }
  [[nodiscard]] int reads() const { return reads_; }

 private:
  std::map<CommitId, std::vector<CommitId>> parents_;
  int reads_ = 0;
};

TEST(Ancestry, ForksAreSeenWithoutWalkingTheLog) {
  History history;
  history.add(0, {});
  for (unsigned i = 1; i < 1000; ++i) history.add(i, {i - 1});
  history.add(1001, {999});
  history.add(1002, {999});
  history.add(1003, {1002});
  EXPECT_FALSE(history.has_ancestor(1001, 1003));
  EXPECT_FALSE(history.has_ancestor(1003, 1001));
  EXPECT_LE(history.reads(), 8);
  EXPECT_TRUE(history.has_ancestor(1003, 999));
  EXPECT_FALSE(history.has_ancestor(990, 1003));
  EXPECT_LE(history.reads(), 30);
  EXPECT_TRUE(history.has_ancestor(5, 5));
}

TEST(Ancestry, AgreesWithWalkingEverything) {
  std::mt19937 random(3);  // NOLINT(bugprone-random-generator-seed): the same histories every time
  for (int round = 0; round < 50; ++round) {
    History history;
    constexpr unsigned commits = 40;
    for (unsigned i = 0; i < commits; ++i) {
      std::vector<unsigned> parents;
      for (unsigned p = 0; i > 0 && p < random() % 3; ++p) {
        parents.push_back(i - 1 - random() % std::min(i, 6U));
      }
      history.add(i, parents);
    }
    for (unsigned of = 0; of < commits; ++of) {
      for (unsigned ancestor = 0; ancestor < commits; ++ancestor) {
        ASSERT_EQ(history.has_ancestor(of, ancestor), history.reaches(of, ancestor))
            << of << " " << ancestor;
      }
    }
  }
}

}  // namespace
}  // namespace hearth::packs::issues
