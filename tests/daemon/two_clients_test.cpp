// What goes wrong between two clients of one server: each hears, is asked, cancels and lists for
// itself only. All clients use the same ids and tokens on purpose.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <filesystem>
#include <memory>
#include <set>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "json/envelope.hpp"
#include "support/daemon_thread.hpp"

namespace hearth::daemon {
namespace {

using test::DaemonThread;
using test::TestClient;
using ::testing::Each;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using ::testing::SizeIs;

constexpr std::string_view handshake =
    R"({"protocolVersion":"2025-11-25","capabilities":{"elicitation":{},"sampling":{},"roots":{}}})";

std::string text_argument(const std::string& text) {
  return R"({"text":")" + text + "\"}";
}

// Several hundred resources, for lists of more than one page.
class ManyPack final : public pack::Pack {
 public:
  static constexpr int count = 450;
  std::string_view name() const override { return "many"; }
  void declare(pack::Binder& binder) override {
    for (int i = 0; i < count; ++i) {
      const std::string name = std::to_string(i);
      binder.add(pack::ResourceSpec{"many://" + name, name, "", "", ""},
                 [](const std::string&, const pack::Variables&, pack::Call call) {
                   call.answer(pack::Reply{});
                 });
    }
  }
  void start(pack::PackContext&) override {}
  void stop() override {}
  pack::PackStatus status() const override { return {.warmth = pack::Warmth::warm, .reason = {}}; }
};

// With that many clients, which have shaken hands.
class TwoClients : public ::testing::TestWithParam<int> {
 protected:
  void SetUp() override {
    for (int i = 0; i < GetParam(); ++i) {
      clients_.push_back(std::make_unique<TestClient>(daemon_.client()));
      clients_.back()->request("initialize", handshake);
    }
  }
  // "own 3" for the fourth client.
  static std::string own(std::size_t i) { return "own " + std::to_string(i); }
  // The next message of this client, which is a request to it; its id as JSON text.
  static std::string question(TestClient& client) {
    const std::string message = client.next().value_or("");
    const auto envelope = json::scan_envelope(message);
    if (!envelope || !envelope->is_request()) {
      ADD_FAILURE() << "no question: " << message;
      return "0";
    }
    return std::string(envelope->id);
  }
  static void reply(TestClient& client, const std::string& question, const std::string& answer) {
    client.send(R"({"jsonrpc":"2.0","id":)" + question + R"(,"result":")" + answer + "\"}");
  }
  // What a client has heard so far besides answers.
  static std::vector<std::string> heard(TestClient& client) {
    client.request("daemon/ping");
    return {std::make_move_iterator(client.notifications().begin()),
            std::make_move_iterator(std::exchange(client.notifications(), {}).end())};
  }

  test::ScratchDirectory scratch_{"two"};
  DaemonThread daemon_{test::quiet_options(test::paths_below(scratch_.path())), nullptr,
                       std::make_unique<ManyPack>()};
  std::vector<std::unique_ptr<TestClient>> clients_;
};

TEST_P(TwoClients, HearTheirOwnProgressAndLogs) {
  for (std::size_t i = 0; i < clients_.size(); ++i) {
    clients_[i]->call("1", "ask_report", text_argument(own(i)), "\"t\"");
  }
  for (std::size_t i = 0; i < clients_.size(); ++i) {
    EXPECT_EQ(test::echoed_text(clients_[i]->answer("1")), own(i));
    const auto& messages = clients_[i]->notifications();
    EXPECT_THAT(messages, SizeIs(2));
    EXPECT_THAT(messages, Each(HasSubstr('"' + own(i) + '"')));
  }
}

TEST_P(TwoClients, AreAskedOnTheirOwnCallsOnly) {
  for (std::size_t i = 0; i < clients_.size(); ++i) {
    clients_[i]->call("1", "ask_name", text_argument(own(i)));
  }
  TestClient late = daemon_.client();  // it came last and would be asked by a server that errs
  late.request("initialize", handshake);
  std::vector<std::string> questions;
  for (const auto& client : clients_) questions.push_back(question(*client));
  EXPECT_THAT(std::set(questions.begin(), questions.end()), SizeIs(clients_.size()));
  for (std::size_t i = clients_.size(); i-- > 0;) {
    // Others answer with its id first; that changes nothing.
    for (std::size_t other = 0; other < clients_.size(); ++other) {
      if (other != i) reply(*clients_[other], questions[i], "stolen");
    }
    reply(late, questions[i], "stolen");
    late.request("daemon/ping");
    for (const auto& client : clients_) client->request("daemon/ping");
    reply(*clients_[i], questions[i], "by " + std::to_string(i));
    EXPECT_EQ(test::echoed_text(clients_[i]->answer("1")),
              own(i) + '|' + own(i) + "|\"by " + std::to_string(i) + '"');
  }
  for (const auto& client : clients_) EXPECT_THAT(heard(*client), IsEmpty());
  EXPECT_THAT(heard(late), IsEmpty());
}

TEST_P(TwoClients, AreAskedWhileTheOthersGo) {
  TestClient& stays = *clients_.front();
  stays.call("1", "ask_name", text_argument("stays"));
  const std::string asked = question(stays);
  while (clients_.size() > 1) {
    clients_.back()->call("1", "ask_name", text_argument("goes"));
    (void)question(*clients_.back());
    clients_.pop_back();
  }
  while (json::int_or(stays.request("daemon/status").at("result"), "requests_in_flight", 0) != 1) {
    ASSERT_FALSE(HasFailure());
  }
  reply(stays, asked, "here");
  EXPECT_EQ(test::echoed_text(stays.answer("1")), R"(stays|stays|"here")");
}

TEST_P(TwoClients, CancelTheirOwnCallOnly) {
  for (std::size_t i = 0; i < clients_.size(); ++i) {
    clients_[i]->call("1", "echo_hold", text_argument(own(i)));
    clients_[i]->request("daemon/ping");
  }
  TestClient& first = *clients_.front();
  first.send(R"({"method":"notifications/cancelled","params":{"requestId":1}})");
  EXPECT_EQ(test::tool_code(first.ask("echo_release", text_argument(own(0)))), "not_found");
  for (std::size_t i = 1; i < clients_.size(); ++i) {
    EXPECT_EQ(test::echoed_text(first.ask("echo_release", text_argument(own(i)))), own(i));
    EXPECT_EQ(test::echoed_text(clients_[i]->answer("1")), own(i));
  }
  EXPECT_THAT(first.notifications(), IsEmpty());
}

TEST_P(TwoClients, HearOfTheResourcesThatTheyWatch) {
  for (std::size_t i = 0; i < clients_.size(); ++i) {
    clients_[i]->request("resources/subscribe",
                         R"({"uri":"test://note/)" + std::to_string(i) + "/text\"}");
  }
  TestClient other = daemon_.client();
  for (std::size_t i = 0; i < clients_.size(); ++i) {
    other.ask("ask_update", text_argument("test://note/" + std::to_string(i) + "/text"));
  }
  for (std::size_t i = 0; i < clients_.size(); ++i) {
    const auto messages = heard(*clients_[i]);
    ASSERT_THAT(messages, SizeIs(1));
    EXPECT_THAT(messages[0], HasSubstr("test://note/" + std::to_string(i) + "/text"));
  }
  EXPECT_THAT(heard(other), IsEmpty());
}

TEST_P(TwoClients, HearOfListsIfTheyWantTo) {
  TestClient modern = daemon_.client();
  modern.send(
      R"({"jsonrpc":"2.0","id":1,"method":"subscriptions/listen","params":{"_meta":{)"
      R"("io.modelcontextprotocol/protocolVersion":"2026-07-28",)"
      R"("io.modelcontextprotocol/clientCapabilities":{}},"notifications":{"promptsListChanged":true}}})");
  EXPECT_THAT(modern.next().value_or(""), HasSubstr("acknowledged"));
  TestClient silent = daemon_.client();
  silent.ask("ask_change", text_argument("tools"));
  silent.ask("ask_change", text_argument("prompts"));
  for (const auto& client : clients_) EXPECT_THAT(heard(*client), SizeIs(2));
  const auto messages = heard(modern);
  ASSERT_THAT(messages, SizeIs(1));
  EXPECT_THAT(messages[0], HasSubstr(R"("io.modelcontextprotocol/subscriptionId":1)"));
  EXPECT_THAT(heard(silent), IsEmpty());
}

TEST_P(TwoClients, AreNotHeldUpByOneThatReadsNothing) {
  TestClient& deaf = *clients_.front();
  deaf.request("resources/subscribe", R"({"uri":"test://plain"})");
  for (int i = 1; i <= 8; ++i) deaf.call(std::to_string(i), "echo_big", R"({"n":400000})");
  deaf.call("9", "ask_name", text_argument("deaf"));
  TestClient other = daemon_.client();
  while (json::int_or(other.request("daemon/status").at("result").at("tools").at("ask_name"),
                      "in_flight", 0) != 1) {
    ASSERT_FALSE(HasFailure());
  }
  for (std::size_t i = 1; i < clients_.size(); ++i) {
    clients_[i]->call("9", "ask_name", text_argument(own(i)));
    reply(*clients_[i], question(*clients_[i]), "x");
    EXPECT_EQ(test::echoed_text(clients_[i]->answer("9")), own(i) + '|' + own(i) + "|\"x\"");
  }
  for (int i = 0; i < 3; ++i) other.ask("ask_update", text_argument("test://plain"));
  // Once it reads, everything is there: its answers, its question, and the change, once.
  for (int i = 1; i <= 8; ++i)
    EXPECT_EQ(test::echoed_text(deaf.answer(std::to_string(i))).size(), 400'000U);
  const auto messages = heard(deaf);
  EXPECT_EQ(std::ranges::count_if(
                messages, [](const auto& text) { return text.contains("resources/updated"); }),
            1);
  EXPECT_EQ(std::ranges::count_if(
                messages, [](const auto& text) { return text.contains("elicitation/create"); }),
            1);
}

TEST_P(TwoClients, ListAllPagesWhileOthersListToo) {
  std::vector<std::set<std::string>> seen(clients_.size());
  std::vector<std::string> cursors(clients_.size(), "{}");
  for (bool goes_on = true; goes_on;) {
    goes_on = false;
    for (std::size_t i = 0; i < clients_.size(); ++i) {  // a page each, in turns
      if (cursors[i].empty()) continue;
      const json::Value page = clients_[i]->request("resources/list", cursors[i]).at("result");
      for (const json::Value& resource : page.at("resources").as_array()) {
        EXPECT_TRUE(seen[i].insert(std::string(json::string_or(resource, "uri", ""))).second);
      }
      const std::string next(json::string_or(page, "nextCursor", ""));
      cursors[i] = next.empty() ? "" : R"({"cursor":")" + next + "\"}";
      goes_on = goes_on || !next.empty();
    }
  }
  for (const auto& uris : seen) {
    EXPECT_GE(uris.size(), static_cast<std::size_t>(ManyPack::count));
    EXPECT_TRUE(uris.contains("many://449"));
    EXPECT_EQ(uris, seen.front());
  }
}

TEST_P(TwoClients, ActInTheirOwnDirectoryAndRoots) {
  std::vector<std::unique_ptr<TestClient>> clients;
  for (int i = 0; i < GetParam(); ++i) {
    ipc::Greeting greeting = TestClient::default_greeting();
    greeting.cwd = scratch_.path() + "/project" + std::to_string(i);
    greeting.name_space = "space" + std::to_string(i);
    std::filesystem::create_directory(greeting.cwd);
    clients.push_back(std::make_unique<TestClient>(daemon_.socket()));
    ASSERT_TRUE(clients.back()->greet(greeting).has_value());
    clients.back()->request("initialize", handshake);
  }
  for (const auto& client : clients) client->call("1", "echo_who", "{}");
  for (const auto& client : clients) client->call("2", "ask_roots", "{}");
  for (std::size_t i = 0; i < clients.size(); ++i) {
    const std::string cwd = scratch_.path() + "/project" + std::to_string(i);
    const json::Value who = test::structured(clients[i]->answer("1"));
    EXPECT_EQ(json::string_or(who, "cwd", ""), cwd);
    EXPECT_EQ(json::string_or(who, "project_root", ""), cwd);
    EXPECT_EQ(json::string_or(who, "name_space", ""), "space" + std::to_string(i));
    reply(*clients[i], question(*clients[i]), cwd);
    EXPECT_EQ(test::echoed_text(clients[i]->answer("2")), "roots=\"" + cwd + "\";");
  }
}

INSTANTIATE_TEST_SUITE_P(Of, TwoClients, ::testing::Values(2, 10));

}  // namespace
}  // namespace hearth::daemon
