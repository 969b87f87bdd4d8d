// kill -9 at any moment of a sandbox's life: of the daemon, of what keeps the sandbox, of
// bubblewrap. Nothing is left, and a run that lives on says what became of it.
//
// The daemon is this program, started again to run only SandboxDaemon. What belongs to a test is
// known by the path of its scratch directory among a process's arguments.
#include <gtest/gtest.h>
#include <sys/stat.h>

#include <csignal>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <random>
#include <thread>

#include "packs/mandates/sandbox_fixture.hpp"
#include "support/process.hpp"
#include "support/sizes.hpp"

namespace hearth::packs::mandates::sandbox {
namespace {

using std::chrono::microseconds;
using std::chrono::milliseconds;
using test::eventually;
using test::patience;

constexpr const char* workspace_variable = "HEARTH_TEST_WORKSPACE";
constexpr const char* bubblewrap_variable = "HEARTH_TEST_BUBBLEWRAP";

// Empty for a process that is gone, or a zombie.
std::string arguments_of(const std::string& process) {
  return test::read_file("/proc/" + process + "/cmdline");
}

std::vector<std::string> processes_with(const std::string& path) {
  std::vector<std::string> found;
  for (const auto& entry : std::filesystem::directory_iterator("/proc")) {
    const std::string name = entry.path().filename();
    if (name.find_first_not_of("0123456789") != std::string::npos) continue;
    if (arguments_of(name).find(path) != std::string::npos) found.push_back(name);
  }
  return found;
}

// Of all its threads; none where the kernel does not tell.
std::vector<pid_t> children_of(pid_t parent) {
  std::vector<pid_t> children;
  std::error_code error;
  const std::string tasks = "/proc/" + std::to_string(parent) + "/task";
  for (std::filesystem::directory_iterator each(tasks, error), end; !error && each != end;
       each.increment(error)) {
    std::ifstream file(each->path() / "children");
    children.insert(children.end(), std::istream_iterator<pid_t>(file), {});
  }
  return children;
}

// Waits for the one that is so many generations below.
pid_t descendant_of(pid_t process, int generations) {
  const auto end = std::chrono::steady_clock::now() + patience;
  while (std::chrono::steady_clock::now() < end) {
    pid_t found = process;
    for (int i = 0; i < generations && found > 0; ++i) {
      const auto children = children_of(found);
      found = children.empty() ? 0 : children.front();
    }
    if (found > 0) return found;
  }
  return 0;
}
constexpr int keeper = 1;
constexpr int bubblewrap = 2;
constexpr int first_process = 3;

class SandboxKill : public testing::Test {
 protected:
  SandboxKill() { std::filesystem::create_directory(workspace()); }
  void SetUp() override { HEARTH_NEEDS_SANDBOX(); }
  [[nodiscard]] std::string workspace() const { return scratch_ / "workspace"; }

  // In the place of bubblewrap: its child is process 1 of a namespace, and waits for ever.
  [[nodiscard]] std::string never_ready() const {
    const std::string program = scratch_ / "never-ready";
    test::write_file(program,
                     "#!/bin/sh\nexec unshare -Ur --pid --fork /bin/sh -c "
                     "'trap \"\" TERM HUP; while :; do sleep 300; done' " +
                         workspace() + "\n");
    ::chmod(program.c_str(), 0755);
    return program;
  }
  [[nodiscard]] test::Process daemon(const std::string& program) const {
    return test::Process({.words = {"/proc/self/exe", "--gtest_filter=SandboxDaemon.*",
                                    "--gtest_also_run_disabled_tests", "--gtest_brief=1"},
                          .environment = {{"PATH", std::getenv("PATH")},
                                          {workspace_variable, workspace()},
                                          {bubblewrap_variable, program}}});
  }
  void expect_nothing_left() const {
    // Twice: one that executes a program has no arguments for a moment.
    std::vector<std::string> left;
    const auto is_clean = [&] {
      left = processes_with(workspace());
      return left.empty();
    };
    (void)eventually([&] { return is_clean() && is_clean(); }, patience);
    for (const std::string& each : left) {
      ADD_FAILURE() << each << " is left: " << arguments_of(each);
      ::kill(std::stoi(each), SIGKILL);
    }
  }

  test::ScratchDirectory scratch_{"sandbox-kill"};
  std::mt19937 random_{11};
};

// A daemon that does nothing but run commands in a sandbox.
TEST(SandboxDaemon, DISABLED_RunsUntilKilled) {
  const char* const workspace = std::getenv(workspace_variable);
  ASSERT_NE(workspace, nullptr) << "only for the other tests";
  Settings settings = test_settings();
  settings.bubblewrap = std::getenv(bubblewrap_variable);
  for (;;) {
    const auto ran = run_in_sandbox(
        settings, {.words = {"sh", "-c", "sleep 300 & exec sleep 0.005"}, .workspace = workspace},
        {});
    ASSERT_TRUE(ran) << ran.error().message;
  }
}

TEST_F(SandboxKill, NothingOutlivesTheDaemonAtAnyMoment) {
  for (int i = 0; i < test::sizes().sandbox_kills && !HasFailure(); ++i) {
    test::Process running = daemon("bwrap");
    // Every other one as soon as bubblewrap has a child, which is when that waits for its word.
    ASSERT_GT(descendant_of(running.pid(), i % 2 == 0 ? first_process : keeper), 0);
    if (i % 2 != 0) std::this_thread::sleep_for(microseconds(random_() % 40'000));
    running.signal(SIGKILL);
    EXPECT_EQ(running.wait(patience).signal, SIGKILL);
    expect_nothing_left();
  }
}

TEST_F(SandboxKill, NothingOutlivesTheDaemonWhereBubblewrapsChildWaitsForEver) {
  test::Process running = daemon(never_ready());
  ASSERT_GT(descendant_of(running.pid(), first_process), 0);
  running.signal(SIGKILL);
  EXPECT_EQ(running.wait(patience).signal, SIGKILL);
  expect_nothing_left();
}

TEST_F(SandboxKill, OfBubblewrapOrItsKeeperEndsTheRunAtOnce) {
  Settings settings = test_settings();
  settings.bubblewrap = never_ready();
  for (const int victim : {keeper, bubblewrap}) {
    std::jthread killer([&] {
      if (descendant_of(::getpid(), first_process) > 0)
        ::kill(descendant_of(::getpid(), victim), SIGKILL);
    });
    const auto ran = run_in_sandbox(settings, {.words = {"true"}, .workspace = workspace()}, {});
    ASSERT_FALSE(ran);
    EXPECT_EQ(ran.error().code, Errc::unavailable) << ran.error().message;
    expect_nothing_left();
  }
}

// Its processes have ended when the run has, though none of them holds a stream.
TEST_F(SandboxKill, OfBubblewrapOrItsKeeperEndsTheCommand) {
  for (const int victim : {keeper, bubblewrap}) {
    const std::string begun = workspace() + "/begun";
    std::filesystem::remove(begun);
    std::jthread killer([&] {
      if (eventually([&] { return std::filesystem::exists(begun); }, patience))
        ::kill(descendant_of(::getpid(), victim), SIGKILL);
    });
    const Plan plan{
        .words = {"sh", "-c",
                  "exec >&- 2>&-; trap '' TERM HUP; touch begun; while :; do sleep 300; "
                  "done",
                  workspace()},
        .workspace = workspace()};
    const auto ran = run_in_sandbox(test_settings(), plan, {});
    EXPECT_TRUE(processes_with(workspace()).empty());
    ASSERT_FALSE(ran);
    EXPECT_EQ(ran.error().code, Errc::outcome_unknown) << ran.error().message;
  }
}

}  // namespace
}  // namespace hearth::packs::mandates::sandbox
