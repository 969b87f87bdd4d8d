// Control groups of commands: on a real tree where this process may make a group in it (as root),
// else only what needs none.
#include "packs/mandates/sandbox/delegation.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <sys/stat.h>
#include <sys/xattr.h>
#include <unistd.h>

#include <csignal>
#include <filesystem>
#include <fstream>

#include "packs/mandates/sandbox_fixture.hpp"
#include "support/process.hpp"
#include "support/sizes.hpp"

namespace hearth::packs::mandates::sandbox {
namespace {

using test::patience;
using ::testing::ElementsAre;
using ::testing::EndsWith;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using ::testing::Pair;
using ::testing::StartsWith;

TEST(CommandGroup, LimitsWhatThereAreControllersFor) {
  const Limits limits{
      .memory_bytes = std::size_t{100} << 20, .tmp_bytes = std::size_t{8} << 20, .processes = 40};
  EXPECT_THAT(contents_for(limits, std::vector<std::string>{"memory", "pids"}),
              ElementsAre(Pair("memory.max", std::to_string(std::size_t{174} << 20)),
                          Pair("memory.swap.max", "0"), Pair("memory.oom.group", "1"),
                          Pair("pids.max", "43")));
  EXPECT_THAT(contents_for(limits, std::vector<std::string>{"pids"}),
              ElementsAre(Pair("pids.max", "43")));
  EXPECT_THAT(contents_for(limits, {}), IsEmpty());
}

TEST(CommandGroup, ReadsTheKernelsCounts) {
  constexpr std::string_view text = "low 0\nhigh 7\noom 2\noom_kill 13\noom_group_kill 1\n";
  EXPECT_EQ(number_of(text, "oom"), 2U);
  EXPECT_EQ(number_of(text, "oom_kill"), 13U);
  EXPECT_EQ(number_of(text, "oom_k"), 0U);
  EXPECT_EQ(number_of("", "oom"), 0U);
  EXPECT_EQ(number_of("oom", "oom"), 0U);
}

TEST(Delegation, IsNoneWhereNobodySaysSo) {
  const test::ScratchDirectory scratch("delegation");
  const auto opened = Delegation::open(scratch.path());
  ASSERT_FALSE(opened);
  EXPECT_EQ(opened.error().code, Errc::unsupported);
  EXPECT_THAT(opened.error().message, HasSubstr("not delegated"));
}

// Where the tree is mounted; empty: nowhere.
std::string mounted_tree() {
  std::ifstream mounts("/proc/self/mounts");
  for (std::string device, point, type, rest; mounts >> device >> point >> type;
       std::getline(mounts, rest)) {
    if (type == "cgroup2") return point;
  }
  return {};
}

std::string group_of(pid_t process) {
  std::ifstream file("/proc/" + std::to_string(process) + "/cgroup");
  for (std::string line; std::getline(file, line);) {
    if (line.starts_with("0::")) return line.substr(3);
  }
  return {};
}

// A group of the test's own, delegated to it.
class DelegationTest : public testing::Test {
 protected:
  void SetUp() override {
    const std::string tree = mounted_tree();
    if (tree.empty()) GTEST_SKIP() << "no tree of cgroups of version 2 is mounted here";
    directory_ = tree + "/hearth-test-" + std::to_string(::getpid());
    if (::mkdir(directory_.c_str(), 0700) != 0) {
      directory_.clear();
      GTEST_SKIP() << "no cgroup can be made here";
    }
    if (::setxattr(directory_.c_str(), "user.delegate", "1", 1, 0) != 0)
      GTEST_SKIP() << "cgroups have no attributes here";
  }
  void TearDown() override {
    if (directory_.empty()) return;
    for (const std::string& each : groups()) remove_group(directory_ + "/" + each);
    remove_group(directory_);
    EXPECT_FALSE(std::filesystem::exists(directory_));
  }
  [[nodiscard]] std::string name() const {
    return "/" + directory_.substr(directory_.rfind('/') + 1);
  }
  // Those in it.
  [[nodiscard]] std::vector<std::string> groups() const {
    std::vector<std::string> names;
    for (const auto& entry : std::filesystem::directory_iterator(directory_)) {
      if (entry.is_directory()) names.push_back(entry.path().filename());
    }
    return names;
  }
  void move(pid_t process, const std::string& group) const {
    const auto moved = write_into(group + "/cgroup.procs", std::to_string(process));
    EXPECT_TRUE(moved) << moved.error().message;
  }

  std::string directory_;
};

TEST_F(DelegationTest, CommandRunsInAGroupOfItsOwn) {
  HEARTH_NEEDS_SANDBOX();
  const test::ScratchDirectory scratch("delegation");
  auto delegation = Delegation::open(directory_);
  ASSERT_TRUE(delegation) << delegation.error().message;
  Settings settings = test_settings();
  settings.delegation = std::move(*delegation);
  std::string first;
  std::vector<std::string> during;
  Plan plan{.words = {"sh", "-c", "sleep 300 & cat /proc/self/cgroup"},
            .workspace = scratch.path()};
  plan.before_start = [&](pid_t process) -> Result<void> {
    first = group_of(process);
    during = groups();
    return {};
  };
  const auto ran = run_in_sandbox(settings, plan, {});
  ASSERT_TRUE(ran) << ran.error().message;
  EXPECT_TRUE(ran->is_success()) << ran->err;
  ASSERT_EQ(during.size(), 1U);
  EXPECT_THAT(first, EndsWith(name() + "/" + during.front()));
  EXPECT_THAT(ran->out, testing::Not(HasSubstr(name()))) << "the command does not see where it is";
  EXPECT_THAT(groups(), IsEmpty()) << "it is removed";
}

TEST_F(DelegationTest, EveryWallHoldsInGroups) {
  HEARTH_NEEDS_SANDBOX();
  auto delegation = Delegation::open(directory_);
  ASSERT_TRUE(delegation) << delegation.error().message;
  Settings settings = test_settings();
  settings.delegation = std::move(*delegation);
  const auto tried = try_walls(settings, {});
  ASSERT_TRUE(tried) << tried.error().message;
  EXPECT_TRUE(tried->is_passed()) << tried->describe();
  EXPECT_THAT(groups(), IsEmpty());
}

TEST_F(DelegationTest, AGroupEndsWithAllInIt) {
  auto delegation = Delegation::open(directory_);
  ASSERT_TRUE(delegation) << delegation.error().message;
  test::Process one({.words = {"/bin/sh", "-c", "trap '' TERM HUP; while :; do sleep 300; done"}});
  test::Process other({.words = {"/bin/sleep", "300"}});
  {
    auto group = (*delegation)->make_group({});
    auto second = (*delegation)->make_group({});
    ASSERT_TRUE(group && second);
    ASSERT_EQ(groups().size(), 2U);
    for (const pid_t each : {one.pid(), other.pid()}) {
      const std::string number = std::to_string(each);
      EXPECT_EQ(::write(group->entrance(), number.data(), number.size()),
                static_cast<ssize_t>(number.size()));
    }
    EXPECT_FALSE(group->is_out_of_memory());
  }
  EXPECT_EQ(one.wait(patience).signal, SIGKILL);
  EXPECT_EQ(other.wait(patience).signal, SIGKILL);
  EXPECT_THAT(groups(), IsEmpty());
}

TEST_F(DelegationTest, WhatAKilledDaemonLeftIsEnded) {
  const std::string left = directory_ + "/hearth-command-" + std::to_string(::getpid()) + "-1-0";
  const std::string others = directory_ + "/somebody-elses";
  ASSERT_EQ(::mkdir(left.c_str(), 0700), 0);
  ASSERT_EQ(::mkdir(others.c_str(), 0700), 0);
  test::Process process({.words = {"/bin/sleep", "300"}});
  move(process.pid(), left);
  const auto delegation = Delegation::open(directory_);
  ASSERT_TRUE(delegation) << delegation.error().message;
  EXPECT_EQ(process.wait(patience).signal, SIGKILL);
  EXPECT_THAT(groups(), ElementsAre("somebody-elses"));
  const auto group = (*delegation)->make_group({});
  ASSERT_TRUE(group);
  ASSERT_TRUE(Delegation::open(directory_)) << "once more, as for another namespace";
  EXPECT_EQ(groups().size(), 2U) << "what is in use stays";
}

TEST_F(DelegationTest, OursStepAsideForTheKernelsSake) {
  test::Process process({.words = {"/bin/sleep", "300"}});
  move(process.pid(), directory_);
  const auto delegation = Delegation::open(directory_);
  ASSERT_TRUE(delegation) << delegation.error().message;
  EXPECT_THAT(group_of(process.pid()), EndsWith(name() + "/hearth-daemon"));
  for (const std::string& controller : (*delegation)->controllers())
    EXPECT_THAT(test::read_file(directory_ + "/cgroup.subtree_control"), HasSubstr(controller));
}

TEST_F(DelegationTest, IsNoneWhereAnotherProcessIsInTheGroup) {
  // Its parent ends, so that it descends from us no more.
  const auto out =
      test::run({.words = {"/bin/sh", "-c", "setsid sleep 300 <&- >&- 2>&- & echo $!"}}, patience)
          .out;
  const pid_t stranger = std::stoi(out);
  move(stranger, directory_);
  const auto delegation = Delegation::open(directory_);
  ASSERT_FALSE(delegation);
  EXPECT_EQ(delegation.error().code, Errc::unsupported);
  EXPECT_THAT(delegation.error().message, StartsWith("process " + std::to_string(stranger)));
  EXPECT_THAT(group_of(stranger), EndsWith(name())) << "it was not moved";
  ::kill(stranger, SIGKILL);
}

}  // namespace
}  // namespace hearth::packs::mandates::sandbox
