#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "packs/mandates/bench_fixture.hpp"
#include "packs/mandates/secret_slots_wire.hpp"
#include "packs/mandates/settings.hpp"

namespace hearth::packs::mandates {
namespace {

using testing::HasSubstr;
using testing::Not;

Result<std::string> upper(std::string_view name) {
  if (name == "none") return fail(Errc::not_found, "there is no secret none");
  return "<" + std::string(name) + "\">";
}

TEST(SecretSlots, AreFilledInTextsAtAnyDepth) {
  const auto filled = [](std::string_view arguments) { return fill_secrets(arguments, upper); };
  EXPECT_EQ(
      filled(R"({"a":"x {{secret:k}}{{secret:l}} y","b":[{"c":"{{secret:k}}"}],"d":7})").value(),
      R"({"a":"x <k\"><l\"> y","b":[{"c":"<k\">"}],"d":7})");
  EXPECT_EQ(filled(R"({"{{secret:k}}":"{{secret:k"})").value(), R"({"{{secret:k}}":"{{secret:k"})");
  EXPECT_EQ(filled(R"({"a": 1})").value(), R"({"a": 1})") << "left as it is";
  EXPECT_EQ(filled(R"({"a":"{{secret:none}}"})").error().code, Errc::not_found);
  EXPECT_FALSE(filled(R"({"a":"{{secret:k}}")"));
  EXPECT_EQ(filled("{\"a\":\"" + secret_slot("k") + "\"}").value(), R"({"a":"<k\">"})");
  // What a secret holds is no place for another.
  EXPECT_EQ(fill_secrets(R"({"a":"{{secret:k}}"})",
                         [](std::string_view) -> Result<std::string> { return "{{secret:l}}"; })
                .value(),
            R"({"a":"{{secret:l}}"})");
}

class BenchSecrets : public BenchTest {
 protected:
  BenchSecrets() {
    test::write_file(scratch_ / "token", "tok-7f3a9c51\n");
    settings_.secrets = {{.name = "token",
                          .source = {.environment = {}, .file = scratch_ / "token", .command = {}},
                          .tools = {"echo"},
                          .hosts = {"127.0.0.1"}}};
    context_.tools["echo"] = {.annotations = {}, .answer = [this](const std::string& arguments) {
                                given_ = arguments;
                                return Result<pack::Reply>(pack::Reply{.structured = arguments});
                              }};
    context_.tools["other"] = context_.tools["echo"];
    context_.tools["fails"] = {
        .annotations = {}, .answer = [](const std::string&) {
          return Result<pack::Reply>(fail(Errc::io, "no tok-7f3a9c51", {"not tok-7f3a9c51"}));
        }};
  }
  Result<std::string> call(Workbench& bench, const std::string& tool) {
    return bench.call_tool({.tool = tool,
                            .arguments = R"({"key":"{{secret:token}}"})",
                            .mandate = "m",
                            .workspace = path(""),
                            .name_space = "default",
                            .key = {}},
                           {});
  }
  Settings settings_;
  std::string given_;
};

// What was kept before a secret was known: texts lose it, and the JSON stays what it was.
TEST(SecretAnswers, HoldNoneThatIsKnown) {
  secrets::Redactor redactor;
  redactor.add("pin", "123456");
  redactor.add("token", "tok-\"7f3a");
  const pack::Reply kept{
      .structured = R"({"time":1123456789,"a":[{"text":"pin 123456"}],"b":"tok-\"7f3a!"})"};
  EXPECT_EQ(without_secrets(kept, redactor)->structured,
            R"({"time":1123456789,"a":[{"text":"pin [secret pin]"}],"b":"[secret token]!"})");
  const pack::Reply clean{.structured = R"({ "a" : 1 })"};
  EXPECT_EQ(without_secrets(clean, redactor)->structured, clean.structured);
  const auto error =
      without_secrets(fail(Errc::io, "it is 123456", {"not 123456"}), redactor).error();
  EXPECT_EQ(error.message, "it is [secret pin]");
  EXPECT_THAT(error.suggestions, testing::ElementsAre("not [secret pin]"));
}

TEST_F(BenchSecrets, OnlyTheToolThatItIsForIsGivenIt) {
  Workbench bench(context_, settings_);
  EXPECT_TRUE(bench.check_secrets("echo", R"({"key":"{{secret:token}}"})"));
  EXPECT_EQ(call(bench, "echo").value(), R"({"key":"[secret token]"})");
  EXPECT_EQ(given_, R"({"key":"tok-7f3a9c51"})");
  given_.clear();
  EXPECT_EQ(call(bench, "other").error().code, Errc::permission);
  EXPECT_EQ(bench.check_secrets("other", R"({"key":"{{secret:token}}"})").error().code,
            Errc::permission);
  EXPECT_EQ(given_, "");
}

TEST_F(BenchSecrets, ErrorsOfToolsHoldNone) {
  settings_.secrets.front().tools = {"*"};
  Workbench bench(context_, settings_);
  const auto failed = call(bench, "fails");
  ASSERT_FALSE(failed);
  EXPECT_EQ(failed.error().message, "no [secret token]");
  EXPECT_THAT(failed.error().suggestions.front(), Not(HasSubstr("7f3a")));
}

TEST_F(BenchSecrets, AreKnownBeforeTheyAreUsed) {
  Workbench bench(context_, settings_);
  ASSERT_TRUE(bench.learning().wait({}));
  EXPECT_EQ(bench.redactor().redact("tok-7f3a9c51"), "[secret token]");
}

TEST_F(BenchSecrets, AModelsServerIsGivenItByItsHost) {
  settings_.model.key_secret = "token";
  settings_.model.url = "http://127.0.0.1:8080/v1";
  const auto key = [this] {
    Workbench bench(context_, settings_);
    return bench.model_key(*bench.configuration(), {});
  };
  EXPECT_EQ(key().value(), "tok-7f3a9c51");
  for (const char* const url : {"http://127.0.0.1.evil.org/v1", "http://127.0.0.1@evil.org/v1"}) {
    settings_.model.url = url;
    EXPECT_EQ(key().error().code, Errc::permission) << url;
  }
}

TEST_F(BenchSecrets, TheModelsKeyIsKnownBeforeItIsUsed) {
  test::write_file(scratch_ / "key", "sk-5d1e77a0\n");
  settings_.model.key.file = scratch_ / "key";
  settings_.model.url = "http://127.0.0.1:8080/v1";
  Workbench bench(context_, settings_);
  ASSERT_TRUE(bench.learning().wait({}));
  EXPECT_EQ(bench.redactor().redact("it is sk-5d1e77a0"), "it is [secret model.key]");
  EXPECT_TRUE(bench.learning().unread().empty());
}

TEST_F(BenchSecrets, EachThatCannotBeReadIsNamed) {
  settings_.secrets.push_back(settings_.secrets.front());
  settings_.secrets.back().name = "gone";
  settings_.secrets.back().source.file = scratch_ / "nothing";
  settings_.model.url = "http://evil.org/v1";
  settings_.model.key_secret = "token";
  Workbench bench(context_, settings_);
  ASSERT_TRUE(bench.learning().wait({}));
  const auto unread = bench.learning().unread();
  ASSERT_EQ(unread.size(), 2U);
  EXPECT_EQ(unread[0].name, "the model's key");
  EXPECT_THAT(unread[0].why, HasSubstr("not for evil.org"));
  EXPECT_EQ(unread[1].name, "the secret gone");
  EXPECT_EQ(bench.redactor().redact("tok-7f3a9c51"), "[secret token]");
}

TEST_F(BenchSecrets, AConfigurationThatIsReadAgainCountsForWhatComesAfterIt) {
  settings_.model.key_secret = "token";
  settings_.model.url = "http://127.0.0.1:8080/v1";
  Workbench bench(context_, settings_);
  ASSERT_TRUE(bench.learning().wait({}));
  const auto earlier = bench.configuration();
  test::write_file(scratch_ / "other", "tok-0b6e4d28\n");
  settings_.secrets.front().source.file = scratch_ / "other";
  settings_.secrets.front().tools = {"other"};
  settings_.model.url = "http://evil.org/v1";
  bench.take(settings_);
  ASSERT_TRUE(bench.learning().wait({}));
  EXPECT_EQ(call(bench, "echo").error().code, Errc::permission);
  EXPECT_TRUE(call(bench, "other"));
  EXPECT_EQ(given_, R"({"key":"tok-0b6e4d28"})");
  // A question that is under way has the key of its own server, and what was a secret stays one.
  EXPECT_EQ(bench.model_key(*earlier, {}).value(), "tok-7f3a9c51");
  EXPECT_EQ(bench.model_key(*bench.configuration(), {}).error().code, Errc::permission);
  EXPECT_EQ(bench.redactor().redact("tok-7f3a9c51 tok-0b6e4d28"), "[secret token] [secret token]");
}

TEST_F(BenchSecrets, WhatIsNoSecretIsSaidWhenItIsUsed) {
  settings_.secrets.front().source = {};
  Workbench bench(context_, settings_);
  ASSERT_TRUE(bench.learning().wait({}));
  EXPECT_THAT(call(bench, "echo").error().message, HasSubstr("names no source"));
}

}  // namespace
}  // namespace hearth::packs::mandates
