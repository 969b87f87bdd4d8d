// KILL to hyperd at random moments under writers: no acknowledged commit is lost, and none that is
// said not to have happened did.
#include <gtest/gtest.h>
#include <signal.h>

#include <atomic>
#include <random>
#include <set>
#include <string>
#include <thread>
#include <vector>

#include "packs/sql/engine_calls.hpp"
#include "packs/sql/hyper_home.hpp"
#include "support/process.hpp"

namespace hearth::test {
namespace {

using namespace std::chrono_literals;
using sql::Access;

struct Told {
  std::set<int> committed, lost;  // what is in neither may be there or not
  std::string surprise;
};

class HyperKilled : public testing::Test {
 protected:
  void SetUp() override {
    if (hyperd_program().empty()) GTEST_SKIP() << "there is no hyperd: scripts/setup --hyper";
    engine_ = packs::sql::hyper::make_hyper_engine(home_.settings());
  }

  std::unique_ptr<sql::Connection> open_eventually() {
    std::unique_ptr<sql::Connection> connection;
    EXPECT_TRUE(eventually(
        [&] {
          auto opened = engine_->connect({"persistent", "", Access::read_write}, home_.session(),
                                         patiently());
          if (opened) connection = std::move(*opened);
          return connection != nullptr;
        },
        patience));
    return connection;
  }

  void write_until(const std::atomic<bool>& is_over, std::atomic<int>& next, Told& told) {
    std::unique_ptr<sql::Connection> connection;
    // However quick the kills are, each commits something in the end.
    while (!is_over || (told.committed.empty() && told.surprise.empty())) {
      if (!connection || !connection->is_alive()) connection = open_eventually();
      if (!connection) return;
      const int number = ++next;
      std::vector<std::string> texts{"INSERT INTO kept VALUES (" + std::to_string(number) + ")"};
      // Now and then with a definition, which is done in another way.
      if (number % 5 == 0) texts.push_back("CREATE TABLE IF NOT EXISTS other (i int)");
      const std::string outcome = change(*connection, texts);
      if (outcome == "1" || outcome == "1 0") {
        told.committed.insert(number);
      } else if (outcome.starts_with("engine_restarted: ")) {
        told.lost.insert(number);
      } else if (!outcome.starts_with("outcome_unknown: ")) {
        told.surprise = outcome;
      }
    }
  }

  HyperHome home_;
  std::unique_ptr<sql::Engine> engine_;
};

TEST_F(HyperKilled, LosesNoAcknowledgedCommit) {
  ASSERT_EQ(change(*open_eventually(), {"CREATE TABLE kept (i int)"}), "0");
  const int kills = is_full_size() ? 100 : 8;
  std::atomic<bool> is_over = false;
  std::atomic<int> next = 0;
  Told told[3];
  {
    std::vector<std::jthread> writers;
    for (Told& mine : told) {
      writers.emplace_back([&] { write_until(is_over, next, mine); });
    }
    std::mt19937 random(20240131);
    for (int i = 0; i < kills; ++i) {
      const int before = next;
      (void)eventually([&] { return next >= before + 4; }, patience);
      // Any moment of a commit, which takes some 10 ms.
      std::this_thread::sleep_for(std::chrono::microseconds(random() % 15'000));
      if (const auto pid = static_cast<pid_t>(engine_->status().pid); pid > 0) ::kill(pid, SIGKILL);
    }
    is_over = true;
  }
  const auto connection = open_eventually();
  ASSERT_TRUE(connection);
  std::multiset<int> found;
  const auto rows = connection->query({"SELECT i FROM kept"}, {}, patiently());
  ASSERT_TRUE(rows) << rows.error().message;
  for (auto batch = (*rows)->next(1'000, 1 << 20, patiently()); batch && batch->rows() > 0;
       batch = (*rows)->next(1'000, 1 << 20, patiently())) {
    for (std::size_t row = 0; row < batch->rows(); ++row)
      found.insert(std::stoi(std::string(batch->at(row, 0).text)));
  }
  for (const Told& mine : told) {
    EXPECT_EQ(mine.surprise, "");
    EXPECT_FALSE(mine.committed.empty());
    for (const int number : mine.committed) EXPECT_EQ(found.count(number), 1U) << number;
    for (const int number : mine.lost) EXPECT_EQ(found.count(number), 0U) << number;
  }
}

}  // namespace
}  // namespace hearth::test
