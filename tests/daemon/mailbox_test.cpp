#include "daemon/mailbox.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <string>
#include <thread>
#include <vector>

#include "support/loop_thread.hpp"

namespace hearth::daemon {
namespace {

using ::testing::ElementsAre;

TEST(Mailbox, DeliversOneAfterTheOtherOnTheLoopThread) {
  test::LoopThread thread;
  std::vector<std::string> seen;
  Mailbox mailbox(thread.loop(), [&](const Command& command) {
    EXPECT_TRUE(thread.loop().is_loop_thread());
    seen.push_back(command.reason);
  });
  EXPECT_TRUE(mailbox.post({CommandKind::reload, "a"}));
  EXPECT_TRUE(mailbox.post({CommandKind::dump_status, "b"}));
  thread.run([] {});
  EXPECT_THAT(seen, ElementsAre("a", "b"));
}

TEST(Mailbox, RefusesTheSeventeenthButNeverAnImmediateStop) {
  io::Loop loop;
  int delivered = 0;
  Mailbox mailbox(loop, [&](const Command& command) {
    ++delivered;
    if (command.kind == CommandKind::stop_now) loop.stop();
  });
  for (int i = 0; i < 16; ++i) EXPECT_TRUE(mailbox.post({CommandKind::reload, ""})) << i;
  EXPECT_FALSE(mailbox.post({CommandKind::stop, ""}));
  EXPECT_TRUE(mailbox.post({CommandKind::stop_now, ""}));
  loop.run();
  EXPECT_EQ(delivered, 17);
  EXPECT_TRUE(mailbox.post({CommandKind::stop, ""}));
}

TEST(Mailbox, TakesCommandsFromManyThreads) {
  test::LoopThread thread;
  int delivered = 0;  // loop thread
  Mailbox mailbox(thread.loop(), [&](const Command&) { ++delivered; });
  std::atomic<int> accepted = 0;
  std::vector<std::thread> posters;
  for (int i = 0; i < 4; ++i) {
    posters.emplace_back([&] {
      for (int n = 0; n < 100; ++n) accepted += mailbox.post({CommandKind::reload, ""}) ? 1 : 0;
    });
  }
  for (std::thread& poster : posters) poster.join();
  EXPECT_EQ(thread.run([&] { return delivered; }), accepted);
}

}  // namespace
}  // namespace hearth::daemon
