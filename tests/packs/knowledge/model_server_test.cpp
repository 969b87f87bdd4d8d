#include "packs/knowledge/model_server.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cstdlib>
#include <thread>

#include "support/http_server.hpp"
#include "support/scratch_directory.hpp"

namespace hearth::packs::knowledge {
namespace {

using std::chrono::milliseconds;
using std::chrono::seconds;
using ::testing::HasSubstr;

class ModelServerTest : public testing::Test {
 protected:
  [[nodiscard]] ModelServerPlan plan(std::vector<std::string> options = {}) const {
    ModelServerPlan made;
    made.command = {"/usr/bin/python3", test::http_server_script(), "--socket", socket()};
    made.command.insert(made.command.end(), options.begin(), options.end());
    made.health_url = "http://localhost/health";
    made.socket = socket();
    made.log_path = scratch_ / "log";
    made.first_wait = milliseconds(10);
    return made;
  }
  [[nodiscard]] std::string socket() const { return scratch_ / "s"; }
  Result<http::Response> get(const std::string& path) {
    http::Request request{.url = "http://localhost" + path, .headers = {}, .body = {}};
    request.socket = socket();
    return client_.send(request);
  }
  pid_t pid() {
    const std::string seen = get("/seen")->body;
    return std::atoi(seen.substr(seen.find("\"pid\": ") + 7).c_str());
  }
  static bool ends(pid_t pid) {
    return test::eventually([&] { return !test::is_alive(pid); }, seconds(20));
  }

  test::ScratchDirectory scratch_{"model"};
  http::Client client_;
};

TEST_F(ModelServerTest, StartsWhenNeededAndIsSharedByAll) {
  pid_t first = 0;
  {
    ModelServer server(plan({"--ready-after", "0.2"}), client_);
    EXPECT_FALSE(get("/health")) << "nobody needed it yet";
    std::vector<std::jthread> callers;
    for (int i = 0; i < 4; ++i) {
      callers.emplace_back([&] {
        const auto lease = server.need({});
        ASSERT_TRUE(lease) << lease.error().message;
        EXPECT_EQ(get("/health")->status, 200);
      });
    }
    callers.clear();
    first = pid();
    ASSERT_TRUE(server.need({}));
    EXPECT_EQ(pid(), first);
  }
  EXPECT_FALSE(test::is_alive(first)) << "it ends with its owner";
  EXPECT_THAT(test::read_file(scratch_ / "log"), HasSubstr("ready"));
}

TEST_F(ModelServerTest, StartsAgainAfterACrash) {
  ModelServer server(plan(), client_);
  ASSERT_TRUE(server.need({}));
  const pid_t first = pid();
  EXPECT_FALSE(get("/crash"));
  ASSERT_TRUE(ends(first));
  // The one that just ended may still be taken for ready, for an instant.
  ASSERT_TRUE(test::eventually([&] { return server.need({}) && get("/health"); }, seconds(20)));
  EXPECT_NE(pid(), first);
}

TEST_F(ModelServerTest, LeavesOneAloneThatCrashesAgainAndAgain) {
  ModelServer server(plan({"--crash-at-start"}), client_);
  const auto needed = server.need({});
  ASSERT_FALSE(needed);
  EXPECT_EQ(needed.error().code, Errc::unavailable);
  EXPECT_EQ(needed.error().message,
            "the model server /usr/bin/python3 exited with status 7, 3 times in a row");
  EXPECT_EQ(needed.error().suggestions.front(), "look at " + (scratch_ / "log"));
  EXPECT_FALSE(server.need({})) << "it rests";
  const std::string log = test::read_file(scratch_ / "log");
  EXPECT_EQ(log, "no such model\nno such model\nno such model\n");
}

TEST_F(ModelServerTest, TriesAgainAfterARest) {
  ModelServerPlan made = plan({"--crash-at-start"});
  made.rest = milliseconds(1);
  made.most_crashes = 1;
  ModelServer server(made, client_);
  for (int i = 0; i < 3; ++i) {
    EXPECT_FALSE(server.need({}));
    std::this_thread::sleep_for(milliseconds(2));
  }
  EXPECT_THAT(test::read_file(scratch_ / "log"), HasSubstr("no such model\nno such model\n"));
}

TEST_F(ModelServerTest, SaysThatThereIsNoSuchProgram) {
  ModelServerPlan made = plan();
  made.command = {"hearth-nosuch-server"};
  ModelServer server(made, client_);
  const auto needed = server.need({});
  ASSERT_FALSE(needed);
  EXPECT_EQ(needed.error().code, Errc::not_found);
  EXPECT_THAT(needed.error().message, HasSubstr("there is no program hearth-nosuch-server"));
}

TEST_F(ModelServerTest, GivesUpOnOneThatDoesNotGetReady) {
  ModelServerPlan made = plan({"--ready-after", "1000"});
  made.ready_timeout = milliseconds(500);
  ModelServer server(made, client_);
  const auto needed = server.need({});
  ASSERT_FALSE(needed);
  EXPECT_EQ(needed.error().code, Errc::unavailable);
  EXPECT_THAT(needed.error().message, HasSubstr("/usr/bin/python3 is not ready after 0 s"));
}

TEST_F(ModelServerTest, AWaitEndsWhenStopped) {
  ModelServer server(plan({"--ready-after", "1000"}), client_);
  std::stop_source source;
  std::jthread stopper([&] {
    (void)test::eventually([&] { return get("/health").has_value(); }, seconds(20));
    source.request_stop();
  });
  EXPECT_EQ(server.need(source.get_token()).error().code, Errc::cancelled);
}

TEST_F(ModelServerTest, StopsWhenIdleAndStartsAgain) {
  ModelServerPlan made = plan();
  made.idle = milliseconds(100);
  ModelServer server(made, client_);
  pid_t first = 0;
  {
    const auto lease = server.need({});
    ASSERT_TRUE(lease);
    first = pid();
    std::this_thread::sleep_for(milliseconds(300));
    EXPECT_TRUE(test::is_alive(first)) << "it is in use";
  }
  EXPECT_TRUE(ends(first));
  const auto lease = server.need({});
  ASSERT_TRUE(lease);
  EXPECT_NE(pid(), first);
}

TEST_F(ModelServerTest, ItsLogIsBounded) {
  ModelServerPlan made = plan();
  // Writes a megabyte before it serves.
  std::string words;
  for (const std::string& word : made.command) words += " '" + word + "'";
  made.command = {"sh", "-c", "head -c 1000000 /dev/zero; exec" + words};
  made.log_size = 100'000;
  ModelServer server(made, client_);
  ASSERT_TRUE(server.need({}));
  EXPECT_LE(test::read_file(scratch_ / "log").size(), 100'000U);
  EXPECT_LE(test::read_file(scratch_ / "log.1").size(), 100'000U);
}

}  // namespace
}  // namespace hearth::packs::knowledge
