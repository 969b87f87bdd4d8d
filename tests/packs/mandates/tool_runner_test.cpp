#include "packs/mandates/tool_runner.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <unistd.h>

#include <algorithm>
#include <filesystem>
#include <iterator>
#include <optional>
#include <string>
#include <vector>

#include "packs/mandates/bench_fixture.hpp"
#include "packs/mandates/workspace/change_set.hpp"
#include "packs/mandates/workspace/guard_record.hpp"

namespace hearth::packs::mandates {
namespace {

namespace fs = std::filesystem;

// With a place for stores.
class StoresContext final : public BenchContext {
 public:
  explicit StoresContext(std::string stores) : BenchContext({stores}), stores_(std::move(stores)) {}
  Result<fs::path> data_directory(std::string_view name_space) override {
    const fs::path directory = fs::path(stores_) / name_space / "mandates";
    fs::create_directories(directory);
    return directory;
  }
  bool serves(std::string_view name_space) const override { return name_space != not_served; }

  std::string not_served;

 private:
  const std::string stores_;
};

class ToolRunnerTest : public testing::Test {
 protected:
  ToolRunnerTest() { start(); }
  void start() {
    Settings settings;
    settings.workers = 1;
    runner_.emplace();
    runner_->start(context_, std::move(settings));
  }
  void stop() {
    if (runner_) runner_->stop();
    runner_.reset();
  }
  // The daemon's end and the next one's start.
  void restart() {
    stop();
    start();
  }
  ~ToolRunnerTest() override { stop(); }
  static std::ptrdiff_t threads() {
    return std::distance(fs::directory_iterator("/proc/self/task"), fs::directory_iterator());
  }

  test::ScratchDirectory scratch_{"runner"};
  StoresContext context_{scratch_ / "stores"};
  std::optional<ToolRunner> runner_;
};

// Two namespaces on one workspace, of which the first was killed.
class KilledNamespace : public ToolRunnerTest {
 protected:
  KilledNamespace() {
    fs::create_directories(workspace_);
    EXPECT_TRUE(runner_->make_space("killed"));
    EXPECT_TRUE(runner_->make_space("other"));
    stop();
  }
  bool is_open_to_others() {
    const auto held = runner_->bench().workspaces().hold(workspace_, {}, "other");
    why_ = held ? std::string() : held.error().message;
    return held.has_value();
  }

  // A set of changes to a and b, between the two.
  void cut_off(const std::string& workspace, const std::string& id) const {
    const auto root = workspace::Root::open(workspace).value();
    const std::vector<workspace::Change> changes{{.path = "a", .content = "two\n"},
                                                 {.path = "b", .content = "two\n"}};
    int steps = 0;
    EXPECT_FALSE(workspace::apply(root, workspace::prepare(root, changes).value(), id, records_,
                                  [&] { return ++steps < 6; }));
    ASSERT_EQ(workspace::left_change_sets(records_).value(), std::vector{workspace});
    EXPECT_NE(test::read_file(workspace + "/a"), test::read_file(workspace + "/b"));
  }

  const std::string workspace_ = scratch_ / "w";
  const std::string records_ = scratch_ / "stores/killed/mandates/changes";
  std::string why_;
};

TEST_F(ToolRunnerTest, ANamespaceThatIsOnlyReadIsNotMade) {
  const auto before = threads();
  const auto found = runner_->space("nobodys");
  ASSERT_TRUE(found) << found.error().message;
  EXPECT_EQ(*found, nullptr);
  EXPECT_TRUE(runner_->spaces().empty());
  EXPECT_FALSE(fs::exists(scratch_ / "stores/nobodys"));
  EXPECT_EQ(threads(), before);
}

TEST_F(ToolRunnerTest, OneThatHasMandatesIsFoundAndOpenedOnce) {
  const auto made = runner_->make_space("mine");
  ASSERT_TRUE(made) << made.error().message;
  EXPECT_EQ(runner_->space("mine").value(), *made);
  EXPECT_EQ(runner_->make_space("mine").value(), *made);
  EXPECT_EQ(Space::all(context_), std::vector<std::string>{"mine"});
}

// [daemon] namespaces, read again.
TEST_F(ToolRunnerTest, ANamespaceThatIsServedNoMoreRestsUntilItIs) {
  ASSERT_TRUE(runner_->make_space("other"));
  const auto before = threads();
  ASSERT_TRUE(runner_->make_space("mine"));
  context_.not_served = "mine";
  runner_->settings_changed();
  EXPECT_EQ(threads(), before);
  const auto refused = runner_->space("mine");
  ASSERT_FALSE(refused);
  EXPECT_EQ(refused.error().code, Errc::mismatch);
  EXPECT_FALSE(runner_->make_space("mine"));
  context_.not_served.clear();
  runner_->settings_changed();
  EXPECT_NE(runner_->space("mine").value(), nullptr);
}

// Whoever makes up names must not get a daemon's threads for each.
TEST_F(ToolRunnerTest, ThereIsAnEndToNamespaces) {
  for (std::size_t i = 0; i < ToolRunner::most_spaces; ++i)
    ASSERT_TRUE(runner_->make_space("n" + std::to_string(i)));
  const auto before = threads();
  const auto refused = runner_->make_space("more");
  ASSERT_FALSE(refused);
  EXPECT_EQ(refused.error().code, Errc::busy);
  EXPECT_FALSE(fs::exists(scratch_ / "stores/more"));
  EXPECT_EQ(threads(), before);
  EXPECT_TRUE(runner_->make_space("n0")) << "what is there stays";
}

// Whichever is asked for first: what the other one left is looked at before.
TEST_F(KilledNamespace, IsLookedAfterBeforeAnotherOneOpens) {
  const auto root = workspace::Root::open(workspace_).value();
  workspace::GuardRecord record{.key = "run/1/s", .workspace = workspace_};
  record.root = workspace::identity_of(root);
  record.first_process.boot = sandbox::mark_of(::getpid())->boot;
  record.before = workspace::protected_entries(root, false, {}).value();
  ASSERT_TRUE(workspace::write_guard(records_, record));
  test::write_file(workspace_ + "/.envrc", "x\n");
  const std::string changed = scratch_ / "changed";
  fs::create_directories(changed);
  test::write_file(changed + "/a", "one\n");
  test::write_file(changed + "/b", "one\n");
  cut_off(changed, "half");

  restart();
  ASSERT_TRUE(runner_->space("other"));
  EXPECT_EQ(runner_->spaces().size(), 1U);
  EXPECT_FALSE(fs::exists(workspace_ + "/.envrc")) << "it is aside";
  EXPECT_TRUE(workspace::left_guards(records_)->empty());
  EXPECT_TRUE(workspace::left_change_sets(records_)->empty());
  EXPECT_EQ(test::read_file(changed + "/a"), "two\n");
  EXPECT_EQ(test::read_file(changed + "/b"), "two\n");
  EXPECT_TRUE(is_open_to_others()) << why_;
}

// Nobody knows what lies there: nobody does anything, until somebody has looked.
TEST_F(KilledNamespace, KeepsOthersAwayWhileItCannotBeLookedAfter) {
  test::write_file(records_ + "/x.change-set", "damaged");
  restart();
  ASSERT_TRUE(runner_->space("other")) << "it can be asked about";
  EXPECT_FALSE(is_open_to_others());
  EXPECT_THAT(why_, testing::HasSubstr("namespace killed"));
  EXPECT_THAT(runner_->space("other").value()->record_problem(),
              testing::HasSubstr("x.change-set"));
  EXPECT_FALSE(runner_->space("killed"));
  fs::remove(records_ + "/x.change-set");
  EXPECT_TRUE(runner_->space("killed"));
  EXPECT_TRUE(is_open_to_others()) << why_;
}

// What somebody else changed in a set that was cut off is a person's to look at; after that nothing
// of it stays behind.
TEST_F(KilledNamespace, LeavesNothingOfASetOfChangesThatAPersonHasLookedAt) {
  test::write_file(workspace_ + "/a", "one\n");
  test::write_file(workspace_ + "/b", "one\n");
  const std::string id = change_id("run/1/s");
  cut_off(workspace_, id);
  test::write_file(workspace_ + "/a", "three\n");
  restart();
  const auto space = runner_->space("killed").value();
  const std::string stage = workspace_ + "/.hearth-stage-" + id;
  EXPECT_EQ(workspace::left_change_sets(records_).value(), std::vector{workspace_});
  EXPECT_TRUE(fs::exists(stage)) << "what was there";
  EXPECT_TRUE(is_open_to_others()) << why_;
  ASSERT_TRUE(space->store().commit(Point::proposal_decided, [](Change& change) {
    return change.note("reviewed", {{"effect", "run/1/s"}, {"word", "done"}});
  }));
  EXPECT_TRUE(workspace::left_change_sets(records_)->empty());
  EXPECT_FALSE(fs::exists(stage));
}

// Its store does not open, but its record tells where it was.
TEST_F(KilledNamespace, KeepsOthersAwayFromWhereItWas) {
  workspace::GuardRecord record{.key = "run/1/s", .workspace = workspace_};
  ASSERT_TRUE(workspace::write_guard(records_, record));
  const std::string store = scratch_ / "stores/killed/mandates/mandates.db";
  test::write_file(store, std::string(4'096, 'x'));
  fs::remove(store + "-wal");
  restart();
  ASSERT_TRUE(runner_->space("other"));
  EXPECT_FALSE(is_open_to_others());
  EXPECT_TRUE(runner_->bench().workspaces().hold(scratch_ / "elsewhere", {}, "other"));
}

}  // namespace
}  // namespace hearth::packs::mandates
