#include "web/approvers.hpp"

#include <gtest/gtest.h>
#include <sys/stat.h>

#include <cstdlib>
#include <fstream>

#include "support/scratch_directory.hpp"

namespace hearth::web {
namespace {

constexpr const char* credential = "correct-horse-battery-staple-correct-horse";
constexpr const char* hash = "c2518080c0c9fe637e924bd80f4e0f1abbd5f5feec4d2c174b9297cd7e3fcca3";

Request bearing(const std::string& value) {
  Request request;
  request.headers.push_back({approver_header, value});
  return request;
}

class ApproversTest : public testing::Test {
 protected:
  std::string file(const std::string& text, mode_t mode = 0600) {
    const std::string path = directory_ / std::to_string(++files_);
    std::ofstream(path) << text;
    ::chmod(path.c_str(), mode);
    return path;
  }
  const test::ScratchDirectory directory_{"approvers"};
  int files_ = 0;
};

TEST_F(ApproversTest, AreKnownByTheirCredentials) {
  const std::string other(40, 'y');
  const Approvers approvers(
      {{.name = "ada", .sha256 = hash}, {.name = "eve", .file = file(other + "\n")}}, "token");
  EXPECT_EQ(approvers.find(bearing(credential)), "ada");
  EXPECT_EQ(approvers.find(bearing(other)), "eve");
  for (const std::string& nobody : {std::string(), std::string(hash), std::string(40, 'z'),
                                    std::string(credential) + "x", std::string(1000, 'y')})
    EXPECT_EQ(approvers.find(bearing(nobody)), std::nullopt) << nobody;
  EXPECT_EQ(approvers.find(Request{}), std::nullopt);
  EXPECT_EQ(Approvers().find(bearing(credential)), std::nullopt);
}

TEST_F(ApproversTest, WithoutACredentialOfTheirOwnAreNone) {
  const std::string token(64, 'a');
  EXPECT_TRUE(Approvers({{.name = "short", .file = file("short")},
                         {.name = "open", .file = file(std::string(40, 'y'), 0640)},
                         {.name = "gone", .file = directory_ / "nothing"},
                         {.name = "token", .file = file(token)},
                         {.name = "unset", .environment = "HEARTH_TEST_UNSET"}},
                        token)
                  .empty());
  const Approvers twice(
      {{.name = "ada", .sha256 = hash}, {.name = "eve", .file = file(credential)}}, token);
  EXPECT_EQ(twice.find(bearing(credential)), "ada");
}

TEST_F(ApproversTest, MayHaveItInTheEnvironment) {
  ::setenv("HEARTH_TEST_CREDENTIAL", credential, 1);
  const Approvers approvers({{.name = "ada", .environment = "HEARTH_TEST_CREDENTIAL"}}, "token");
  ::unsetenv("HEARTH_TEST_CREDENTIAL");
  EXPECT_EQ(approvers.find(bearing(credential)), "ada");
}

TEST_F(ApproversTest, MayHaveItFromACommand) {
  const auto printing = [](const std::string& script) {
    return Approvers({{.name = "ada", .command = {"sh", "-c", script}}}, "token");
  };
  const std::string line = "echo " + std::string(credential);
  EXPECT_EQ(printing(line + "; echo 'url: https://example.org'").find(bearing(credential)), "ada");
  for (const std::string& wrong : {line + "; exit 1", std::string("true"),
                                   std::string("echo short"), std::string("yes"), "echo; " + line})
    EXPECT_TRUE(printing(wrong).empty()) << wrong;
  EXPECT_TRUE(Approvers({{.name = "ada", .command = {"/nonexistent/pass"}}}, "token").empty());
}

}  // namespace
}  // namespace hearth::web
