// Random operations by many clients, with deaths and restarts of the daemon. Made for builds with
// sanitizers: what these say in the daemons' log fails the test.
#include <gtest/gtest.h>

#include <atomic>
#include <csignal>
#include <cstdio>
#include <deque>
#include <random>
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

// Ends the daemon every second or two, by one of the ways it can end.
int disturb(const TempHome& home, std::chrono::seconds how_long) {
  std::mt19937 random(7);
  int ends = 0;
  const auto deadline = std::chrono::steady_clock::now() + how_long;
  while (std::chrono::steady_clock::now() < deadline) {
    std::this_thread::sleep_for(milliseconds(500 + random() % 2000));
    const auto daemons = home.daemons();
    if (daemons.empty()) continue;
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
  const int ends = disturb(home, sizes().soak_time);
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
  std::printf("%zu clients, %d ends of the daemon, %zu writes acknowledged\n", scribes.size(), ends,
              acknowledged);
}

}  // namespace
}  // namespace hearth::test
