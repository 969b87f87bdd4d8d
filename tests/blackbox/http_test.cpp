// MCP over HTTP as its users have it: the real programs, a token in a file, a URL that stays.
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <sys/stat.h>

#include <csignal>
#include <filesystem>

#include "json/json.hpp"
#include "support/http_client.hpp"
#include "support/temp_home.hpp"

namespace hearth::test {
namespace {

using std::chrono::seconds;
using ::testing::HasSubstr;

constexpr std::string_view initialize =
    R"({"jsonrpc":"2.0","id":1,"method":"initialize","params":{"protocolVersion":"2025-11-25",)"
    R"("capabilities":{},"clientInfo":{"name":"probe","version":"1"}}})";
constexpr std::string_view status_call =
    R"({"jsonrpc":"2.0","id":2,"method":"tools/call","params":{"name":"hearth_status","arguments":{}}})";

class Http : public testing::Test {
 protected:
  // What `http.json` says of the daemon that serves now.
  struct Place {
    std::uint16_t port = 0;
    std::string token;
    std::string token_file;
    pid_t pid = 0;
  };
  Place place() {
    const auto record = json::parse(read_file(home_.file("run/http.json")));
    if (!record) {
      ADD_FAILURE() << "no http.json\n" << home_.log_text();
      return {};
    }
    const std::string url(json::string_or(*record, "url", ""));
    Place place;
    place.port = static_cast<std::uint16_t>(std::stoul(url.substr(url.rfind(':') + 1)));
    place.token_file = json::string_or(*record, "token_file", "");
    if (!place.token_file.empty()) place.token = read_file(place.token_file).substr(0, 64);
    place.pid = static_cast<pid_t>(json::int_or(*record, "pid", 0));
    return place;
  }
  Place start(const std::string& option = "--http") {
    const Outcome started = home_.hearth({"daemon", "start", option});
    EXPECT_EQ(started.exit_code, 0) << started.describe();
    return place();
  }
  void stop() { EXPECT_EQ(home_.hearth({"daemon", "stop"}).exit_code, 0); }
  TempHome home_;
};

TEST_F(Http, IsOffUnlessAskedFor) {
  EXPECT_EQ(home_.hearth({"daemon", "start"}).exit_code, 0);
  EXPECT_FALSE(std::filesystem::exists(home_.file("run/http.json")));
  const Outcome late = home_.hearth({"daemon", "start", "--http"});
  EXPECT_NE(late.exit_code, 0);
  EXPECT_THAT(late.err, HasSubstr("does not serve HTTP"));
  stop();
}

TEST_F(Http, ServesWhoHasTheToken) {
  const Outcome started = home_.hearth({"daemon", "start", "--http"});
  ASSERT_EQ(started.exit_code, 0) << started.describe();
  const Place at = place();
  EXPECT_THAT(started.out, HasSubstr(":" + std::to_string(at.port) + "/mcp"));
  EXPECT_THAT(started.out, HasSubstr(at.token_file));
  struct stat info{};
  ASSERT_EQ(::stat(at.token_file.c_str(), &info), 0);
  EXPECT_EQ(info.st_mode & 07777U, 0600U);
  EXPECT_EQ(HttpClient(at.port).ask("POST", "/mcp", {}, initialize).status, 401);
  HttpClient client(at.port, at.token);
  const HttpReply first = client.ask("POST", "/mcp", {}, initialize);
  ASSERT_EQ(first.status, 200);
  const HttpHeaders session{{"Mcp-Session-Id", first.header("mcp-session-id")}};
  EXPECT_THAT(client.ask("POST", "/mcp", session, status_call).body, HasSubstr("\"result\""));
  EXPECT_THAT(home_.log_text(), ::testing::Not(HasSubstr(at.token)));
  stop();
  EXPECT_FALSE(std::filesystem::exists(home_.file("run/http.json")));
  EXPECT_EQ(home_.sanitizer_reports(), "");
}

TEST_F(Http, KeepsItsUrlAndItsToken) {
  const Place first = start();
  stop();
  const Place second = start();
  EXPECT_EQ(second.port, first.port);
  EXPECT_EQ(second.token, first.token);
  EXPECT_NE(second.pid, first.pid);
  // After kill -9 the next one takes over what is left.
  ::kill(second.pid, SIGKILL);
  EXPECT_TRUE(eventually([&] { return !is_alive(second.pid); }, seconds(10)));
  const Place third = start();
  EXPECT_EQ(third.port, first.port);
  EXPECT_EQ(HttpClient(third.port).ask("GET", "/healthz").status, 200);
  stop();
}

TEST_F(Http, FollowsTheConfiguration) {
  write_file(home_.file("config.toml"), "[http]\nenabled = true\ntoken = false\n");
  EXPECT_EQ(home_.hearth({"daemon", "start"}).exit_code, 0);
  const Place at = place();
  EXPECT_EQ(at.token_file, "");
  EXPECT_EQ(HttpClient(at.port).ask("POST", "/mcp", {}, initialize).status, 200);
  EXPECT_EQ(HttpClient(at.port)
                .ask("POST", "/mcp", {{"Origin", "http://evil.example"}}, initialize)
                .status,
            403);
  stop();
}

TEST_F(Http, SaysWhyItCannotServe) {
  write_file(home_.file("config.toml"), "[http]\nenabled = true\naddress = \"0.0.0.0\"\n");
  const Outcome wide = home_.hearth({"daemon", "start"});
  EXPECT_NE(wide.exit_code, 0);
  EXPECT_THAT(wide.err, HasSubstr("http.address"));
  write_file(home_.file("config.toml"), "");
  const Place at = start();
  TempHome other;
  const Outcome taken = other.hearth({"daemon", "start", "--http=" + std::to_string(at.port)});
  EXPECT_NE(taken.exit_code, 0);
  EXPECT_THAT(taken.err, HasSubstr("another program listens"));
  const Outcome nonsense = other.hearth({"daemon", "start", "--http=70000"});
  EXPECT_NE(nonsense.exit_code, 0);
  EXPECT_THAT(nonsense.err, HasSubstr("--http"));
  stop();
}

}  // namespace
}  // namespace hearth::test
