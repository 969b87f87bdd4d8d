// What lies where hearth's files belong, and who else comes to its socket: a clear message each
// time, never a hang, nothing of others harmed.
#include <fcntl.h>
#include <grp.h>
#include <gtest/gtest.h>
#include <sys/file.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include <csignal>
#include <filesystem>
#include <thread>
#include <vector>

#include "ipc/socket.hpp"
#include "support/listener.hpp"
#include "support/mcp_stdio_client.hpp"
#include "support/sizes.hpp"
#include "support/temp_home.hpp"

namespace hearth::test {
namespace {

namespace fs = std::filesystem;
using std::chrono::seconds;

constexpr uid_t nobody = 65534;
constexpr milliseconds prompt = seconds(is_sanitized() ? 20 : 8);  // for what must not hang

const std::vector<std::string> status_call{"call", "hearth_status", "{}", "--json"};
const std::vector<std::string> strict_call{"call",   "hearth_status", "{}",
                                           "--json", "--strict",      "--timeout=4s"};

void make_private(const std::string& folder) {
  fs::create_directories(folder);
  fs::permissions(folder, fs::perms::owner_all);
}

mode_t mode_of(const std::string& path) {
  struct stat info{};
  return ::lstat(path.c_str(), &info) == 0 ? info.st_mode & 07777U : 0;
}

void become_nobody() {
  (void)!::setgroups(0, nullptr);
  (void)!::setresgid(nobody, nobody, nobody);
  (void)!::setresuid(nobody, nobody, nobody);
}

// A home whose owner is not root, for what root may always do.
class NobodysHome : public TempHome {
 public:
  NobodysHome() {
    const std::string copies = file("../bin");
    fs::create_directory(copies);
    for (const auto* program : {"hearth", "hearthd"})
      fs::copy_file(binary(program), copies + "/" + program);
    use_binaries(fs::canonical(copies));
    give(fs::canonical(file("..")));
  }
  static void give(const std::string& path) {
    EXPECT_EQ(::lchown(path.c_str(), nobody, nobody), 0);
    if (!fs::is_directory(fs::symlink_status(path))) return;
    for (const auto& entry : fs::recursive_directory_iterator(path))
      EXPECT_EQ(::lchown(entry.path().c_str(), nobody, nobody), 0);
  }
  [[nodiscard]] Outcome hearth_as_nobody(std::vector<std::string> words) const {
    Plan nobodys = plan(std::move(words));
    nobodys.before_exec = become_nobody;
    return run(nobodys, prompt);
  }
};

#define NEEDS_ROOT() \
  if (::geteuid() != 0) GTEST_SKIP() << "only root can act as another user"

class Hostile : public testing::Test {
 protected:
  // The error of a command that insists on the shared daemon.
  Outcome refused() {
    const Outcome outcome = home_.hearth(strict_call, prompt);
    EXPECT_FALSE(outcome.is_timed_out) << outcome.describe();
    EXPECT_NE(outcome.exit_code, 0) << outcome.describe();
    EXPECT_NE(outcome.err.find(R"("ok":false)"), std::string::npos) << outcome.describe();
    return outcome;
  }
  void expect_served() {
    const Outcome outcome = home_.hearth(strict_call, prompt);
    EXPECT_EQ(outcome.exit_code, 0) << outcome.describe() << home_.log_text();
  }
  static void expect_says(const Outcome& outcome, std::string_view text) {
    EXPECT_NE(outcome.err.find(text), std::string::npos) << outcome.describe();
  }
  TempHome home_;
};

// ---- Other users ------------------------------------------------------------------------------

// Connects as another user, with the doors open: 0 refused as "wrong_user", else what went wrong.
int greet_as_nobody(const std::string& socket_path) {
  become_nobody();
  auto socket = ipc::connect_unix(socket_path, std::chrono::steady_clock::now() + seconds(5));
  if (!socket) return 2;
  ipc::Greeting greeting;
  greeting.client_name = "stranger";
  std::string frame;
  ipc::append_frame(frame, ipc::encode_greeting(greeting));
  (void)ipc::send_all(socket->get(), frame, std::chrono::steady_clock::now() + seconds(5));
  std::string bytes;
  const auto got =
      ipc::receive_some(socket->get(), bytes, std::chrono::steady_clock::now() + seconds(5));
  if (!got || bytes.size() < 4) return 3;
  const auto welcome = ipc::decode_welcome(std::string_view(bytes).substr(4));
  if (welcome) return 4;
  return welcome.error().reason == "wrong_user" ? 0 : 5;
}

TEST_F(Hostile, AnotherUserIsRefusedByTheDaemon) {
  NEEDS_ROOT();
  expect_served();
  const fs::perms open = fs::perms::all;
  for (const auto& path : {home_.file(".."), home_.path(), home_.file("run"), home_.socket()})
    fs::permissions(path, open);
  const pid_t child = ::fork();
  if (child == 0) ::_exit(greet_as_nobody(home_.socket()));
  int status = 0;
  ::waitpid(child, &status, 0);
  EXPECT_TRUE(WIFEXITED(status));
  EXPECT_EQ(WEXITSTATUS(status), 0);
  expect_served();
  const Outcome counted = home_.hearth({"daemon", "status", "--json"});
  EXPECT_NE(counted.out.find(R"("refusals":{"wrong_user":1})"), std::string::npos)
      << counted.describe();
}

TEST_F(Hostile, AnotherUsersDaemonIsNotBelieved) {
  NEEDS_ROOT();
  // Somebody else made our runtime directory first and listens in it.
  NobodysHome::give((make_private(home_.file("run")), home_.file("run")));
  for (const auto& path : {home_.file(".."), home_.path(), home_.file("run")})
    fs::permissions(path, fs::perms::all);
  const pid_t impostor = ::fork();
  if (impostor == 0) {
    become_nobody();
    const UniqueFd listener = listener_at(home_.socket());
    ::chmod(home_.socket().c_str(), 0777);
    for (;;) {
      const UniqueFd client(::accept(listener.get(), nullptr, nullptr));
      char chunk[4096];
      (void)!::read(client.get(), chunk, sizeof chunk);
      ipc::Welcome welcome;
      welcome.version = "99.0.0";
      welcome.resume = std::string(32, 'a');
      std::string frame;
      ipc::append_frame(frame, ipc::encode_welcome(welcome));
      (void)!::write(client.get(), frame.data(), frame.size());
    }
  }
  EXPECT_TRUE(eventually([&] { return mode_of(home_.socket()) == 0777; }, patience));
  const Outcome outcome = refused();
  expect_says(outcome, "permission_denied");
  expect_says(outcome, "65534");
  ::kill(impostor, SIGKILL);
  ::waitpid(impostor, nullptr, 0);
}

TEST_F(Hostile, AnotherUsersDirectoryIsRefused) {
  NEEDS_ROOT();
  for (const auto* folder : {"run", "data", "state"}) {
    make_private(home_.file(folder));
    ASSERT_EQ(::chown(home_.file(folder).c_str(), nobody, nobody), 0);
    const Outcome outcome = refused();
    EXPECT_EQ(outcome.exit_code, 5) << outcome.describe();
    expect_says(outcome, "belongs to uid 65534");
    expect_says(outcome, home_.file(folder));
    ASSERT_EQ(::chown(home_.file(folder).c_str(), 0, 0), 0);
  }
  expect_served();
}

// ---- Modes ------------------------------------------------------------------------------------

TEST_F(Hostile, WideModesAreNarrowed) {
  for (const auto* folder : {"run", "data", "state"}) {
    fs::create_directory(home_.file(folder));
    fs::permissions(home_.file(folder), fs::perms::all);
  }
  expect_served();
  for (const auto* folder : {"run", "data", "state"}) EXPECT_EQ(mode_of(home_.file(folder)), 0700);
  EXPECT_EQ(mode_of(home_.socket()), 0600);
  EXPECT_EQ(mode_of(home_.file("run/hearthd.lock")), 0600);
  EXPECT_EQ(mode_of(home_.file("run/hearthd.json")), 0600);
  EXPECT_EQ(mode_of(home_.file("state/hearthd.log")), 0600);
}

TEST_F(Hostile, ASymbolicLinkForADirectoryIsRefused) {
  make_private(home_.file("real"));
  fs::create_directory_symlink(home_.file("real"), home_.file("run"));
  const Outcome outcome = refused();
  expect_says(outcome, home_.file("run"));
  EXPECT_TRUE(fs::is_empty(home_.file("real")));
}

// ---- Rendezvous files -------------------------------------------------------------------------

TEST_F(Hostile, StaleAndGarbageFilesAreReplaced) {
  make_private(home_.file("run"));
  make_private(home_.file("data"));
  write_file(home_.file("run/hearthd.lock"), "pid 1 (hearthd 9.9.9, a lie)\n\xff\xfe garbage");
  write_file(home_.file("run/hearthd.spawn.lock"), "garbage");
  write_file(home_.file("run/hearthd.json"), "{\"pid\": 1, garbage");
  write_file(home_.file("data/newest.json"), "\xff{{{");
  write_file(home_.file("data/hearthd.lock"), "pid 1");
  listener_at(home_.socket()).reset();  // a socket that a dead daemon left
  expect_served();
  const auto record = json::parse(read_file(home_.file("run/hearthd.json")));
  ASSERT_TRUE(record);
  EXPECT_EQ(json::int_or(*record, "pid", 0), home_.daemons().front());
}

TEST_F(Hostile, ARecordOfAMissingOrForeignNewestBinaryIsIgnored) {
  make_private(home_.file("data"));
  write_file(home_.file("data/newest.json"),
             R"({"version": "99.0.0", "binary": "/no/such/hearthd"})");
  expect_served();
}

TEST_F(Hostile, AFileThatIsNoSocketIsNeverRemoved) {
  make_private(home_.file("run"));
  write_file(home_.socket(), "precious");
  expect_says(refused(), "is no socket");
  EXPECT_EQ(read_file(home_.socket()), "precious");
  fs::remove(home_.socket());
  fs::create_directory(home_.socket());
  expect_says(refused(), "is no socket");
  EXPECT_TRUE(fs::is_directory(home_.socket()));
}

TEST_F(Hostile, AProgramThatListensButIsNoDaemonIsReported) {
  make_private(home_.file("run"));
  const UniqueFd mute = listener_at(home_.socket());
  const auto began = std::chrono::steady_clock::now();
  const Outcome silent = refused();
  EXPECT_EQ(silent.exit_code, 5) << silent.describe();
  expect_says(silent, "pid " + std::to_string(::getpid()));
  EXPECT_LT(std::chrono::steady_clock::now() - began, prompt);
  EXPECT_TRUE(home_.daemons().empty());

  std::jthread babbler([&](const std::stop_token& stop) {
    while (!stop.stop_requested()) {
      const UniqueFd client(::accept(mute.get(), nullptr, nullptr));
      if (client.valid()) (void)write_all(client.get(), "HTTP/1.1 200 OK\r\n\r\n");
    }
  });
  expect_says(refused(), home_.socket());
  babbler.request_stop();
  ::shutdown(mute.get(), SHUT_RDWR);
  EXPECT_TRUE(home_.daemons().empty());
}

TEST_F(Hostile, ALockThatAnotherProgramHoldsIsReportedWithItsHolder) {
  make_private(home_.file("run"));
  write_file(home_.file("run/hearthd.lock"), "pid 4242 (somebody)\n");
  const UniqueFd lock(::open(home_.file("run/hearthd.lock").c_str(), O_RDWR | O_CLOEXEC));
  ASSERT_EQ(::flock(lock.get(), LOCK_EX | LOCK_NB), 0);
  const Outcome outcome = refused();
  EXPECT_EQ(outcome.exit_code, 5) << outcome.describe();
  expect_says(outcome, "timed_out");
  expect_says(outcome, "pid 4242 (somebody)");
}

TEST_F(Hostile, LocksThatCannotBeOpenedAreReported) {
  for (const auto* name : {"run/hearthd.lock", "run/hearthd.spawn.lock", "data/hearthd.lock"}) {
    make_private(home_.file("run"));
    make_private(home_.file("data"));
    fs::remove(home_.file(name));
    fs::create_directory(home_.file(name));
    expect_says(refused(), home_.file(name));
    fs::remove(home_.file(name));
    fs::create_symlink("/dev/null", home_.file(name));
    expect_says(refused(), home_.file(name));
    fs::remove(home_.file(name));
  }
  expect_served();
}

// Opening a FIFO waits for its other end, which nobody ever opens.
TEST_F(Hostile, AFifoInPlaceOfAFileThatMustBeOursIsReported) {
  for (const auto* name : {"run/hearthd.lock", "run/hearthd.spawn.lock", "data/hearthd.lock",
                           "state/hearthd.log", "config.toml"}) {
    for (const auto* folder : {"run", "data", "state"}) make_private(home_.file(folder));
    fs::remove(home_.file(name));
    ASSERT_EQ(::mkfifo(home_.file(name).c_str(), 0600), 0);
    const Outcome outcome = refused();
    expect_says(outcome, home_.file(name));
    expect_says(outcome, "not a regular file");
    fs::remove(home_.file(name));
  }
  expect_served();
}

TEST_F(Hostile, AFifoInPlaceOfARecordIsReplacedOrPassedOver) {
  for (const auto* folder : {"run", "data", "state"}) make_private(home_.file(folder));
  for (const auto* name : {"run/hearthd.json", "data/newest.json", "state/fallbacks.log"})
    ASSERT_EQ(::mkfifo(home_.file(name).c_str(), 0600), 0);
  // Private mode, with its reason to be counted.
  write_file(home_.socket(), "precious");
  const Outcome fallback = home_.hearth(status_call, prompt);
  EXPECT_EQ(fallback.exit_code, 0) << fallback.describe();
  expect_says(fallback, home_.file("state/fallbacks.log"));
  fs::remove(home_.socket());

  expect_served();
  EXPECT_TRUE(fs::is_regular_file(home_.file("run/hearthd.json")));
  EXPECT_TRUE(fs::is_regular_file(home_.file("data/newest.json")));
  for (const auto& words : std::vector<std::vector<std::string>>{{"daemon", "status"}, {"doctor"}})
    EXPECT_FALSE(home_.hearth(words, prompt).is_timed_out) << words.front();
}

TEST_F(Hostile, ADirectoryInPlaceOfTheDiscoveryFileIsReported) {
  make_private(home_.file("run"));
  fs::create_directory(home_.file("run/hearthd.json"));
  write_file(home_.file("run/hearthd.json/precious"), "");
  expect_says(refused(), "hearthd.json");
  EXPECT_TRUE(fs::exists(home_.file("run/hearthd.json/precious")));
  EXPECT_TRUE(eventually([&] { return home_.daemons().empty(); }, patience));
}

TEST_F(Hostile, ADaemonUnlinksOnlyItsOwnSocket) {
  expect_served();
  const UniqueFd other = listener_at(home_.socket() + ".other");
  fs::rename(home_.socket() + ".other", home_.socket());
  ::kill(home_.daemons().front(), SIGTERM);
  ASSERT_TRUE(eventually([&] { return home_.daemons().empty(); }, patience));
  EXPECT_TRUE(fs::exists(home_.socket()));
}

// ---- Where the home is ------------------------------------------------------------------------

TEST_F(Hostile, ATooLongPathIsReported) {
  home_.environment()["HEARTH_HOME"] = home_.file(std::string(120, 'x'));
  const Outcome outcome = refused();
  EXPECT_EQ(outcome.exit_code, 2) << outcome.describe();
  expect_says(outcome, "HEARTH_HOME");
  expect_says(outcome, "107");
}

TEST_F(Hostile, ARelativePathIsReported) {
  home_.environment()["HEARTH_HOME"] = "here";
  EXPECT_EQ(refused().exit_code, 2);
}

TEST_F(Hostile, NoHomeAtAllIsReported) {
  home_.environment().erase("HEARTH_HOME");
  home_.environment().erase("HOME");
  const Outcome outcome = refused();
  EXPECT_EQ(outcome.exit_code, 2) << outcome.describe();
  expect_says(outcome, "HEARTH_HOME");
}

TEST_F(Hostile, AHomeThatIsAFileIsReported) {
  write_file(home_.file("file"), "precious");
  home_.environment()["HEARTH_HOME"] = home_.file("file");
  EXPECT_EQ(refused().exit_code, 5);
  EXPECT_EQ(read_file(home_.file("file")), "precious");
}

TEST_F(Hostile, AnUnwritableHomeIsReported) {
  NEEDS_ROOT();
  const NobodysHome home;
  fs::permissions(home.path(), fs::perms::owner_read | fs::perms::owner_exec);
  for (const auto& words : {status_call, strict_call}) {
    const Outcome outcome = home.hearth_as_nobody(words);
    EXPECT_EQ(outcome.exit_code, 5) << outcome.describe();
    expect_says(outcome, "permission_denied");
    expect_says(outcome, home.path());
  }
  fs::permissions(home.path(), fs::perms::owner_all);
  EXPECT_EQ(home.hearth_as_nobody(status_call).exit_code, 0);
}

TEST_F(Hostile, UnwritableLocksAreReported) {
  NEEDS_ROOT();
  const NobodysHome home;
  ASSERT_EQ(home.hearth_as_nobody(status_call).exit_code, 0);
  ASSERT_EQ(home.hearth_as_nobody({"daemon", "stop"}).exit_code, 0);
  for (const auto* name : {"run/hearthd.lock", "run/hearthd.spawn.lock", "data/hearthd.lock"}) {
    const std::string path = home.file(name);
    fs::permissions(path, fs::perms::none);
    const Outcome outcome = home.hearth_as_nobody(strict_call);
    EXPECT_EQ(outcome.exit_code, 5) << outcome.describe();
    expect_says(outcome, path);
    fs::permissions(path, fs::perms::owner_read | fs::perms::owner_write);
  }
  EXPECT_EQ(home.hearth_as_nobody(status_call).exit_code, 0);
}

// ---- What else may be missing -----------------------------------------------------------------

TEST_F(Hostile, ABadConfigurationIsReportedWithItsLine) {
  write_file(home_.file("config.toml"), "[daemon]\nidle_timeout = \"soon\"\n");
  const Outcome outcome = refused();
  EXPECT_EQ(outcome.exit_code, 2) << outcome.describe();
  expect_says(outcome, "config.toml:2");
  EXPECT_TRUE(home_.daemons().empty());
}

TEST_F(Hostile, AMissingHearthdIsReported) {
  const std::string alone = home_.file("alone");
  fs::create_directory(alone);
  fs::copy_file(home_.binary("hearth"), alone + "/hearth");
  home_.use_binaries(alone);
  const Outcome outcome = refused();
  EXPECT_EQ(outcome.exit_code, 6) << outcome.describe();
  expect_says(outcome, alone + "/hearthd");
  write_file(alone + "/hearthd", "not a program");
  fs::permissions(alone + "/hearthd", fs::perms::owner_all);
  const Outcome broken = refused();
  EXPECT_EQ(broken.exit_code, 6) << broken.describe();
  expect_says(broken, "hearthd");
}

}  // namespace
}  // namespace hearth::test
