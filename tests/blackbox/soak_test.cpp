// Random operations by many clients, with deaths and restarts of the daemon. Made for builds with
// sanitizers: what these say in the daemons' log fails the test.
#include <gtest/gtest.h>

#include <algorithm>
#include <atomic>
#include <csignal>
#include <cstdint>
#include <cstdio>
#include <deque>
#include <filesystem>
#include <fstream>
#include <random>
#include <string>
#include <string_view>
#include <thread>
#include <vector>

#include "blackbox/knowledge_load.hpp"
#include "support/sizes.hpp"

namespace hearth::test {
namespace {

// One client: a bridge that is now and then left, killed, or exchanged for a command or a raw
// connection.
class Client {
 public:
  Client(const TempHome& home, Scribe& scribe, unsigned seed)
      : home_(home), scribe_(scribe), random_(seed) {}

  void run(const std::atomic<bool>& is_over) {
    while (!is_over && scribe_.complaints().size() < 5) {
      McpStdioClient bridge(home_);
      EXPECT_TRUE(bridge.initialize(patience)) << bridge.process().errors();
      for (auto left = 20 + random_() % 100; left > 0 && !is_over; --left) act(bridge);
      leave(bridge);
    }
  }

 private:
  void act(McpStdioClient& bridge) {
    switch (random_() % 20) {
      case 0:
        EXPECT_TRUE(bridge.request("tools/list", {}, patience));
        break;
      case 1:
        EXPECT_TRUE(bridge.request("ping", {}, patience));
        break;
      case 2:
        cancel_something(bridge);
        break;
      case 3:
        EXPECT_FALSE(bridge.call("knowledge_get", {{"id", "no such id"}}, patience));
        break;
      case 4:
        raw_session();
        break;
      default:
        scribe_.step(bridge);
    }
  }

  // A search that is withdrawn; its answer may come or not.
  static void cancel_something(McpStdioClient& bridge) {
    const int id = bridge.send_call("knowledge_search", {{"query", "kettles slowly"}});
    const std::string text = R"({"jsonrpc":"2.0","method":"notifications/cancelled",)"
                             R"("params":{"requestId":)" +
                             std::to_string(id) + "}}\n";
    (void)write_all(bridge.process().input(), text);
  }

  // On the socket itself, left in the middle of things. The daemon may be away just now.
  void raw_session() {
    auto raw = SocketClient::connect(home_, std::chrono::seconds(2));
    if (!raw) return;
    for (int i = 0; i < 10; ++i) raw->send_call("knowledge_search", {{"query", "kettles"}});
    if (random_() % 2 == 0) (void)write_all(raw->fd(), std::string_view("\0\0\1\0{\"js", 8));
  }

  void leave(McpStdioClient& bridge) {
    if (random_() % 4 == 0) {
      scribe_.search(bridge);  // all that was sent has been answered: nothing is lost by a kill
      bridge.process().signal(SIGKILL);
      (void)bridge.process().wait(patience);
      return;
    }
    const Outcome end = bridge.finish(patience);
    EXPECT_EQ(end.exit_code, 0) << end.describe();
  }

  const TempHome& home_;
  Scribe& scribe_;
  std::mt19937 random_;
};

std::uint64_t size_below(const std::filesystem::path& place, std::string_view ending = "") {
  std::uint64_t size = 0;
  std::error_code ignored;  // files come and go
  for (const auto& each : std::filesystem::recursive_directory_iterator(place, ignored)) {
    const bool counts = each.path().string().ends_with(ending) && each.is_regular_file(ignored);
    if (const auto bytes = each.file_size(ignored); counts && !ignored) size += bytes;
  }
  return size;
}

// Memory of a process that is no file's, in bytes; 0 when it has gone.
std::uint64_t private_memory(pid_t pid) {
  std::ifstream status("/proc/" + std::to_string(pid) + "/status");
  for (std::string line; std::getline(status, line);) {
    if (line.starts_with("RssAnon:")) return std::stoull(line.substr(8)) * 1024;
  }
  return 0;
}

// The most that was seen, in bytes.
struct Most {
  std::uint64_t memory = 0;
  std::uint64_t journals = 0;
};

// Ends the daemon every second or two, by one of the ways it can end.
int disturb(const TempHome& home, std::chrono::seconds how_long, Most& most) {
  std::mt19937 random(7);
  int ends = 0;
  const auto deadline = std::chrono::steady_clock::now() + how_long;
  while (std::chrono::steady_clock::now() < deadline) {
    std::this_thread::sleep_for(milliseconds(500 + random() % 2000));
    const auto daemons = home.daemons();
    if (daemons.empty()) continue;
    most.memory = std::max(most.memory, private_memory(daemons.front()));
    most.journals = std::max(most.journals, size_below(home.file("data"), "-wal"));
    switch (random() % 6) {
      case 0:
        ::kill(daemons.front(), SIGTERM);
        break;
      case 1:
        EXPECT_EQ(home.hearth({"daemon", "stop"}, patience).exit_code, 0);
        break;
      case 2:
        ::kill(daemons.front(), SIGHUP);
        ::kill(daemons.front(), SIGUSR1);
        continue;
      default:
        ::kill(daemons.front(), SIGKILL);
    }
    ++ends;
  }
  return ends;
}

TEST(Soak, RandomOperationsWithDeathsLeaveACleanStore) {
  TempHome home;
  std::deque<Scribe> scribes;
  for (std::size_t i = 0; i < sizes().soak_clients; ++i)
    scribes.emplace_back("s" + std::to_string(i), static_cast<unsigned>(i));
  std::atomic<bool> is_over{false};
  std::vector<std::jthread> clients;
  for (std::size_t i = 0; i < scribes.size(); ++i) {
    clients.emplace_back(
        [&, i] { Client(home, scribes[i], static_cast<unsigned>(100 + i)).run(is_over); });
  }
  Most most;
  const int ends = disturb(home, sizes().soak_time, most);
  is_over = true;
  clients.clear();

  McpStdioClient auditor(home);
  ASSERT_TRUE(auditor.initialize(patience)) << auditor.process().errors();
  std::vector<const Scribe*> all;
  std::size_t acknowledged = 0;
  for (const Scribe& scribe : scribes) {
    EXPECT_EQ(listed(scribe.complaints()), "");
    acknowledged += scribe.acknowledged().size();
    all.push_back(&scribe);
  }
  EXPECT_EQ(listed(audit(auditor, all)), "");
  EXPECT_EQ(auditor.finish().exit_code, 0);
  EXPECT_EQ(home.hearth({"daemon", "stop"}, patience).exit_code, 0);
  EXPECT_EQ(home.sanitizer_reports(), "");
  constexpr std::uint64_t mebibyte = 1 << 20;
  constexpr std::uint64_t bytes_of_a_note = 4096;  // with its words, its vector and its graph
  const std::uint64_t kept = size_below(home.file("data"));
  EXPECT_LE(kept, 64 * mebibyte + acknowledged * bytes_of_a_note);
  EXPECT_LE(most.journals, 80 * mebibyte);
  if (!is_sanitized()) EXPECT_LE(most.memory, 256 * mebibyte);
  std::printf(
      "%zu clients, %d ends of the daemon, %zu writes acknowledged; %.1f MB on disk, journals at "
      "most %.1f MB, memory at most %.1f MB\n",
      scribes.size(), ends, acknowledged, static_cast<double>(kept) / 1e6,
      static_cast<double>(most.journals) / 1e6, static_cast<double>(most.memory) / 1e6);
}

}  // namespace
}  // namespace hearth::test
