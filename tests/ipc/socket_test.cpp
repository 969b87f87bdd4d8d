#include "ipc/socket.hpp"

#include <fcntl.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include <filesystem>
#include <fstream>
#include <string>
#include <vector>

#include "support/scratch_directory.hpp"

namespace hearth::ipc {
namespace {

namespace fs = std::filesystem;
using ::testing::HasSubstr;

MonotonicTime in(int ms) {
  return std::chrono::steady_clock::now() + std::chrono::milliseconds(ms);
}

Errc code_of_connect(const std::string& path) {
  const auto fd = connect_unix(path, in(20));
  return fd ? Errc::internal : fd.error().code;
}

TEST(ListenUnix, MakesASocketForTheOwnerOnly) {
  const test::ScratchDirectory scratch("socket");
  const mode_t old_mask = ::umask(0);
  const auto listener = listen_unix(scratch / "s");
  ::umask(old_mask);
  ASSERT_TRUE(listener.has_value()) << listener.error().message;
  struct stat info{};
  ASSERT_EQ(::stat((scratch / "s").c_str(), &info), 0);
  EXPECT_EQ(info.st_mode & 07777U, 0600U);
  EXPECT_NE(::fcntl(listener->get(), F_GETFD) & FD_CLOEXEC, 0);
  EXPECT_FALSE(fs::exists(scratch / "s.new"));
}

TEST(ListenUnix, ReplacesAStaleSocket) {
  const test::ScratchDirectory scratch("socket");
  {
    ASSERT_TRUE(listen_unix(scratch / "s").has_value());
  }
  {
    ASSERT_TRUE(listen_unix(scratch / "s.new").has_value());
  }  // left by a crash in between
  EXPECT_EQ(code_of_connect(scratch / "s"), Errc::unavailable);
  const auto before = file_identity(scratch / "s");
  const auto listener = listen_unix(scratch / "s");
  ASSERT_TRUE(listener.has_value()) << listener.error().message;
  EXPECT_NE(*file_identity(scratch / "s"), *before);
  EXPECT_TRUE(connect_unix(scratch / "s", in(1000)).has_value());
}

TEST(ListenUnix, LeavesWhatIsNoSocketAlone) {
  const test::ScratchDirectory scratch("socket");
  std::ofstream(scratch / "file") << "precious";
  fs::create_directory(scratch / "directory");
  for (const char* name : {"file", "directory"}) {
    const auto listener = listen_unix(scratch / name);
    ASSERT_FALSE(listener.has_value());
    EXPECT_THAT(listener.error().message, HasSubstr("exists and is no socket"));
    EXPECT_TRUE(fs::exists(scratch / name));
  }
}

TEST(ListenUnix, NamesADirectoryThatIsMissing) {
  const test::ScratchDirectory scratch("socket");
  const auto listener = listen_unix(scratch / "none/s");
  ASSERT_FALSE(listener.has_value());
  EXPECT_EQ(listener.error().code, Errc::not_found);
  EXPECT_FALSE(listen_unix("/" + std::string(200, 'x')).has_value());
}

TEST(ConnectUnix, TellsAbsentFromForbidden) {
  const test::ScratchDirectory scratch("socket");
  EXPECT_EQ(code_of_connect(scratch / "none"), Errc::not_found);
  {
    ASSERT_TRUE(listen_unix(scratch / "stale").has_value());
  }
  EXPECT_EQ(code_of_connect(scratch / "stale"), Errc::unavailable);
  std::ofstream(scratch / "file") << "x";
  EXPECT_EQ(code_of_connect(scratch / "file"), Errc::unavailable);  // the kernel refuses it
  EXPECT_EQ(code_of_connect("/" + std::string(200, 'x')), Errc::invalid_args);
}

TEST(ConnectUnix, IsForbiddenWhereTheDirectoryIs) {
  const test::ScratchDirectory scratch("socket");
  const auto listener = listen_unix(scratch / "s");
  ASSERT_TRUE(listener.has_value());
  fs::permissions(scratch.path(), fs::perms::none);
  const pid_t child = ::fork();
  if (child == 0) {
    if (::geteuid() == 0 && ::setuid(65534) != 0) ::_exit(99);
    ::_exit(static_cast<int>(code_of_connect(scratch / "s")));
  }
  int status = 0;
  ASSERT_EQ(::waitpid(child, &status, 0), child);
  fs::permissions(scratch.path(), fs::perms::owner_all);
  EXPECT_EQ(WEXITSTATUS(status), static_cast<int>(Errc::permission));
}

TEST(ConnectUnix, GivesUpOnAListenerThatDoesNotAccept) {
  const test::ScratchDirectory scratch("socket");
  const auto listener = listen_unix(scratch / "s");
  ASSERT_TRUE(listener.has_value());
  ASSERT_EQ(::listen(listener->get(), 0), 0);  // a queue of one
  std::vector<UniqueFd> waiting;
  for (int i = 0; i < 3; ++i) {
    auto fd = connect_unix(scratch / "s", in(20));
    if (fd) {
      waiting.push_back(std::move(*fd));
      continue;
    }
    EXPECT_EQ(fd.error().code, Errc::timed_out);
    return;
  }
  FAIL() << "three connections fit into a queue of one";
}

TEST(SendAll, SendsMoreThanASocketHolds) {
  auto pair = socket_pair();
  ASSERT_TRUE(pair.has_value());
  const std::string bytes(3 << 20, 'x');
  const pid_t child = ::fork();
  if (child == 0) {
    ::_exit(send_all(pair->first.get(), bytes, in(20'000)).has_value() ? 0 : 1);
  }
  std::string got;
  while (got.size() < bytes.size()) {
    const auto some = receive_some(pair->second.get(), got, in(20'000));
    ASSERT_TRUE(some && *some > 0);
  }
  EXPECT_EQ(got, bytes);
  int status = 0;
  ASSERT_EQ(::waitpid(child, &status, 0), child);
  EXPECT_EQ(status, 0);
}

TEST(SendAll, StopsAtTheDeadline) {
  auto pair = socket_pair();
  ASSERT_TRUE(pair.has_value());
  const auto sent = send_all(pair->first.get(), std::string(4 << 20, 'x'), in(20));
  ASSERT_FALSE(sent.has_value());
  EXPECT_EQ(sent.error().code, Errc::timed_out);
}

TEST(SendAll, TellsThatThePeerIsGone) {
  auto pair = socket_pair();
  ASSERT_TRUE(pair.has_value());
  pair->second.reset();
  const auto sent = send_all(pair->first.get(), "x", in(1000));  // and no SIGPIPE
  ASSERT_FALSE(sent.has_value());
  EXPECT_EQ(sent.error().code, Errc::unavailable);
}

TEST(ReceiveSome, AppendsAndEndsWithZero) {
  auto pair = socket_pair();
  ASSERT_TRUE(pair.has_value());
  ASSERT_TRUE(send_all(pair->first.get(), "def", in(1000)).has_value());
  std::string got = "abc";
  EXPECT_EQ(receive_some(pair->second.get(), got, in(1000)).value(), 3U);
  EXPECT_EQ(got, "abcdef");
  EXPECT_EQ(receive_some(pair->second.get(), got, in(10)).error().code, Errc::timed_out);
  EXPECT_EQ(got, "abcdef");
  pair->first.reset();
  EXPECT_EQ(receive_some(pair->second.get(), got, in(1000)).value(), 0U);
}

TEST(ReceiveSome, TakesAResetForTheEnd) {
  auto pair = socket_pair();
  ASSERT_TRUE(pair.has_value());
  ASSERT_TRUE(send_all(pair->second.get(), "unread", in(1000)).has_value());
  pair->first.reset();  // with unread bytes: the other end sees ECONNRESET
  std::string got;
  EXPECT_EQ(receive_some(pair->second.get(), got, in(1000)).value(), 0U);
}

TEST(PollTimeout, IsNeverNegativeAndNeverForever) {
  EXPECT_EQ(poll_timeout(in(-1000)), 0);
  EXPECT_GT(poll_timeout(in(50)), 0);
  EXPECT_LE(poll_timeout(MonotonicTime::max()), 3'600'000);
  EXPECT_GE(poll_timeout(MonotonicTime::max()), 0);
}

TEST(PeerCredentials, AreThoseOfTheOtherEnd) {
  auto pair = socket_pair();
  ASSERT_TRUE(pair.has_value());
  const auto peer = peer_credentials(pair->first.get());
  ASSERT_TRUE(peer.has_value());
  EXPECT_EQ(peer->uid, ::geteuid());
  EXPECT_EQ(peer->pid, ::getpid());
  EXPECT_FALSE(peer_credentials(-1).has_value());
}

TEST(UnlinkIfSame, TakesAwayOnlyWhatItKnows) {
  const test::ScratchDirectory scratch("socket");
  std::ofstream(scratch / "a") << "mine";
  const auto mine = file_identity(scratch / "a");
  ASSERT_TRUE(mine.has_value());
  std::ofstream(scratch / "b") << "another";
  fs::rename(scratch / "b", scratch / "a");
  unlink_if_same(scratch / "a", *mine);
  EXPECT_TRUE(fs::exists(scratch / "a"));
  unlink_if_same(scratch / "a", *file_identity(scratch / "a"));
  EXPECT_FALSE(fs::exists(scratch / "a"));
  unlink_if_same(scratch / "a", *mine);  // nothing there: nothing happens
}

}  // namespace
}  // namespace hearth::ipc
