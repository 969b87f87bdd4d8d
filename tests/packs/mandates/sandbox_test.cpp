#include "packs/mandates/sandbox/sandbox.hpp"

#include <fcntl.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <sys/file.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

#include <atomic>
#include <csignal>
#include <cstdlib>
#include <cstring>
#include <filesystem>
#include <thread>

#include "base/unique_fd.hpp"
#include "packs/mandates/sandbox_fixture.hpp"
#include "support/http_server.hpp"
#include "support/process.hpp"

namespace hearth::packs::mandates::sandbox {
namespace {

using std::chrono::milliseconds;
using std::chrono::seconds;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::Not;
using End = Outcome::End;

class SandboxTest : public testing::Test {
 protected:
  SandboxTest() { std::filesystem::create_directory(workspace()); }
  void SetUp() override {
    HEARTH_NEEDS_SANDBOX();
    sandbox_ = test_sandbox()->get();
  }
  [[nodiscard]] std::string workspace() const { return scratch_ / "workspace"; }
  [[nodiscard]] Plan plan(std::vector<std::string> words) const {
    Plan made{.words = std::move(words), .workspace = workspace()};
    made.limits = {.memory_bytes = std::size_t{200} << 20,
                   .tmp_bytes = std::size_t{8} << 20,
                   .file_bytes = std::size_t{4} << 20,
                   .output_bytes = std::size_t{1} << 20,
                   .processes = 40,
                   .time = seconds(60)};
    return made;
  }
  [[nodiscard]] Plan shell(const std::string& script) const { return plan({"sh", "-c", script}); }
  [[nodiscard]] Outcome run(const Plan& wanted) const {
    auto outcome = sandbox_->run(wanted);
    if (outcome) return *outcome;
    ADD_FAILURE() << outcome.error().message;
    return {.number = -1};
  }
  [[nodiscard]] std::string output_of(const std::string& script) const {
    const Outcome outcome = run(shell(script));
    return outcome.out + outcome.err;
  }

  test::ScratchDirectory scratch_{"sandbox"};
  const Sandbox* sandbox_ = nullptr;
};

TEST_F(SandboxTest, EveryWallHolds) {
  for (const WallReport& wall : sandbox_->self_test().walls)
    EXPECT_NE(wall.state, WallReport::State::broken) << wall_name(wall.wall) << ": " << wall.detail;
  EXPECT_EQ(sandbox_->self_test().walls.size(), 15U);
  EXPECT_TRUE(sandbox_->self_test().is_passed());
  EXPECT_THAT(sandbox_->limited_by(),
              testing::AnyOf(testing::StartsWith("rlimits and a watchdog: "),
                             testing::StartsWith("cgroup (")));
}

TEST(SandboxOpen, RefusesWithoutItsPrograms) {
  Settings settings = test_settings();
  settings.bubblewrap = "/nosuch/bwrap";
  const auto without_bubblewrap = Sandbox::open(settings);
  ASSERT_FALSE(without_bubblewrap);
  EXPECT_EQ(without_bubblewrap.error().code, Errc::unavailable);
  EXPECT_FALSE(without_bubblewrap.error().suggestions.empty());
  settings = test_settings();
  settings.first_process = "/nosuch/hearth-sandbox";
  EXPECT_EQ(Sandbox::open(settings).error().code, Errc::unavailable);
}

TEST(SandboxOpen, RemovesWhatAKilledDaemonLeft) {
  HEARTH_NEEDS_SANDBOX();
  const auto make = [](const char* name, std::chrono::hours age) {
    const std::string path = std::filesystem::temp_directory_path() / name;
    std::filesystem::create_directories(path + "/workspace");
    std::filesystem::last_write_time(path, std::filesystem::file_time_type::clock::now() - age);
    return path;
  };
  const std::string old = make("hearth-walls-test-old", std::chrono::hours(2));
  const std::string young = make("hearth-walls-test-young", std::chrono::hours(0));
  ASSERT_TRUE(Sandbox::open(test_settings()));
  EXPECT_FALSE(std::filesystem::exists(old));
  EXPECT_TRUE(std::filesystem::exists(young)) << "it may be in use";
  std::filesystem::remove_all(young);
}

TEST(SandboxOpen, RefusesWhereAWallIsMissing) {
  const test::ScratchDirectory scratch("walls");
  // Drops what makes the network a private one.
  test::write_file(
      scratch / "bwrap",
      "#!/bin/bash\nargs=()\n"
      "mapfile -d '' -t told < /dev/fd/$2\n"
      "for word in \"${told[@]}\" ; do\n"
      "  if [[ $word == --unshare-all ]]; then args+=(--unshare-pid --unshare-ipc --unshare-uts)\n"
      "  else args+=(\"$word\"); fi\ndone\n"
      "shift 2\nexec bwrap \"${args[@]}\" \"$@\"\n");
  ::chmod((scratch / "bwrap").c_str(), 0755);
  HEARTH_NEEDS_SANDBOX();
  Settings settings = test_settings();
  settings.bubblewrap = scratch / "bwrap";
  const auto opened = Sandbox::open(settings);
  ASSERT_FALSE(opened);
  EXPECT_EQ(opened.error().code, Errc::unavailable);
  EXPECT_THAT(opened.error().message, HasSubstr("network: broken"));
}

TEST_F(SandboxTest, TellsOutputAndEnd) {
  const Outcome done = run(shell("echo out; echo err >&2; exit 3"));
  EXPECT_EQ(done.out, "out\n");
  EXPECT_EQ(done.err, "err\n");
  EXPECT_EQ(done.end, End::exited);
  EXPECT_EQ(done.number, 3);
  const Outcome killed = run(shell("kill -9 $$"));
  EXPECT_EQ(killed.end, End::signalled);
  EXPECT_EQ(killed.number, 9);
  Plan with_input = plan({"cat"});
  with_input.input = "given\n";
  EXPECT_EQ(run(with_input).out, "given\n");
  EXPECT_EQ(run(plan({"cat"})).out, "");
}

TEST_F(SandboxTest, SaysWhereItIs) {
  EXPECT_EQ(run(plan({"/usr/bin/printenv", "PWD"})).out, workspace() + "\n");
}

TEST_F(SandboxTest, WritesInItsWorkspaceOnly) {
  EXPECT_TRUE(run(shell("mkdir sub && echo new > sub/file && mv sub/file file")).is_success());
  EXPECT_EQ(test::read_file(workspace() + "/file"), "new\n");
  Plan read_only = shell("cat file && ! echo x > file && ! touch other");
  read_only.may_write = false;
  EXPECT_TRUE(run(read_only).is_success());
  Plan partly = shell("echo x > other && ! echo x > file && ! rm -f file && ! mv file else");
  partly.read_only = {workspace() + "/file"};
  const Outcome outcome = run(partly);
  EXPECT_TRUE(outcome.is_success()) << outcome.err;
  EXPECT_EQ(test::read_file(workspace() + "/file"), "new\n");
  for (const char* const place :
       {"/usr/x", "/etc/x", "/x", "/run/x", "/dev/x", "/proc/x", "$HOME/../../x"})
    EXPECT_FALSE(run(shell("echo x > " + std::string(place))).is_success()) << place;
  EXPECT_TRUE(run(shell("echo x > $HOME/x && echo x > $TMPDIR/x")).is_success());
  EXPECT_EQ(output_of("ls -A $HOME"), "") << "each command has its own";
}

TEST_F(SandboxTest, AttackSymbolicLinkOutOfTheWorkspace) {
  test::write_file(scratch_ / "outside", "secret");
  std::filesystem::create_symlink(scratch_ / "outside", workspace() + "/link");
  EXPECT_THAT(output_of("cat link; echo x > link"), Not(HasSubstr("secret")));
  EXPECT_EQ(test::read_file(scratch_ / "outside"), "secret");
}

TEST_F(SandboxTest, AttackReadingSecrets) {
  test::write_file(scratch_ / "secret", "s3cret");
  const std::string got = output_of(
      "cat " + (scratch_ / "secret") + " /etc/shadow /root /home/* /proc/1/environ /proc/1/root" +
      (scratch_ / "secret") + " /proc/*/environ 2>&-; env; ls " + scratch_.path());
  EXPECT_THAT(got, Not(HasSubstr("s3cret")));
  EXPECT_THAT(got, Not(HasSubstr("root:")));
  EXPECT_THAT(got, Not(HasSubstr("secret\n")));
}

TEST_F(SandboxTest, AttackReadingWhatIsHearthsBelowTheWorkspace) {
  std::filesystem::create_directory(workspace() + "/state");
  test::write_file(workspace() + "/state/ledger", "s3cret");
  Settings settings = test_settings();
  settings.hidden = {workspace() + "/state"};
  const auto outcome =
      run_in_sandbox(settings, shell("ls state; cat state/ledger; echo x > state/ledger"), {});
  ASSERT_TRUE(outcome);
  EXPECT_THAT(outcome->out, Not(HasSubstr("ledger")));
  EXPECT_EQ(test::read_file(workspace() + "/state/ledger"), "s3cret");
  Plan inside = shell("true");
  inside.workspace = workspace() + "/state";
  EXPECT_EQ(run_in_sandbox(settings, inside, {}).error().code, Errc::permission);
}

TEST_F(SandboxTest, AttackEnvironment) {
  const std::string variables = output_of("env");
  EXPECT_THAT(variables, HasSubstr("HOME=/tmp/home\n"));
  EXPECT_THAT(variables, HasSubstr("GIT_CONFIG_NOSYSTEM=1\n"));
  EXPECT_THAT(variables, Not(HasSubstr("GTEST")));
  Plan with = plan({"env"});
  with.environment = {{"MODE", "test"}};
  EXPECT_THAT(run(with).out, HasSubstr("MODE=test\n"));
  for (const char* const name :
       {"LD_PRELOAD", "GIT_SSH_COMMAND", "BASH_ENV", "ENV", "PYTHONSTARTUP", "PATH", "IFS",
        "NODE_OPTIONS", "", "A=B", "A B", "1A"}) {
    with.environment = {{name, "/tmp/x"}};
    EXPECT_EQ(sandbox_->run(with).error().code, Errc::permission) << name;
  }
}

TEST_F(SandboxTest, AttackForkBomb) {
  Plan bomb = plan({"python3", "-c",
                    "import os, time\n"
                    "n = 0\n"
                    "while True:\n"
                    "  try:\n"
                    "    if os.fork() == 0: time.sleep(60)\n"
                    "    n += 1\n"
                    "  except OSError:\n"
                    "    print(n)\n"
                    "    break\n"});
  const Outcome outcome = run(bomb);
  // Either the kernel refuses more, or, for root, the watchdog ends it.
  if (outcome.end != End::processes) {
    EXPECT_TRUE(outcome.is_success()) << outcome.err;
    const int begun = std::atoi(outcome.out.c_str());
    EXPECT_GT(begun, 10);
    EXPECT_LE(begun, 40);
  }
  EXPECT_LT(outcome.took, seconds(30)) << "those left behind end with it";
}

TEST_F(SandboxTest, AttackMemoryBomb) {
  // Of one process, of several, and of files in memory.
  const Outcome one = run(plan({"python3", "-c", "x = bytearray(400 << 20)"}));
  EXPECT_THAT(one.err, HasSubstr("MemoryError"));
  const Outcome many =
      run(plan({"python3", "-c",
                "import os, time\n"
                "for i in range(8):\n"
                "  if os.fork() == 0: x = bytearray(b'x') * (60 << 20); time.sleep(60)\n"
                "time.sleep(60)\n"}));
  EXPECT_EQ(many.end, End::memory) << many.describe() << many.err;
  EXPECT_THAT(output_of("head -c 100000000 /dev/zero > /tmp/big"),
              HasSubstr("File size limit exceeded"));
  EXPECT_THAT(output_of("for i in 1 2 3 4; do head -c 3000000 /dev/zero > /tmp/$i; done"),
              HasSubstr("No space left"));
}

TEST_F(SandboxTest, AttackOutputFlood) {
  for (const char* const script : {"yes", "yes >&2"}) {
    const Outcome flood = run(shell(script));
    EXPECT_EQ(flood.end, End::output) << flood.describe();
    EXPECT_EQ(flood.out.size() + flood.err.size(), std::size_t{1} << 20);
    EXPECT_LT(flood.took, seconds(20));
  }
}

TEST_F(SandboxTest, AttackLargeFile) {
  EXPECT_THAT(output_of("head -c 100000000 /dev/zero > big"),
              HasSubstr("File size limit exceeded"));
  EXPECT_LE(std::filesystem::file_size(workspace() + "/big"), std::size_t{4} << 20);
}

TEST_F(SandboxTest, AttackOutlivingTheCommand) {
  const Outcome outcome =
      run(shell("setsid sh -c 'exec <&- >&- 2>&-; trap \"\" TERM HUP; exec 9> lock; flock 9; "
                "sleep 60' & while ! [ -e lock ]; do :; done; flock -n lock true; echo $?"));
  EXPECT_EQ(outcome.end, End::exited);
  EXPECT_LT(outcome.took, seconds(20));
  const UniqueFd lock(::open((workspace() + "/lock").c_str(), O_RDWR | O_CLOEXEC));
  EXPECT_EQ(::flock(lock.get(), LOCK_EX | LOCK_NB), 0) << "it lives";
}

TEST_F(SandboxTest, AttackNetwork) {
  const test::HttpServer server;
  const std::string port = server.url("").substr(server.url("").rfind(':') + 1);
  const std::string reach =
      "import socket\n"
      "for address in (('127.0.0.1', " +
      port +
      "), ('192.0.2.1', 80)):\n"
      "  try: socket.create_connection(address, 5); print('connected')\n"
      "  except OSError as error: print(error.errno)\n";
  EXPECT_EQ(run(plan({"python3", "-c", reach})).out, "111\n101\n") << "refused, unreachable";
  EXPECT_THAT(output_of("ip link 2>/dev/null | grep -c ^[0-9]; cat /proc/net/dev | wc -l"),
              HasSubstr("3\n"));
}

// Neither the daemon's, nor one that somebody listens on in the workspace.
TEST_F(SandboxTest, AttackUnixSockets) {
  const std::string path = workspace() + "/hearthd.sock";
  const UniqueFd listener(::socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0));
  sockaddr_un address{};
  address.sun_family = AF_UNIX;
  std::memcpy(address.sun_path, path.data(), path.size());
  ASSERT_EQ(::bind(listener.get(), reinterpret_cast<const sockaddr*>(&address), sizeof address), 0);
  ASSERT_EQ(::listen(listener.get(), 1), 0);
  // One with a name in the abstract space, where no file system hides it.
  const std::string name = "hearth-test-" + std::to_string(::getpid());
  const UniqueFd abstract(::socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0));
  sockaddr_un hidden{};
  hidden.sun_family = AF_UNIX;
  std::memcpy(hidden.sun_path + 1, name.data(), name.size());
  const auto size = static_cast<socklen_t>(offsetof(sockaddr_un, sun_path) + 1 + name.size());
  ASSERT_EQ(::bind(abstract.get(), reinterpret_cast<const sockaddr*>(&hidden), size), 0);
  ASSERT_EQ(::listen(abstract.get(), 1), 0);
  const std::string reach =
      "import socket\n"
      "for address in ('" +
      path + "', '\\0" + name +
      "'):\n"
      "  try: socket.socket(socket.AF_UNIX).connect(address); print('connected')\n"
      "  except OSError as error: print(error.errno)\n";
  EXPECT_EQ(run(plan({"python3", "-c", reach})).out, "97\n97\n") << "no such family";
  EXPECT_EQ(run(plan({"python3", "-c",
                      "import socket\na, b = socket.socketpair()\na.send(b'x')\nprint(b.recv(1))"}))
                .out,
            "b'x'\n");
}

TEST_F(SandboxTest, AttackPrivileges) {
  EXPECT_THAT(output_of("id -u"), Not("0\n"));
  EXPECT_THAT(
      output_of(
          "unshare -Ur true; unshare -n true; mount -t tmpfs x /tmp; chroot / true; echo done"),
      HasSubstr("done"));
  EXPECT_NE(run(shell("unshare -Ur true")).number, 0);
  EXPECT_NE(run(shell("su -c true")).number, 0);
  // Whether it may even try depends on the kernel's Landlock.
  EXPECT_EQ(run(shell("kill -9 1; kill -STOP 1; kill -0 $$ && echo lives")).out, "lives\n");
}

// It would run with the user's rights for whoever starts it, outside.
TEST_F(SandboxTest, AttackSetuidFiles) {
  const std::string attempts =
      "import os\n"
      "open('f', 'w').close(); os.mkdir('d'); here = os.open('.', os.O_RDONLY)\n"
      "def leaves(what):\n"
      "  try: what()\n"
      "  except OSError as error: print(error.errno)\n"
      "  else: print('done')\n"
      "for bit in (0o4000, 0o2000):\n"
      "  leaves(lambda: os.chmod('f', bit | 0o755))\n"
      "  leaves(lambda: os.chmod(os.open('f', os.O_RDONLY), bit | 0o755))\n"
      "  leaves(lambda: os.chmod('f', bit | 0o755, dir_fd=here))\n"
      "  leaves(lambda: os.open('g', os.O_CREAT | os.O_WRONLY, bit | 0o755))\n"
      "  leaves(lambda: os.open('.', os.O_TMPFILE | os.O_WRONLY, bit | 0o755))\n"
      "  leaves(lambda: os.mknod('h', bit | 0o755))\n"
      "os.chmod('f', 0o755); os.chmod('d', 0o1777)\n"
      "print(os.listdir())\n";
  const Outcome outcome = run(plan({"python3", "-c", attempts}));
  std::string refused;
  for (int i = 0; i < 12; ++i) refused += "1\n";
  EXPECT_THAT(outcome.out, testing::StartsWith(refused)) << outcome.err;
  EXPECT_TRUE(outcome.is_success()) << outcome.err;
  EXPECT_THAT(outcome.out, Not(HasSubstr("'g'")));
  EXPECT_NE(run(shell("cp /usr/bin/id id && chmod u+s id")).number, 0);
  EXPECT_NE(run(shell("cp /usr/bin/id id && install -m 4755 id suid")).number, 0);
  for (const auto& entry : std::filesystem::directory_iterator(workspace())) {
    const auto bits = std::filesystem::perms::set_uid | std::filesystem::perms::set_gid;
    EXPECT_EQ(entry.status().permissions() & bits, std::filesystem::perms::none) << entry.path();
  }
}

TEST_F(SandboxTest, NetworkRuleOpensOneHostThroughTheProxy) {
  const test::HttpServer server;
  const std::string port = server.url("").substr(server.url("").rfind(':') + 1);
  const std::string script =
      "import http.client, os, sys\n"
      "proxy = os.environ['https_proxy'].split('://')[1]\n"
      "for target in sys.argv[1:]:\n"
      "  client = http.client.HTTPConnection(proxy, timeout=20)\n"
      "  client.set_tunnel(target)\n"
      "  try:\n"
      "    client.request('GET', '/echo')\n"
      "    print(client.getresponse().status)\n"
      "  except OSError as error: print(error)\n";
  Plan asking =
      plan({"python3", "-c", script, "127.0.0.1:" + port, "127.0.0.1:1", "example.org:443"});
  asking.network = {*HostRule::parse("127.0.0.1:" + port)};
  const Outcome outcome = run(asking);
  EXPECT_THAT(outcome.out, testing::MatchesRegex("200\n.*403.*\n.*403.*\n")) << outcome.err;
  EXPECT_THAT(outcome.refused_hosts, ElementsAre("127.0.0.1:1", "example.org:443"));
  // A public name that leads to this machine: no rule for addresses.
  asking.words = {"python3", "-c", script, "localhost.:" + port};
  asking.network = {
      HostRule{.host = "localhost", .port = static_cast<std::uint16_t>(std::stoi(port))}};
  EXPECT_THAT(run(asking).out, HasSubstr("200"));
}

TEST_F(SandboxTest, PlainHttpPassesTheProxyByTheSameRules) {
  const test::HttpServer server;
  const std::string url = server.url("");
  Plan asking = plan({"python3", "-c",
                      "import sys, urllib.request, urllib.error\n"
                      "for url in sys.argv[1:]:\n"
                      "  request = urllib.request.Request(url, data=b'x' * 100000)\n"
                      "  request.add_header('Host', 'elsewhere.example')\n"
                      "  try: print(len(urllib.request.urlopen(request, timeout=20).read()))\n"
                      "  except urllib.error.HTTPError as error: print(error.code)\n",
                      url + "/echo", "http://127.0.0.1:1/", "http://example.org/"});
  asking.network = {*HostRule::parse(url.substr(url.rfind('/') + 1))};
  const Outcome outcome = run(asking);
  EXPECT_THAT(outcome.out, testing::MatchesRegex("[0-9]{6}\n403\n403\n")) << outcome.err;
  EXPECT_THAT(outcome.refused_hosts, ElementsAre("127.0.0.1:1", "example.org:80"));
}

TEST_F(SandboxTest, EndsAtTheTimeLimit) {
  Plan slow = shell("trap '' TERM; sleep 60");
  slow.limits.time = milliseconds(100);
  const Outcome outcome = run(slow);
  EXPECT_EQ(outcome.end, End::time);
  EXPECT_LT(outcome.took, seconds(20));
}

TEST_F(SandboxTest, EndsWhenStopped) {
  std::stop_source source;
  std::jthread stopper([&] {
    while (!std::filesystem::exists(workspace() + "/begun")) std::this_thread::yield();
    source.request_stop();
  });
  const auto outcome = sandbox_->run(shell("touch begun; sleep 60"), source.get_token());
  ASSERT_TRUE(outcome);
  EXPECT_EQ(outcome->end, End::stopped);
  EXPECT_LT(outcome->took, seconds(20));
  EXPECT_EQ(sandbox_->run(shell("true"), source.get_token()).error().code, Errc::cancelled);
}

// A command of another mandate may do so in its own workspace, around this one, after the path was
// checked and before bubblewrap mounts it.
TEST_F(SandboxTest, AttackTheMountOfTheWorkspace) {
  std::filesystem::create_directory(scratch_ / "secret");
  test::write_file(scratch_ / "secret/file", "secret\n");
  for (const bool is_link : {true, false}) {
    const std::string other = is_link ? "link" : "secret";
    if (is_link) std::filesystem::create_directory_symlink(scratch_ / "secret", scratch_ / "link");
    const std::string program = scratch_ / "swap-and-run";
    test::write_file(program, "#!/bin/sh\nmv " + workspace() + " " + (scratch_ / "away") + "; mv " +
                                  (scratch_ / other) + " " + workspace() + "; exec bwrap \"$@\"\n");
    std::filesystem::permissions(program, std::filesystem::perms::owner_all);
    Settings settings = test_settings();
    settings.bubblewrap = program;
    bool is_asked = false;
    Plan reads = shell("cat file");
    reads.before_start = [&](pid_t) -> Result<void> {
      is_asked = true;
      return {};
    };
    const auto ran = run_in_sandbox(settings, reads, {});
    ASSERT_FALSE(ran) << ran->out;
    EXPECT_EQ(ran.error().code, Errc::permission) << ran.error().message;
    EXPECT_THAT(ran.error().message, HasSubstr("was exchanged"));
    EXPECT_FALSE(is_asked);
    std::filesystem::rename(workspace(), scratch_ / other);
    std::filesystem::rename(scratch_ / "away", workspace());
  }
}

// As when the kernel takes it for want of memory.
TEST_F(SandboxTest, SaysWhereNobodyKnowsWhatHappened) {
  Plan killed = shell("touch begun; sleep 300");
  std::atomic<pid_t> first{0};
  killed.before_start = [&](pid_t number) -> Result<void> {
    first = number;
    return {};
  };
  std::jthread killer([&] {
    while (!std::filesystem::exists(workspace() + "/begun")) std::this_thread::yield();
    ::kill(first, SIGKILL);
  });
  const auto ran = sandbox_->run(killed);
  ASSERT_FALSE(ran);
  EXPECT_EQ(ran.error().code, Errc::outcome_unknown) << ran.error().message;
}

TEST_F(SandboxTest, SaysWhatIsWrongWithAPlan) {
  const auto code = [&](const Plan& wrong) {
    const auto outcome = sandbox_->run(wrong);
    return outcome ? Errc::internal : outcome.error().code;
  };
  EXPECT_EQ(code(plan({})), Errc::invalid_args);
  EXPECT_EQ(code(plan({"nosuch-program"})), Errc::not_found);
  Plan elsewhere = shell("true");
  elsewhere.directory = "/nosuch";
  EXPECT_EQ(code(elsewhere), Errc::not_found);
  Plan linked = shell("true");
  std::filesystem::create_directory_symlink(workspace(), scratch_ / "link");
  linked.workspace = scratch_ / "link";
  EXPECT_EQ(code(linked), Errc::invalid_args);
  for (const char* const system : {"/", "/usr", "/etc", "/proc", "/tmp"}) {
    linked.workspace = system;
    EXPECT_NE(code(linked), Errc::internal) << system;
  }
}

}  // namespace
}  // namespace hearth::packs::mandates::sandbox
