#include "packs/mandates/workspace/guard_record.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <unistd.h>

#include <filesystem>
#include <optional>

#include "support/process.hpp"
#include "support/scratch_directory.hpp"

namespace hearth::packs::mandates::workspace {
namespace {

using std::chrono::milliseconds;
using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;

// A workspace with protected files, and the record of a command that a kill cut off there.
class GuardRecordTest : public testing::Test {
 protected:
  GuardRecordTest() {
    std::filesystem::create_directories(path(".vscode"));
    std::filesystem::create_directories(scratch_ / "records");
    test::write_file(path(".envrc"), "x\n");
    test::write_file(path(".vscode/tasks.json"), "x\n");
    std::filesystem::create_hard_link(path(".envrc"), path("name"));
    root_.emplace(*Root::open(scratch_ / "w"));
    record_ = {.key = "run/1/s",
               .workspace = root_->path(),
               .root = identity_of(*root_),
               .is_git = false,
               .first_process = {},
               .before = *protected_entries(*root_, false, {})};
    const auto self = sandbox::mark_of(::getpid());
    record_.first_process = *self;
    record_.first_process.number = 0;  // none that runs
  }
  [[nodiscard]] std::string path(const std::string& below) const {
    return scratch_ / ("w/" + below);
  }
  [[nodiscard]] Result<Findings> recover() const {
    return recover_guard(record_, scratch_ / "aside", {}, milliseconds(500));
  }
  void make_new_ones() const {
    test::write_file(path(".bashrc"), "new\n");
    std::filesystem::create_directories(path("sub/.git"));
  }

  test::ScratchDirectory scratch_{"guard"};
  std::optional<Root> root_;
  GuardRecord record_;
};

TEST_F(GuardRecordTest, ComesBackAsItWasOrNotAtAll) {
  const std::string records = scratch_ / "records";
  ASSERT_TRUE(write_guard(records, record_));
  const auto left = left_guards(records);
  ASSERT_EQ(left->size(), 1U);
  const auto back = read_guard(left->front());
  ASSERT_TRUE(back) << back.error().message;
  EXPECT_EQ(back->key, record_.key);
  EXPECT_EQ(back->workspace, record_.workspace);
  EXPECT_EQ(back->root, record_.root);
  EXPECT_EQ(back->first_process.started, record_.first_process.started);
  EXPECT_EQ(back->first_process.boot, record_.first_process.boot);
  ASSERT_EQ(back->before.size(), 2U);
  EXPECT_EQ(back->before.at(".envrc").identity, record_.before.at(".envrc").identity);
  EXPECT_EQ(back->before.at(".envrc").changed_at, record_.before.at(".envrc").changed_at);
  EXPECT_EQ(back->to_bytes(), record_.to_bytes());
  const std::string bytes = record_.to_bytes();
  for (std::size_t i = 0; i < bytes.size(); ++i) {
    EXPECT_FALSE(GuardRecord::parse(bytes.substr(0, i))) << i;
    std::string changed = bytes;
    changed[i] = static_cast<char>(changed[i] ^ 1);
    EXPECT_FALSE(GuardRecord::parse(changed)) << i;
  }
  EXPECT_TRUE(end_guard(records, record_.key));
  EXPECT_TRUE(end_guard(records, record_.key)) << "there is none";
  EXPECT_THAT(*left_guards(records), IsEmpty());
}

TEST_F(GuardRecordTest, FindsWhatTheEndOfTheCommandWouldHaveFound) {
  EXPECT_FALSE(recover()->needs_review());
  make_new_ones();
  test::write_file(path("name"), "evil\n");
  std::filesystem::rename(path(".vscode"), path("other"));
  const auto found = recover();
  ASSERT_TRUE(found) << found.error().message;
  ASSERT_EQ(found->aside.size(), 2U);
  EXPECT_EQ(found->aside[0].path, ".bashrc");
  EXPECT_EQ(test::read_file(found->aside[0].now), "new\n");
  EXPECT_EQ(found->aside[1].path, "sub/.git");
  EXPECT_THAT(found->changed, ElementsAre(".envrc", HasSubstr(".vscode (it is gone")));
  EXPECT_THAT(recover()->aside, IsEmpty()) << "once";
}

// Numbers of devices are others then, and people have worked since.
TEST_F(GuardRecordTest, AfterTheMachineHasStartedAnew) {
  record_.first_process.boot = "another";
  record_.root.device ^= 1;
  for (auto& [path, entry] : record_.before) entry.identity.device ^= 1;
  EXPECT_FALSE(recover()->needs_review());
  make_new_ones();
  // What was made by then is older than this start: here all is younger, and so not the command's.
  const auto found = recover();
  EXPECT_THAT(found->aside, IsEmpty());
  if (record_.before.at(".envrc").identity.born_at == 0)
    GTEST_SKIP() << "this file system does not tell when a file was born";
  EXPECT_THAT(found->changed, ElementsAre(HasSubstr(".bashrc (it is new, and was made after"),
                                          HasSubstr("sub/.git (it is new, and was made after")));
  EXPECT_TRUE(std::filesystem::exists(path("sub/.git")));
}

// Until its outcome is recorded nobody takes a command for one that never began.
TEST_F(GuardRecordTest, TellsWhetherItsCommandBegan) {
  const std::string records = scratch_ / "records";
  EXPECT_FALSE(has_begun(records, record_.key));
  ASSERT_TRUE(write_guard(records, record_));
  EXPECT_TRUE(has_begun(records, record_.key));
  ASSERT_TRUE(end_guard(records, record_.key));
  EXPECT_TRUE(has_begun(records, record_.key));
  forget_ended_but(records, {"other", record_.key});
  EXPECT_TRUE(has_begun(records, record_.key));
  forget_ended(records, record_.key);
  EXPECT_FALSE(has_begun(records, record_.key));
  ASSERT_TRUE(write_guard(records, record_));
  ASSERT_TRUE(keep_damaged_guard(left_guards(records)->front()));
  EXPECT_TRUE(has_begun(records, record_.key));
}

// What a person makes days later is theirs, though it is told.
TEST_F(GuardRecordTest, LeavesWhatWasMadeLongAfterTheKill) {
  if (record_.before.at(".envrc").identity.born_at == 0)
    GTEST_SKIP() << "this file system does not tell when a file was born";
  make_new_ones();
  record_.seen_at = record_.before.at(".envrc").identity.born_at - 10'000'000'000;
  const auto late = recover();
  ASSERT_TRUE(late) << late.error().message;
  EXPECT_THAT(late->aside, IsEmpty());
  EXPECT_THAT(late->changed, ElementsAre(HasSubstr(".bashrc (it is new, and was made after"),
                                         HasSubstr("sub/.git (it is new, and was made after")));
  EXPECT_TRUE(std::filesystem::exists(path(".bashrc")));
  record_.seen_at += 10'000'000'000;
  EXPECT_EQ(recover()->aside.size(), 2U) << "within the time that a command takes to end";
}

// Somebody has cloned it anew.
TEST_F(GuardRecordTest, LeavesAnotherDirectoryAlone) {
  std::filesystem::rename(path(""), scratch_ / "old");
  EXPECT_EQ(recover().error().code, Errc::not_found);
  std::filesystem::create_directories(path(".git"));
  EXPECT_EQ(recover().error().code, Errc::not_found);
  EXPECT_TRUE(std::filesystem::exists(path(".git")));
}

TEST_F(GuardRecordTest, WaitsForTheCommandToEnd) {
  test::Process command({.words = {"/bin/sleep", "300"}});
  record_.first_process = *sandbox::mark_of(command.pid());
  make_new_ones();
  const auto found = recover();
  ASSERT_TRUE(found) << found.error().message;
  EXPECT_EQ(found->aside.size(), 2U);
  EXPECT_EQ(command.wait(std::chrono::seconds(30)).signal, SIGKILL);
}

}  // namespace
}  // namespace hearth::packs::mandates::workspace
