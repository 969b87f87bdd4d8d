#include "io/child_process.hpp"

#include <fcntl.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <poll.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include <array>
#include <bit>
#include <csignal>
#include <cstdint>
#include <cstdlib>
#include <fstream>
#include <string>
#include <thread>

#include "support/scratch_directory.hpp"

namespace hearth::io {
namespace {

using std::chrono::milliseconds;
using std::chrono::seconds;
using ::testing::HasSubstr;

MonotonicTime soon() {
  return std::chrono::steady_clock::now() + seconds(20);
}

ChildPlan shell(std::string script) {
  return {.words = {"sh", "-c", std::move(script)}, .environment = {}};
}

struct Pipe {
  Pipe() {
    int ends[2];
    if (::pipe2(ends, O_CLOEXEC) != 0) std::abort();
    read_end.reset(ends[0]);
    write_end.reset(ends[1]);
  }
  UniqueFd read_end;
  UniqueFd write_end;
};

// All there is until every writer has gone.
std::string read_all(int fd) {
  std::string text;
  char part[4096];
  for (ssize_t got = 0; (got = ::read(fd, part, sizeof part)) > 0;)
    text.append(part, static_cast<std::size_t>(got));
  return text;
}

// Starts it with its output in a pipe and returns what it printed.
std::string output_of(ChildPlan plan) {
  Pipe pipe;
  plan.output = pipe.write_end.get();
  auto child = ChildProcess::start(plan);
  if (!child) return "error: " + child.error().message;
  pipe.write_end.reset();
  std::string text = read_all(pipe.read_end.get());
  EXPECT_TRUE((*child)->wait(soon()));
  return text;
}

TEST(ChildProcess, TellsHowItEnded) {
  auto child = ChildProcess::start(shell("exit 3"));
  ASSERT_TRUE(child) << child.error().message;
  auto end = (*child)->wait(soon());
  ASSERT_TRUE(end);
  EXPECT_EQ(end->exit_code, 3);
  EXPECT_FALSE(end->is_success());
  EXPECT_EQ(end->describe(), "exited with status 3");
  EXPECT_EQ((*child)->wait()->exit_code, 3) << "it is told again";

  child = ChildProcess::start(shell("kill -SEGV $$"));
  end = (*child)->wait(soon());
  EXPECT_EQ(end->signal, SIGSEGV);
  EXPECT_EQ(end->describe(), "was killed by SIGSEGV");
}

TEST(ChildProcess, GetsArgumentsEnvironmentAndDirectory) {
  const test::ScratchDirectory scratch("child");
  ChildPlan plan{.words = {"/bin/sh", "-c", R"(echo "$0 $1 $HEARTH_X"; pwd)", "a b", "c"},
                 .environment = {{"HEARTH_X=y"}},
                 .directory = scratch.path()};
  EXPECT_EQ(output_of(plan), "a b c y\n" + scratch.path() + "\n");
  ::setenv("HEARTH_X", "ours", 1);
  EXPECT_EQ(output_of(shell("echo $HEARTH_X; pwd")), "ours\n/\n");
  ::unsetenv("HEARTH_X");
}

TEST(ChildProcess, FindsStreamsInAnyPlace) {
  const test::ScratchDirectory scratch("child");
  std::ofstream(scratch / "in") << "asked";
  const UniqueFd in(::open((scratch / "in").c_str(), O_RDONLY | O_CLOEXEC));
  ChildPlan plan = shell("cat; echo said >&2");
  plan.input = in.get();
  Pipe errors;
  plan.errors = errors.write_end.get();
  EXPECT_EQ(output_of(plan), "asked");
  errors.write_end.reset();
  EXPECT_EQ(read_all(errors.read_end.get()), "said\n");
  EXPECT_EQ(output_of(shell("cat")), "") << "no input is an empty one";
}

// As the kernel knows it: the C library refuses its own signals.
void set_handler(int number, void (*handler)(int)) {
  const std::array<std::uintptr_t, 4> action{std::bit_cast<std::uintptr_t>(handler)};
  ASSERT_EQ(::syscall(SYS_rt_sigaction, number, action.data(), nullptr, 8), 0);
}

TEST(ChildProcess, InheritsNothingElse) {
  constexpr int thread_signal = 32;                        // glibc's own, to cancel a thread
  const UniqueFd open_one(::open("/dev/null", O_RDONLY));  // without O_CLOEXEC
  sigset_t blocked;
  ::sigemptyset(&blocked);
  ::sigaddset(&blocked, SIGUSR1);
  ::pthread_sigmask(SIG_BLOCK, &blocked, nullptr);
  set_handler(thread_signal, SIG_IGN);
  // The shell itself changes its descriptors and signals while it starts others: exec asks nobody.
  const std::string descriptors =
      output_of({.words = {"sh", "-c", "ls /proc/$$/fd; true"}, .environment = {}});
  const std::string signals =
      output_of({.words = {"grep", "-E", "SigBlk|SigIgn", "/proc/self/status"}, .environment = {}});
  const std::string session = output_of(shell("exec ps -o pid=,pgid=,sid= -p $$"));
  ::pthread_sigmask(SIG_UNBLOCK, &blocked, nullptr);
  set_handler(thread_signal, SIG_DFL);
  EXPECT_EQ(descriptors, "0\n1\n2\n");
  EXPECT_EQ(signals, "SigBlk:\t0000000000000000\nSigIgn:\t0000000000000000\n");
  long pid = 0;
  long group = 0;
  long leader = 0;
  ASSERT_EQ(std::sscanf(session.c_str(), "%ld %ld %ld", &pid, &group, &leader), 3) << session;
  EXPECT_EQ(pid, group);
  EXPECT_EQ(pid, leader);
}

TEST(ChildProcess, KeepsWhatItIsLent) {
  Pipe lent;
  Pipe other;
  const std::string number = std::to_string(lent.write_end.get());
  ChildPlan plan = shell("echo lent >&" + number + "; ls /proc/self/fd | wc -l");
  plan.lent = {lent.write_end.get()};
  // Its three streams, the lent one and the one that `ls` reads with.
  EXPECT_EQ(output_of(std::move(plan)), "5\n");
  lent.write_end.reset();
  EXPECT_EQ(read_all(lent.read_end.get()), "lent\n");
}

TEST(ChildProcess, SaysWhyItDoesNotStart) {
  const auto error_of = [](std::string program, std::string directory = "/") {
    auto child = ChildProcess::start(
        {.words = {std::move(program)}, .environment = {}, .directory = std::move(directory)});
    return child ? Error{} : child.error();
  };
  EXPECT_EQ(error_of("hearth-nosuch").code, Errc::not_found);
  EXPECT_EQ(error_of("hearth-nosuch").message, "there is no program hearth-nosuch in PATH");
  EXPECT_EQ(error_of("/nosuch/x").code, Errc::not_found);
  EXPECT_EQ(error_of("").code, Errc::invalid_args);
  EXPECT_EQ(error_of("/bin/sh", "/nosuch").code, Errc::not_found);
  const test::ScratchDirectory scratch("child");
  std::ofstream(scratch / "text") << "no program";
  EXPECT_NE(error_of(scratch / "text").message, "");
  EXPECT_EQ(ChildProcess::start({.words = {}, .environment = {}}).error().code, Errc::invalid_args);
}

TEST(ChildProcess, ItsEndMakesItsPidfdReadable) {
  Pipe gate;
  ChildPlan plan = shell("read line; exit 0");
  plan.input = gate.read_end.get();
  auto child = ChildProcess::start(plan);
  ASSERT_TRUE(child);
  EXPECT_FALSE((*child)->wait());
  pollfd entry{(*child)->pidfd(), POLLIN, 0};
  EXPECT_EQ(::poll(&entry, 1, 0), 0);
  ASSERT_EQ(::write(gate.write_end.get(), "\n", 1), 1);
  EXPECT_EQ(::poll(&entry, 1, 20'000), 1);
  EXPECT_TRUE((*child)->wait()->is_success());
}

// Its grandchild holds the pipe's other end: read_all returns when both are gone.
TEST(ChildProcess, StopsItsWholeGroup) {
  Pipe pipe;
  ChildPlan plan = shell("sleep 1000 & echo up; wait");
  plan.output = pipe.write_end.get();
  auto child = ChildProcess::start(plan);
  ASSERT_TRUE(child);
  pipe.write_end.reset();
  char up[3];
  ASSERT_EQ(::read(pipe.read_end.get(), up, 3), 3);
  const ChildEnd end = (*child)->stop(seconds(20));
  EXPECT_EQ(end.signal, SIGTERM);
  EXPECT_EQ(read_all(pipe.read_end.get()), "");
}

TEST(ChildProcess, KillsWhatDoesNotHeedTerm) {
  Pipe pipe;
  ChildPlan plan =
      shell("trap '' TERM; (trap '' TERM; sleep 1000) & echo up; while :; do wait; done");
  plan.output = pipe.write_end.get();
  auto child = ChildProcess::start(plan);
  ASSERT_TRUE(child);
  pipe.write_end.reset();
  char up[3];
  ASSERT_EQ(::read(pipe.read_end.get(), up, 3), 3);
  EXPECT_EQ((*child)->stop(milliseconds(20)).signal, SIGKILL);
  EXPECT_EQ(read_all(pipe.read_end.get()), "");
  EXPECT_EQ((*child)->stop(milliseconds(20)).signal, SIGKILL) << "once more does no harm";
}

TEST(ChildProcess, EndsWithItsObject) {
  Pipe pipe;
  ChildPlan plan = shell("sleep 1000 & wait");
  plan.output = pipe.write_end.get();
  {
    auto child = ChildProcess::start(plan);
    ASSERT_TRUE(child);
    pipe.write_end.reset();
  }
  EXPECT_EQ(read_all(pipe.read_end.get()), "");
}

TEST(ChildProcess, OutlivesTheThreadThatStartedIt) {
  std::unique_ptr<ChildProcess> child;
  std::thread([&] {
    child = std::move(*ChildProcess::start({.words = {"sleep", "1000"}, .environment = {}}));
  }).join();
  EXPECT_FALSE(child->wait(std::chrono::steady_clock::now() + milliseconds(50)));
}

TEST(ChildProcess, DiesWithUsHoweverWeEnd) {
  Pipe pipe;
  const pid_t us = ::fork();
  ASSERT_GE(us, 0);
  if (us == 0) {
    ChildPlan plan{.words = {"sleep", "1000"}, .environment = {}};
    plan.output = pipe.write_end.get();
    const auto child = ChildProcess::start(plan);
    ::kill(::getpid(), child ? SIGKILL : SIGABRT);
  }
  pipe.write_end.reset();
  int status = 0;
  ASSERT_EQ(::waitpid(us, &status, 0), us);
  EXPECT_EQ(WTERMSIG(status), SIGKILL);
  EXPECT_EQ(read_all(pipe.read_end.get()), "");
}

}  // namespace
}  // namespace hearth::io
