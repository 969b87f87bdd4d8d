#include "packs/knowledge/engine/memory.hpp"

#include <gtest/gtest.h>

#include <memory>
#include <string>

#include "packs/knowledge/engine/builtin_embedder.hpp"
#include "packs/knowledge/engine/context.hpp"
#include "packs/knowledge/engine/edges.hpp"
#include "packs/knowledge/engine/entries.hpp"
#include "support/scratch_directory.hpp"

namespace hearth::packs::knowledge {
namespace {

constexpr WallTime start(std::chrono::seconds(1'760'000'000));
constexpr WallTime days_later(int days) {
  return start + std::chrono::days(days);
}

class MemoryStore : public testing::Test {
 protected:
  MemoryStore()
      : store_(KnowledgeStore::open(
                   directory_ / "k.db", clock_, {.embedder = std::make_shared<BuiltinEmbedder>()})
                   .value()) {}
  template <typename Work>
  auto write(Work work) {
    decltype(work(std::declval<store::Database&>())) outcome;
    auto done = store_->write_and_wait([&](store::Database& database) -> Result<std::string> {
      outcome = work(database);
      if (!outcome) return std::unexpected(outcome.error());
      return std::string();
    });
    EXPECT_TRUE(done) << done.error().message;
    return outcome;
  }
  std::string remember(const std::string& title,
                       const std::string& text,
                       double salience = 0.5,
                       const char* memory = memory_semantic,
                       WallTime when = start) {
    return write([&](store::Database& database) {
             return add_entry(
                 database, {.text = text, .title = title, .memory = memory, .salience = salience},
                 when);
           })
        .value()
        .id;
  }
  Recollection recall_at(const std::string& query, WallTime when, std::int64_t limit = 10) {
    auto reader = store_->reader({}).value();
    RecallRequest request;
    request.query = query;
    request.limit = limit;
    auto found = recall(*store_, *reader, request, when);
    EXPECT_TRUE(found) << found.error().message;
    return found.value_or(Recollection());
  }

  const test::ScratchDirectory directory_{"memory"};
  const SystemClock clock_;
  std::unique_ptr<KnowledgeStore> store_;
};

TEST(Fading, IsFasterForWhatHappened) {
  EXPECT_DOUBLE_EQ(faded_salience(0.8, true, 0), 0.8);
  EXPECT_NEAR(faded_salience(1, true, 50), 0.3679, 1e-4);
  EXPECT_NEAR(faded_salience(1, false, 200), 0.3679, 1e-4);
  EXPECT_DOUBLE_EQ(recency(30), 0.5);
}

TEST_F(MemoryStore, RecallsWhatIsRelevantBeforeWhatMatters) {
  remember("Deploy", "We deploy on Fridays by hand", 0.1);
  remember("Coffee", "The coffee machine is broken", 1.0);
  const Recollection found = recall_at("when do we deploy", days_later(1));
  ASSERT_FALSE(found.memories.empty());
  EXPECT_EQ(found.memories.front().entry.title, "Deploy");
  EXPECT_GT(found.memories.front().relevance, 0.3);
}

TEST_F(MemoryStore, RecallsWhatMattersNowWithoutAQuery) {
  remember("Old", "an old event", 0.9, memory_episodic, start);
  remember("Lasting", "a lasting fact", 0.8, memory_semantic, start);
  const Recollection fresh = recall_at("", days_later(0));
  EXPECT_EQ(fresh.memories.at(0).entry.title, "Old");
  const Recollection later = recall_at("", days_later(100));
  EXPECT_EQ(later.memories.at(0).entry.title, "Lasting");
  EXPECT_TRUE(recall_at("", start, 1).is_more);
}

TEST_F(MemoryStore, LeavesOutWhatWasNotRemembered) {
  (void)write([&](store::Database& database) {
    return add_entry(database, {.text = "deploy passage", .memory = {}}, start);
  });
  EXPECT_TRUE(recall_at("deploy", start).memories.empty());
  EXPECT_TRUE(recall_at("", start).memories.empty());
}

TEST_F(MemoryStore, LearnsFromFeedback) {
  const std::string id = remember("Deploy", "We deploy on Fridays");
  const auto rate = [&](Feedback feedback) {
    return write([&](store::Database& database) {
             return give_feedback(database, id, feedback, days_later(1));
           })
        .value()
        .salience;
  };
  EXPECT_DOUBLE_EQ(rate(Feedback::useful), 0.6);
  EXPECT_DOUBLE_EQ(rate(Feedback::useless), 0.48);
  EXPECT_DOUBLE_EQ(rate(Feedback::wrong), 0.24);
}

TEST_F(MemoryStore, RefusesFeedbackOnAnotherVersion) {
  const std::string id = remember("Deploy", "We deploy on Fridays");
  (void)write([&](store::Database& database) {
    const auto refused = give_feedback(database, id, Feedback::wrong, days_later(1), 2);
    EXPECT_EQ(refused.error().code, Errc::conflict);
    return give_feedback(database, id, Feedback::useful, days_later(1), 1);
  });
}

TEST_F(MemoryStore, PrunesAFewThousandAtOnceMostFadedFirst) {
  const std::size_t many = most_pruned_at_once + 1;
  const auto made = write([&](store::Database& database) -> Result<Entry> {
    Result<Entry> last;
    for (std::size_t i = 0; i < many; ++i) {
      last = add_entry(database,
                       {.text = "number " + std::to_string(i),
                        .memory = memory_episodic,
                        .salience = i == 0 ? 0.09 : 0.01},
                       days_later(0));
      if (!last) return last;
    }
    return last;
  });
  ASSERT_TRUE(made);
  const auto prune_now = [&] {
    return write([&](store::Database& database) {
             return prune(database, {.filter = {}}, days_later(0));
           })
        .value();
  };
  const Pruned first = prune_now();
  EXPECT_EQ(first.count, static_cast<std::int64_t>(most_pruned_at_once));
  EXPECT_EQ(first.remaining, 1);
  const Pruned rest = prune_now();
  ASSERT_EQ(rest.count, 1);
  EXPECT_EQ(rest.some.at(0).text, "number 0");
}

TEST_F(MemoryStore, PrunesWhatHasFadedAndCanBringItBack) {
  const std::string id = remember("Event", "it rained", 0.2, memory_episodic);
  remember("Fact", "rain is wet", 0.9);
  const auto prune_now = [&](bool is_dry_run) {
    PruneRequest request;
    request.is_dry_run = is_dry_run;
    return write(
               [&](store::Database& database) { return prune(database, request, days_later(100)); })
        .value();
  };
  EXPECT_EQ(prune_now(true).count, 1);
  EXPECT_EQ(prune_now(false).some.at(0).id, id);
  EXPECT_EQ(prune_now(false).count, 0);
  EXPECT_EQ(recall_at("rained", days_later(100)).memories.size(), 1U);
  EntryChange change;
  change.restores = true;
  (void)write([&](store::Database& database) {
    return change_entry(database, id, change, days_later(100));
  });
  EXPECT_EQ(recall_at("rained", days_later(100)).memories.at(0).entry.id, id);
}

TEST_F(MemoryStore, GathersContextWithinABudgetAndSaysWhatItDropped) {
  const std::string deploy = remember("Deploy", "We deploy on Fridays. " + std::string(1000, 'x'));
  const std::string checks =
      remember("Checks", "Before that the checks run. " + std::string(1000, 'y'));
  (void)write([&](store::Database& database) {
    return link(database, {deploy, "needs", checks, 1}, start);
  });
  auto reader = store_->reader({}).value();
  const auto gather = [&](std::int64_t characters) {
    ContextRequest request;
    request.query = "deploy fridays";
    request.most_characters = characters;
    return gather_context(*store_, *reader, request).value();
  };
  const Context all = gather(8000);
  ASSERT_EQ(all.entries.size(), 2U);
  EXPECT_EQ(all.entries[1].from, deploy);
  EXPECT_EQ(all.entries[1].relation, "needs");
  EXPECT_EQ(all.dropped_count, 0);
  const Context little = gather(1100);
  EXPECT_EQ(little.entries.size(), 1U);
  EXPECT_EQ(little.dropped.at(0).id, checks);
  EXPECT_LE(little.characters, 1100);
  const Context cut = gather(500);
  EXPECT_TRUE(cut.entries.at(0).is_cut);
  EXPECT_EQ(cut.characters, 500);
  EXPECT_EQ(gather_context(*store_, *reader, {.query = {}, .roots = {}, .filter = {}}).error().code,
            Errc::invalid_args);
}

}  // namespace
}  // namespace hearth::packs::knowledge
