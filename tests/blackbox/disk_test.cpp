// A disk that is full or read-only: said clearly, nothing acknowledged lost, and all well once
// there is room again.
#include <gtest/gtest.h>
#include <sys/mount.h>
#include <sys/resource.h>
#include <unistd.h>

#include <csignal>
#include <filesystem>
#include <fstream>
#include <vector>

#include "blackbox/knowledge_load.hpp"
#include "support/sizes.hpp"

namespace hearth::test {
namespace {

namespace fs = std::filesystem;

// A file system of its own under HEARTH_HOME, where that is allowed.
class SmallDisk {
 public:
  SmallDisk(const TempHome& home, const char* options) : path_(home.path()) {
    is_mounted_ = ::mount("hearth-test", path_.c_str(), "tmpfs", MS_NOSUID, options) == 0;
  }
  SmallDisk(const SmallDisk&) = delete;
  SmallDisk& operator=(const SmallDisk&) = delete;
  ~SmallDisk() {
    if (is_mounted_) (void)::umount2(path_.c_str(), MNT_DETACH);
  }
  [[nodiscard]] bool is_mounted() const { return is_mounted_; }
  void set_read_only(bool is_read_only) const {
    EXPECT_EQ(::mount("hearth-test", path_.c_str(), "tmpfs",
                      MS_REMOUNT | MS_NOSUID | (is_read_only ? MS_RDONLY : 0UL), nullptr),
              0);
  }
  // Leaves nothing free.
  void fill() const {
    std::ofstream filler(path_ + "/filler", std::ios::binary);
    const std::string block(4096, 'x');
    while (filler.write(block.data(), static_cast<std::streamsize>(block.size())).flush()) {
    }
  }
  void make_room() const { fs::remove(path_ + "/filler"); }

 private:
  std::string path_;
  bool is_mounted_ = false;
};

// Remembers until it is refused; at most `most` times.
Result<void> remember_until_refused(JsonRpcPeer& peer, int most, std::vector<std::string>& ids) {
  const std::string long_text(2000, 'y');
  for (int i = 0; i < most; ++i) {
    const auto note =
        peer.call("knowledge_remember", {{"text", std::to_string(i) + " " + long_text}}, patience);
    if (!note) return std::unexpected(note.error());
    ids.emplace_back(json::string_or(*note, "id", ""));
  }
  return {};
}

void expect_all_there(JsonRpcPeer& peer, const std::vector<std::string>& ids) {
  for (const std::string& id : ids) {
    const auto note = peer.call("knowledge_get", {{"id", id}}, patience);
    EXPECT_TRUE(note) << id << ": " << note.error().message;
  }
}

TEST(FullDisk, IsSaidAndLosesNothing) {
  TempHome home;
  const SmallDisk disk(home, "size=3m,mode=0700");
  if (!disk.is_mounted()) GTEST_SKIP() << "may not mount; FileSizeLimit covers it";
  std::vector<std::string> ids;
  McpStdioClient bridge(home);
  ASSERT_TRUE(bridge.initialize(patience)) << bridge.process().errors();
  const auto daemons = home.daemons();
  const auto outcome = remember_until_refused(bridge, 5000, ids);
  ASSERT_FALSE(outcome);
  EXPECT_EQ(outcome.error().code, Errc::io) << outcome.error().message;
  EXPECT_NE(outcome.error().message.find("full"), std::string::npos) << outcome.error().message;
  EXPECT_GT(ids.size(), 10U);
  disk.fill();
  expect_all_there(bridge, ids);
  EXPECT_EQ(home.daemons(), daemons) << "it lives on";

  // Started on a full disk it may refuse, but neither hang nor harm.
  ASSERT_EQ(home.hearth({"daemon", "stop"}).exit_code, 0);
  const Outcome start =
      home.hearth({"call", "hearth_status", "{}", "--strict", "--json"}, std::chrono::seconds(20));
  EXPECT_FALSE(start.is_timed_out);
  if (start.exit_code != 0) {
    EXPECT_EQ(start.exit_code, 5) << start.describe();
    EXPECT_NE(start.err.find("full"), std::string::npos) << start.describe();
  }
}

TEST(FullDisk, IsOverOnceThereIsRoom) {
  TempHome home;
  const SmallDisk disk(home, "size=4m,mode=0700");
  if (!disk.is_mounted()) GTEST_SKIP() << "may not mount; FileSizeLimit covers it";
  std::vector<std::string> ids;
  McpStdioClient bridge(home);
  ASSERT_TRUE(bridge.initialize(patience));
  ASSERT_TRUE(remember_until_refused(bridge, 20, ids));
  disk.fill();
  ASSERT_FALSE(remember_until_refused(bridge, 5000, ids));
  disk.make_room();
  EXPECT_TRUE(remember_until_refused(bridge, 5, ids)) << "in the same daemon";
  ::kill(home.daemons().front(), SIGKILL);
  expect_all_there(bridge, ids);
}

TEST(FullDisk, IsTheSameWithAFileSizeLimit) {
  TempHome home;
  Plan plan = home.plan({"daemon", "start"});
  plan.before_exec = [] {
    const rlimit limit{1 << 20, RLIM_INFINITY};
    (void)::setrlimit(RLIMIT_FSIZE, &limit);
  };
  ASSERT_EQ(run(plan, patience).exit_code, 0);
  const auto daemons = home.daemons();
  std::vector<std::string> ids;
  McpStdioClient bridge(home);
  ASSERT_TRUE(bridge.initialize(patience));
  const auto outcome = remember_until_refused(bridge, 5000, ids);
  ASSERT_FALSE(outcome);
  EXPECT_EQ(outcome.error().code, Errc::io) << outcome.error().message;
  EXPECT_EQ(home.daemons(), daemons);
  expect_all_there(bridge, ids);
  ::kill(daemons.front(), SIGKILL);  // the next one has no limit
  expect_all_there(bridge, ids);
  EXPECT_TRUE(remember_until_refused(bridge, 5, ids));
}

TEST(ReadOnlyDisk, IsSaidAndNothingHangs) {
  TempHome home;
  const SmallDisk disk(home, "size=8m,mode=0700");
  if (!disk.is_mounted()) GTEST_SKIP() << "may not mount; hostile_test has an unwritable home";
  std::vector<std::string> ids;
  {
    McpStdioClient bridge(home);
    ASSERT_TRUE(bridge.initialize(patience));
    ASSERT_TRUE(remember_until_refused(bridge, 5, ids));
    disk.set_read_only(false);
  }
  ASSERT_EQ(home.hearth({"daemon", "stop"}).exit_code, 0);
  disk.set_read_only(true);
  for (const char* option : {"--strict", "--no-strict"}) {
    const Outcome outcome =
        home.hearth({"call", "hearth_status", "{}", "--json", option}, std::chrono::seconds(20));
    EXPECT_FALSE(outcome.is_timed_out);
    EXPECT_EQ(outcome.exit_code, 5) << outcome.describe();
    EXPECT_NE(outcome.err.find("ead-only file system"), std::string::npos) << outcome.describe();
  }
  disk.set_read_only(false);
  McpStdioClient bridge(home);
  ASSERT_TRUE(bridge.initialize(patience)) << bridge.process().errors();
  expect_all_there(bridge, ids);
}

}  // namespace
}  // namespace hearth::test
