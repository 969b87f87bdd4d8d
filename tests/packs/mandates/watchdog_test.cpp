// Attacks on what counts memory and processes in a sandbox: hiding from it, blinding it, holding it
// up. And what it must not take for one.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <filesystem>

#include "packs/mandates/inside/tree_usage.hpp"
#include "packs/mandates/sandbox_fixture.hpp"

namespace hearth::packs::mandates::sandbox {
namespace {

using End = Outcome::End;

class WatchdogTest : public testing::Test {
 protected:
  WatchdogTest() { std::filesystem::create_directory(scratch_ / "workspace"); }
  void SetUp() override { HEARTH_NEEDS_SANDBOX(); }
  // 200 MiB. The program may use `call(number, …)`, which prints the error of a system call.
  [[nodiscard]] Outcome run(const std::string& program) const {
    const std::string preamble =
        "import ctypes, mmap, os, platform, threading, time\n"
        "libc = ctypes.CDLL(None, use_errno=True)\n"
        "def call(name, *arguments):\n"
        "  if getattr(libc, name)(*arguments) != -1: print('done')\n"
        "  else: print(ctypes.get_errno())\n";
    Plan plan{.words = {"python3", "-c", preamble + program}, .workspace = scratch_ / "workspace"};
    plan.limits.memory_bytes = std::size_t{200} << 20;
    plan.limits.processes = 40;
    const auto outcome = run_in_sandbox(test_settings(), plan, {});
    if (outcome) return *outcome;
    ADD_FAILURE() << outcome.error().message;
    return {.number = -1};
  }

  test::ScratchDirectory scratch_{"watchdog"};
};

// Its status in /proc is that of its first thread, which has no memory any more.
TEST_F(WatchdogTest, SeesAProcessWhoseFirstThreadHasEnded) {
  const Outcome outcome =
      run("exit = {'x86_64': 60}.get(platform.machine(), 93)\n"
          "def eat():\n"
          "  time.sleep(0.1)\n"
          "  x = bytearray(b'x') * (130 << 20)\n"
          "  time.sleep(60)\n"
          "for i in range(2):\n"
          "  if os.fork() == 0:\n"
          "    threading.Thread(target=eat).start()\n"
          "    libc.syscall(exit, 0)\n"
          "time.sleep(60)\n");
  EXPECT_EQ(outcome.end, End::memory) << outcome.describe() << outcome.err;
}

// Reading what was never written takes no page, but a table for each part of the address space.
TEST_F(WatchdogTest, CountsPageTables) {
  const Outcome outcome =
      run("m = mmap.mmap(-1, 1 << 38, flags=mmap.MAP_PRIVATE | mmap.MAP_ANONYMOUS | 0x4000,\n"
          "              prot=mmap.PROT_READ)\n"
          "m.madvise(15)\n"  // no huge pages
          "for at in range(0, 1 << 38, 2 << 20): m[at]\n"
          "time.sleep(60)\n");
  EXPECT_EQ(outcome.end, End::memory) << outcome.describe() << outcome.err;
}

TEST_F(WatchdogTest, CannotBeBlindedOrHeldUp) {
  const Outcome outcome =
      run("limit = (ctypes.c_ulong * 2)(3, 3)\n"
          "call('prlimit', 1, 7, limit, None)\n"
          "call('setpriority', os.PRIO_PROCESS, 1, 19)\n"
          "call('setpriority', os.PRIO_PGRP, 1, 19)\n"
          "call('setpriority', os.PRIO_USER, 0, 19)\n"
          "call('sched_setscheduler', 1, os.SCHED_IDLE, (ctypes.c_int * 1)(0))\n"
          "call('sched_setaffinity', 1, 8, (ctypes.c_ulong * 1)(1))\n"
          "call('semget', 0, 32000, 0o1600)\n"
          "call('prlimit', 0, 7, (ctypes.c_ulong * 2)(100, 100), None)\n"
          "call('setpriority', os.PRIO_PROCESS, 0, 19)\n"
          "call('sched_setaffinity', 0, 8, (ctypes.c_ulong * 1)(1))\n");
  EXPECT_EQ(outcome.out, "1\n1\n1\n1\n1\n1\n1\ndone\ndone\ndone\n") << outcome.err;
}

TEST_F(WatchdogTest, CommandsAreWhatTheKernelTakesFirst) {
  EXPECT_EQ(run("print(open('/proc/self/oom_score_adj').read(), end='')\n").out, "1000\n");
}

// posix_spawn(3): until it executes something the child is in its parent's memory; this one waits
// for a FIFO before.
TEST_F(WatchdogTest, CountsMemorySharedWithAChildOnce) {
  const Outcome outcome =
      run("os.mkfifo('/tmp/fifo')\n"
          "if os.fork() == 0:\n"
          "  time.sleep(0.3)\n"
          "  open('/tmp/fifo', 'w').close()\n"
          "  os._exit(0)\n"
          "x = bytearray(b'x') * (120 << 20)\n"
          "wait = [(os.POSIX_SPAWN_OPEN, 0, '/tmp/fifo', os.O_RDONLY, 0)]\n"
          "child = os.posix_spawn('/bin/true', ['true'], {}, file_actions=wait)\n"
          "print(os.waitpid(child, 0)[1])\n");
  EXPECT_EQ(outcome.out, "0\n") << outcome.describe() << outcome.err;
  EXPECT_TRUE(outcome.is_success()) << outcome.describe() << outcome.err;
}

// Each is seen with its parent's memory, and may have ended when its pages are counted.
TEST_F(WatchdogTest, CountsNothingOfWhatEndsWhileItLooks) {
  const Outcome outcome =
      run("x = bytearray(b'x') * (120 << 20)\n"
          "for i in range(400): os.waitpid(os.posix_spawn('/bin/true', ['true'], {}), 0)\n"
          "print('done')\n");
  EXPECT_EQ(outcome.out, "done\n") << outcome.describe() << outcome.err;
}

TEST_F(WatchdogTest, LoadsNoModulesForSockets) {
  const Outcome outcome =
      run("import socket\n"
          "for family in (socket.AF_INET, socket.AF_INET6):\n"
          "  for protocol in (33, 115, 132, 136, 256): call('socket', family, 1, protocol)\n"
          "for protocol in (4, 12, 16): call('socket', 16, 3, protocol)\n"
          "call('socket', 16, 3, 0)\n"
          "call('socket', socket.AF_INET, 1, 6)\n");
  std::string refused;
  for (int i = 0; i < 13; ++i) refused += "93\n";
  EXPECT_EQ(outcome.out, refused + "done\ndone\n") << outcome.err;
}

TEST(MachineMemory, IsAtItsEndWhenNextToNothingIsAvailable) {
  using inside::is_out_of_memory;
  const auto text = [](const std::string& available) {
    return "MemTotal:       16000000 kB\nMemFree:            1000 kB\nMemAvailable:   " +
           available + " kB\nBuffers:           10 kB\n";
  };
  EXPECT_TRUE(is_out_of_memory(text("400000")));
  EXPECT_FALSE(is_out_of_memory(text("600000")));
  EXPECT_FALSE(is_out_of_memory("MemTotal: 16000000 kB\n")) << "nobody says";
  EXPECT_FALSE(is_out_of_memory(""));
}

}  // namespace
}  // namespace hearth::packs::mandates::sandbox
