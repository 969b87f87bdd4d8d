#include "ipc/hello.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <string>

namespace hearth::ipc {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;

std::string hello(std::string_view params) {
  return R"({"jsonrpc":"2.0","id":0,"method":"hello","params":)" + std::string(params) + "}";
}

std::string complaint(std::string_view message) {
  const auto greeting = decode_greeting(message);
  return greeting ? "none" : greeting.error().message;
}

TEST(Greeting, ComesBackAsItWent) {
  Greeting sent;
  sent.client_name = "hearth \"x\"";
  sent.client_version = "0.1.0";
  sent.pid = 4711;
  sent.kind = "bridge";
  sent.name_space = "work-2.x";
  sent.cwd = "/home/ann/b\xc3\xa4r";
  sent.resume = "0123456789abcdef0123456789abcdef";
  sent.packs = {"knowledge", "sql"};
  sent.data = "/srv/stores";
  sent.read_only = true;
  sent.is_compact = true;
  const auto got = decode_greeting(encode_greeting(sent));
  ASSERT_TRUE(got.has_value()) << got.error().message;
  EXPECT_EQ(got->protocol, protocol_version);
  EXPECT_EQ(got->client_name, sent.client_name);
  EXPECT_EQ(got->client_version, sent.client_version);
  EXPECT_EQ(got->pid, sent.pid);
  EXPECT_EQ(got->kind, sent.kind);
  EXPECT_EQ(got->name_space, sent.name_space);
  EXPECT_EQ(got->cwd, sent.cwd);
  EXPECT_EQ(got->resume, sent.resume);
  EXPECT_EQ(got->packs, sent.packs);
  EXPECT_EQ(got->data, sent.data);
  EXPECT_TRUE(got->read_only);
  EXPECT_TRUE(got->is_compact);
}

TEST(Greeting, MayLeaveOutAllButTheProtocol) {
  const auto got = decode_greeting(hello(R"({"protocol":1})"));
  ASSERT_TRUE(got.has_value()) << got.error().message;
  EXPECT_EQ(got->name_space, "default");
  EXPECT_EQ(got->kind, "cli");
  EXPECT_TRUE(got->packs.empty());
  EXPECT_FALSE(got->read_only);
  EXPECT_FALSE(got->is_compact);
}

TEST(Greeting, NamesASurfaceThatThereIs) {
  EXPECT_FALSE(decode_greeting(hello(R"({"protocol":1,"surface":"full"})"))->is_compact);
  EXPECT_THAT(complaint(hello(R"({"protocol":1,"surface":"tiny"})")),
              HasSubstr("hello.surface: expected one of"));
}

TEST(Greeting, MustBeTheFirstRequest) {
  EXPECT_THAT(complaint(R"({"id":1,"method":"tools/list"})"), HasSubstr("\"hello\""));
  EXPECT_THAT(complaint(R"({"method":"hello"})"), HasSubstr("\"hello\""));
  EXPECT_THAT(complaint("GET / HTTP/1.1"), HasSubstr("expected an object"));
}

TEST(Greeting, NamesWhatIsWrong) {
  EXPECT_THAT(complaint(hello(R"({"client":{"pid":"x"}})")), HasSubstr("hello.client.pid"));
  EXPECT_THAT(complaint(hello(R"({"client":7})")), HasSubstr("hello.client"));
  EXPECT_THAT(complaint(hello(R"({"client":{"kind":"spy"}})")), HasSubstr("bridge"));
  EXPECT_THAT(complaint(hello(R"({"cwd":7})")), HasSubstr("hello.cwd"));
  EXPECT_THAT(complaint(hello(R"({"resume":")" + std::string(129, 'a') + "\"}")),
              HasSubstr("hello.resume"));
  EXPECT_THAT(complaint(hello(R"({"namespace":"../up"})")), HasSubstr("namespace"));
}

TEST(Greeting, OfANewerClientMaySayMoreOfItself) {
  const auto got = decode_greeting(
      hello(R"({"protocol":7,"client":{"name":"n","color":"red"},"theme":{"dark":true}})"));
  ASSERT_TRUE(got.has_value()) << got.error().message;
  EXPECT_EQ(got->protocol, 7);
  EXPECT_EQ(got->client_name, "n");
}

TEST(Greeting, IsRefusedForADemandThatIsNotUnderstood) {
  EXPECT_THAT(complaint(hello(R"({"overrides":{"engine":"x"}})")), HasSubstr("engine"));
}

TEST(Greeting, TakesNonsenseForTheOldestProtocol) {
  EXPECT_EQ(decode_greeting(hello(R"({"protocol":"1"})"))->protocol, 0);
  EXPECT_EQ(decode_greeting(hello(R"({"protocol":-5})"))->protocol, 0);
  EXPECT_GT(decode_greeting(hello(R"({"protocol":4294967297})"))->protocol, protocol_version);
}

TEST(CheckNamespace, TakesNamesOfDirectories) {
  for (const std::string_view good : {"default", "a", "A-b_c.9", "0", "x..y"}) {
    EXPECT_TRUE(check_namespace(good).has_value()) << good;
  }
  EXPECT_TRUE(check_namespace(std::string(64, 'a')).has_value());
}

TEST(CheckNamespace, RefusesWhatEscapesOrHides) {
  for (const std::string_view bad :
       {"", ".", "..", ".hidden", "-option", "a/b", "a b", "a\n", "b\xc3\xa4r", "a:b"}) {
    EXPECT_FALSE(check_namespace(bad).has_value()) << bad;
  }
  EXPECT_FALSE(check_namespace(std::string(65, 'a')).has_value());
  EXPECT_FALSE(check_namespace(std::string_view("a\0b", 3)).has_value());
}

TEST(Welcome, ComesBackAsItWent) {
  const Welcome sent{.protocol = 1,
                     .version = "0.1.0",
                     .pid = 42,
                     .started_at = "2026-11-21T09:00:00.000Z",
                     .state = "running",
                     .config_id = "cd2f84ed54756f04",
                     .session = "s5ea94404",
                     .resume = "0123",
                     .challenge = "4567",
                     .store_owner = "pid 7"};
  const auto got = decode_welcome(encode_welcome(sent));
  ASSERT_TRUE(got.has_value());
  EXPECT_EQ(got->version, sent.version);
  EXPECT_EQ(got->pid, sent.pid);
  EXPECT_EQ(got->started_at, sent.started_at);
  EXPECT_EQ(got->state, sent.state);
  EXPECT_EQ(got->config_id, sent.config_id);
  EXPECT_EQ(got->session, sent.session);
  EXPECT_EQ(got->resume, sent.resume);
  EXPECT_EQ(got->challenge, sent.challenge);
  EXPECT_EQ(got->store_owner, sent.store_owner);
}

TEST(Welcome, IsNotBelievedWithoutItsConfiguration) {
  const auto got = decode_welcome(
      R"({"jsonrpc":"2.0","id":0,"result":{"protocol":1,"daemon":{"version":"9"}}})");
  ASSERT_FALSE(got.has_value());
  EXPECT_EQ(got.error().reason, "protocol_mismatch");
  EXPECT_EQ(got.error().error.code, Errc::mismatch);
}

TEST(Welcome, IsNothingElse) {
  for (const std::string_view message : {"", "HTTP/1.1 400", "{}", R"({"result":7})", "[]"}) {
    const auto got = decode_welcome(message);
    ASSERT_FALSE(got.has_value()) << message;
    EXPECT_EQ(got.error().reason, "protocol_mismatch") << message;
  }
}

TEST(Refusal, CarriesReasonCodeAndAdvice) {
  const Error error{Errc::busy, "4096 sessions are open", {"close some", "raise \"max\""}};
  const auto got = decode_welcome(encode_refusal(error, "busy"));
  ASSERT_FALSE(got.has_value());
  EXPECT_EQ(got.error().reason, "busy");
  EXPECT_EQ(got.error().error.code, Errc::busy);
  EXPECT_EQ(got.error().error.message, error.message);
  EXPECT_THAT(got.error().error.suggestions, ElementsAre("close some", "raise \"max\""));
}

TEST(Refusal, MayComeFromAnyJsonRpcServer) {
  const auto got = decode_welcome(R"({"id":null,"error":{"code":-32601,"message":"what?"}})");
  ASSERT_FALSE(got.has_value());
  EXPECT_EQ(got.error().reason, "refused");
  EXPECT_EQ(got.error().error.message, "what?");
}

}  // namespace
}  // namespace hearth::ipc
