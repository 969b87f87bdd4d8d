#include "web/listener.hpp"

#include <gtest/gtest.h>

#include "support/scratch_directory.hpp"

namespace hearth::web {
namespace {

TEST(Listener, RefusesWhatOthersCanReach) {
  for (const auto* address : {"0.0.0.0", "192.168.0.1", "::", "10.0.0.1", "localhost", "", "::2"}) {
    const auto listener = listen_loopback(address, 0);
    ASSERT_FALSE(listener) << address;
    EXPECT_EQ(listener.error().code, Errc::invalid_args) << address;
    EXPECT_FALSE(listener.error().suggestions.empty());
  }
}

TEST(Listener, SaysThatAPortIsTaken) {
  const auto first = listen_loopback("127.0.0.1", 0);
  ASSERT_TRUE(first) << first.error().message;
  EXPECT_NE(first->port, 0);
  const auto second = listen_loopback("127.0.0.1", first->port);
  ASSERT_FALSE(second);
  EXPECT_EQ(second.error().code, Errc::busy);
}

TEST(Listener, ComesBackToThePortOfLastTime) {
  const test::ScratchDirectory directory;
  const std::string path = directory.path() + "/http.port";
  auto first = listen_as_last_time("127.0.0.1", path);
  ASSERT_TRUE(first) << first.error().message;
  const auto port = first->port;
  first->socket.reset();
  const auto again = listen_as_last_time("127.0.0.1", path);
  ASSERT_TRUE(again) << again.error().message;
  EXPECT_EQ(again->port, port);
  const auto other = listen_as_last_time("127.0.0.1", path);
  ASSERT_TRUE(other) << other.error().message;
  EXPECT_NE(other->port, port) << "it is taken";
}

}  // namespace
}  // namespace hearth::web
