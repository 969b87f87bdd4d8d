#include "web/guard.hpp"

#include <gtest/gtest.h>
#include <sys/stat.h>

#include <filesystem>
#include <fstream>

#include "support/scratch_directory.hpp"

namespace hearth::web {
namespace {

Request with(std::string name, std::string value) {
  Request request;
  request.headers.push_back({std::move(name), std::move(value)});
  return request;
}

TEST(Guard, KnowsItsOwnNames) {
  for (const auto* host : {"localhost:7000", "LocalHost:7000", "127.0.0.1:7000", "[::1]:7000"})
    EXPECT_TRUE(is_own_host(host, 7000)) << host;
  for (const auto* host :
       {"", "localhost", "localhost:7001", "127.0.0.1", "evil.example:7000", "localhost.evil:7000",
        "127.0.0.1.evil.example:7000", "::1:7000", "user@localhost:7000", "localhost:07000"})
    EXPECT_FALSE(is_own_host(host, 7000)) << host;
  EXPECT_TRUE(is_own_host("localhost", 80));
  EXPECT_TRUE(is_own_host("localhost:80", 80));
}

TEST(Guard, KnowsItsOwnOrigin) {
  EXPECT_TRUE(is_own_origin("http://localhost:7000", 7000));
  EXPECT_TRUE(is_own_origin("HTTP://[::1]:7000", 7000));
  for (const auto* origin :
       {"", "null", "https://localhost:7000", "http://localhost:7001", "http://evil.example",
        "http://localhost:7000.evil.example", "http://localhost:7000/"})
    EXPECT_FALSE(is_own_origin(origin, 7000)) << origin;
}

TEST(Guard, WantsTheWholeToken) {
  EXPECT_TRUE(bears(with("authorization", "bearer 0123"), "0123"));
  for (const auto* value : {"", "Bearer", "Bearer ", "Bearer 012", "Bearer 01234", "Bearer 0124",
                            "Basic 0123", "0123", "Bearer  0123"})
    EXPECT_FALSE(bears(with("Authorization", value), "0123")) << value;
  EXPECT_FALSE(bears(Request{}, "0123"));
}

class Token : public testing::Test {
 protected:
  test::ScratchDirectory directory_;
  std::string path_ = directory_.path() + "/http.token";
};

TEST_F(Token, IsMadeOnceForTheOwnerOnly) {
  const auto token = load_token(path_);
  ASSERT_TRUE(token) << token.error().message;
  EXPECT_EQ(token->size(), 64U);
  struct stat info{};
  ASSERT_EQ(::stat(path_.c_str(), &info), 0);
  EXPECT_EQ(info.st_mode & 07777U, 0600U);
  EXPECT_EQ(load_token(path_), *token);
}

TEST_F(Token, IsRefusedWhenOthersMayReadIt) {
  ASSERT_TRUE(load_token(path_));
  std::filesystem::permissions(path_, std::filesystem::perms::group_read,
                               std::filesystem::perm_options::add);
  const auto token = load_token(path_);
  ASSERT_FALSE(token);
  EXPECT_EQ(token.error().code, Errc::permission);
}

TEST_F(Token, IsRefusedWhenItIsNone) {
  ASSERT_TRUE(load_token(path_));
  std::ofstream(path_) << "short\n";
  const auto token = load_token(path_);
  ASSERT_FALSE(token);
  EXPECT_EQ(token.error().code, Errc::damaged);
}

TEST_F(Token, DoesNotFollowALink) {
  ASSERT_TRUE(load_token(path_));
  std::filesystem::create_symlink(path_, path_ + ".link");
  EXPECT_FALSE(load_token(path_ + ".link"));
}

TEST_F(Token, DoesNotWaitForAFifo) {
  ASSERT_EQ(::mkfifo(path_.c_str(), 0600), 0);
  EXPECT_FALSE(load_token(path_));
}

}  // namespace
}  // namespace hearth::web
