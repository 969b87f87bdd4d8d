#include "packs/mandates/workspace_locks.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <future>
#include <optional>
#include <string>
#include <thread>
#include <utility>

namespace hearth::packs::mandates {
namespace {

class WorkspaceLocksTest : public testing::Test {
 protected:
  // Whether it is held at once; if not, the keeper gives back, and it must be held then.
  bool is_free(const std::string& workspace) {
    auto held =
        std::async(std::launch::async, [&] { return locks_.hold(workspace, {}).has_value(); });
    if (held.wait_for(std::chrono::milliseconds(50)) == std::future_status::ready)
      return held.get();
    keeper_.reset();
    EXPECT_TRUE(held.get());
    return false;
  }
  void keep(const std::string& workspace) { keeper_ = locks_.hold(workspace, {}).value(); }

  WorkspaceLocks locks_;
  std::optional<WorkspaceLocks::Held> keeper_;
};

TEST_F(WorkspaceLocksTest, OneIsHeldOnceAndGivenBack) {
  keep("/a/ws");
  EXPECT_FALSE(is_free("/a/ws"));
  EXPECT_TRUE(is_free("/a/ws"));
}

TEST_F(WorkspaceLocksTest, ThoseInEachOtherExcludeEachOther) {
  keep("/a/ws");
  EXPECT_TRUE(is_free("/a/wsx"));
  EXPECT_TRUE(is_free("/a/other"));
  EXPECT_FALSE(is_free("/a/ws/sub"));
  keep("/a/ws/sub");
  EXPECT_FALSE(is_free("/a"));
  keep("/a/ws/sub");
  EXPECT_FALSE(is_free("/"));
}

TEST_F(WorkspaceLocksTest, OneThatWaitsIsStopped) {
  keep("/ws");
  std::stop_source stop;
  auto waiting =
      std::async(std::launch::async, [&] { return locks_.hold("/ws", stop.get_token()); });
  stop.request_stop();
  const auto refused = waiting.get();
  ASSERT_FALSE(refused);
  EXPECT_EQ(refused.error().code, Errc::cancelled);
  keeper_.reset();
  EXPECT_TRUE(is_free("/ws"));
}

TEST_F(WorkspaceLocksTest, OneThatIsStoppedBeginsNothing) {
  std::stop_source stop;
  stop.request_stop();
  EXPECT_FALSE(locks_.hold("/ws", stop.get_token()));
  EXPECT_TRUE(is_free("/ws"));
}

// What lies there nobody knows; whose it is may look.
TEST_F(WorkspaceLocksTest, AClosedOneIsNobodys) {
  EXPECT_EQ(locks_.problem(), "");
  locks_.close("cut", {"/a/ws", "/b"}, "its journal is damaged");
  for (const std::string each : {"/a/ws", "/a", "/a/ws/sub", "/b"}) {
    const auto refused = locks_.hold(each, {}, "other");
    ASSERT_FALSE(refused) << each;
    EXPECT_EQ(refused.error().code, Errc::permission);
    EXPECT_THAT(refused.error().message, testing::HasSubstr("namespace cut"));
    EXPECT_THAT(refused.error().message, testing::HasSubstr("its journal is damaged"));
    EXPECT_TRUE(locks_.hold(each, {}, "cut")) << each;
  }
  EXPECT_TRUE(is_free("/a/other"));
  EXPECT_THAT(locks_.problem(), testing::HasSubstr("/a/ws"));
  locks_.close("cut", {"/b"}, "again");
  EXPECT_TRUE(is_free("/a/ws"));
  locks_.open_again("cut");
  EXPECT_TRUE(is_free("/b"));
  locks_.close("cut", {"/"}, "nobody knows where");
  EXPECT_FALSE(locks_.hold("/anywhere", {}));
  EXPECT_EQ(locks_.problem().find("until") != std::string::npos, true);
}

}  // namespace
}  // namespace hearth::packs::mandates
