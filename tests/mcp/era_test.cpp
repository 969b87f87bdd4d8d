#include "mcp/era.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <random>
#include <string>
#include <vector>

#include "json/json.hpp"

namespace hearth::mcp {
namespace {

using ::testing::HasSubstr;

constexpr std::string_view versioned = R"("io.modelcontextprotocol/protocolVersion":"2026-07-28",)"
                                       R"("io.modelcontextprotocol/clientCapabilities":{})";

std::string meta_with(std::string_view members) {
  return "{" + std::string(versioned) + "," + std::string(members) + "}";
}

std::string why_not(const auto& result) {
  return result ? "" : result.error().message;
}

TEST(Revision, IsTheRequestedOneIfItIsSpokenElseTheNewest) {
  for (const std::string_view known : legacy_revisions) {
    EXPECT_EQ(negotiate_revision(known), known);
  }
  EXPECT_EQ(negotiate_revision("2031-01-01"), legacy_revisions.front());
  EXPECT_EQ(negotiate_revision(""), legacy_revisions.front());
  // A handshake is legacy whatever it asks for.
  EXPECT_EQ(negotiate_revision(modern_revisions.front()), legacy_revisions.front());
}

TEST(Revision, IsListedNewestFirst) {
  const auto versions = json::parse(supported_versions());
  ASSERT_TRUE(versions.has_value());
  std::vector<std::string> names;
  for (const json::Value& version : versions->as_array()) names.emplace_back(version.as_string());
  EXPECT_THAT(names, ::testing::ElementsAre("2026-07-28", "2025-11-25", "2025-06-18", "2025-03-26",
                                            "2024-11-05"));
}

TEST(Abilities, AreWhatTheClientOffers) {
  const auto none = read_abilities("{}");
  ASSERT_TRUE(none.has_value());
  EXPECT_FALSE(none->elicit_form || none->elicit_page || none->sample || none->list_roots);
  const auto all = read_abilities(
      R"({"roots":{"listChanged":true},"sampling":{"tools":{}},"elicitation":{"form":{},"url":{}}})");
  ASSERT_TRUE(all.has_value());
  EXPECT_TRUE(all->elicit_form && all->elicit_page && all->sample && all->list_roots);
}

TEST(Abilities, TakeElicitationWithoutAModeForForms) {
  EXPECT_TRUE(read_abilities(R"({"elicitation":{}})")->elicit_form);
  EXPECT_TRUE(read_abilities(R"({"elicitation":{ }})")->elicit_form);
  EXPECT_FALSE(read_abilities(R"({"elicitation":{}})")->elicit_page);
  EXPECT_FALSE(read_abilities(R"({"elicitation":{"url":{}}})")->elicit_form);
  EXPECT_TRUE(read_abilities(R"({"elicitation":{"url":{}}})")->elicit_page);
}

TEST(Abilities, AreObjectsOrNotOffered) {
  const auto odd = read_abilities(R"({"sampling":true,"roots":null,"elicitation":1,"tasks":{}})");
  ASSERT_TRUE(odd.has_value());
  EXPECT_FALSE(odd->elicit_form || odd->elicit_page || odd->sample || odd->list_roots);
  for (const char* wrong : {"", "[]", "null", "7", "{", R"({"elicitation":{)"}) {
    EXPECT_FALSE(read_abilities(wrong).has_value()) << wrong;
  }
}

TEST(Level, MapsTheSyslogNamesOntoOurs) {
  EXPECT_EQ(read_level("debug"), pack::LogLevel::debug);
  EXPECT_EQ(read_level("notice"), pack::LogLevel::notice);
  for (const char* high : {"error", "critical", "alert", "emergency"}) {
    EXPECT_EQ(read_level(high), pack::LogLevel::error) << high;
  }
  for (const char* wrong : {"", "Debug", "warn", "debug "}) {
    EXPECT_FALSE(read_level(wrong).has_value()) << wrong;
  }
  for (const auto level : {pack::LogLevel::debug, pack::LogLevel::info, pack::LogLevel::notice,
                           pack::LogLevel::warning, pack::LogLevel::error}) {
    EXPECT_EQ(read_level(level_name(level)), level);
  }
}

TEST(Params, AreSlicesOfTheMessage) {
  const std::string text =
      R"({ "name" : "x" ,"arguments":{"a":[1,"}"]},"_meta":{},"cursor":"c","uri":"u","level":"l",)"
      R"("ref":{},"argument":{},"context":{},"inputResponses":{"a":{}},"requestState":"s",)"
      R"("notifications":{},"unknown":{"name":"no"}})";
  const auto params = read_params(text);
  ASSERT_TRUE(params.has_value());
  EXPECT_EQ(params->name, R"("x")");
  EXPECT_EQ(params->arguments, R"({"a":[1,"}"]})");
  EXPECT_EQ(params->answers, R"({"a":{}})");
  EXPECT_EQ(params->state, R"("s")");
  EXPECT_GE(params->name.data(), text.data());
  EXPECT_LT(params->name.data(), text.data() + text.size());
}

TEST(Params, TakeNullAndAbsenceForTheSame) {
  const auto params = read_params(R"({"cursor":null,"arguments":null,"_meta":null})");
  ASSERT_TRUE(params.has_value());
  EXPECT_TRUE(params->cursor.empty() && params->arguments.empty() && params->meta.empty());
  EXPECT_TRUE(read_params("").has_value());
  EXPECT_TRUE(read_params("{}").has_value());
  for (const char* wrong : {"[]", "7", R"({"name")", R"({"name":"x")"}) {
    EXPECT_FALSE(read_params(wrong).has_value()) << wrong;
  }
}

TEST(RequestMeta, IsLegacyUnlessItNamesARevision) {
  for (const char* legacy : {"", "{}", R"({"progressToken":1})", R"({"x/y":{}})",
                             R"({"io.modelcontextprotocol/clientCapabilities":{}})"}) {
    const auto meta = read_meta(legacy);
    ASSERT_TRUE(meta.has_value()) << legacy;
    EXPECT_EQ(meta->era, Era::legacy) << legacy;
  }
  const auto meta = read_meta(meta_with(R"("progressToken":"t")"));
  ASSERT_TRUE(meta.has_value());
  EXPECT_EQ(meta->era, Era::modern);
  EXPECT_EQ(meta->revision, "2026-07-28");
  EXPECT_EQ(meta->progress_token, R"("t")");
}

TEST(RequestMeta, SaysWhoAsksWhatItCanAndWhatItWantsToHear) {
  const auto meta =
      read_meta(R"({"io.modelcontextprotocol/protocolVersion":"2026-07-28",)"
                R"("io.modelcontextprotocol/clientCapabilities":{"sampling":{}},)"
                R"("io.modelcontextprotocol/clientInfo":{"name":"claude-code","version":"2"},)"
                R"("io.modelcontextprotocol/logLevel":"warning"})");
  ASSERT_TRUE(meta.has_value());
  EXPECT_TRUE(meta->abilities.sample);
  EXPECT_FALSE(meta->abilities.list_roots);
  EXPECT_EQ(meta->client_name, "claude-code");
  EXPECT_EQ(meta->log_level, pack::LogLevel::warning);
  EXPECT_EQ(read_meta(meta_with(R"("io.modelcontextprotocol/x":1)"))->log_level, std::nullopt);
}

TEST(RequestMeta, NeedsTheCapabilitiesInTheModernEra) {
  const auto meta = read_meta(R"({"io.modelcontextprotocol/protocolVersion":"2026-07-28"})");
  EXPECT_THAT(why_not(meta), HasSubstr("clientCapabilities is missing"));
}

TEST(RequestMeta, RefusesWhatIsNotAsItShouldBe) {
  for (const char* wrong :
       {"[]", "7", R"("x")", R"({"io.modelcontextprotocol/protocolVersion":20260728})",
        R"({"io.modelcontextprotocol/protocolVersion":null})",
        R"({"io.modelcontextprotocol/clientCapabilities":[]})",
        R"({"io.modelcontextprotocol/logLevel":"loud"})",
        R"({"io.modelcontextprotocol/logLevel":3})"}) {
    EXPECT_FALSE(read_meta(wrong).has_value()) << wrong;
  }
}

TEST(RequestMeta, KeepsNoTokenThatCouldBreakTheMessageItIsPutInto) {
  EXPECT_EQ(read_meta(R"({"progressToken":12.5})")->progress_token, "12.5");
  EXPECT_EQ(read_meta("{\"progressToken\":1-}")->progress_token, "");
  EXPECT_EQ(read_meta("{\"progressToken\":\"\\x\"}")->progress_token, "");
  EXPECT_EQ(read_meta("{\"progressToken\":[1,]}")->progress_token, "");
}

TEST(Dressed, LeavesALegacyResultAlone) {
  for (const auto caching : {Caching::none, Caching::list, Caching::content}) {
    EXPECT_EQ(dressed(R"({"a":1})", Era::legacy, {.caching = caching}), R"({"a":1})");
  }
}

TEST(Dressed, SaysWhatKindOfResultItIsWhoMadeItAndHowLongItMayBeKept) {
  const std::string made_by =
      R"(,"_meta":{"io.modelcontextprotocol/serverInfo":)" + server_info(false) + "}}";
  EXPECT_EQ(dressed("{}", Era::modern), R"({"resultType":"complete")" + made_by);
  EXPECT_EQ(dressed(R"({"a":1})", Era::modern, {.type = "task"}),
            R"({"a":1,"resultType":"task")" + made_by);
  const auto list = json::parse(dressed("{}", Era::modern, {.caching = Caching::list}));
  EXPECT_GT(json::int_or(*list, "ttlMs", -1), 0);
  EXPECT_EQ(json::string_or(*list, "cacheScope", ""), "private");
  const auto content = json::parse(dressed("{}", Era::modern, {.caching = Caching::content}));
  EXPECT_EQ(json::int_or(*content, "ttlMs", -1), 0);
  EXPECT_EQ(json::string_or(*content, "cacheScope", ""), "private");
}

TEST(ServerInfo, ShowsItsIconWhereItIsToldTo) {
  EXPECT_EQ(json::find(json::parse(server_info(false)).value(), "icons"), nullptr);
  const json::Value info = json::parse(server_info(true)).value();
  const json::Value& icon = info.at("icons").as_array().front();
  EXPECT_TRUE(json::string_or(icon, "src", "").starts_with("data:image/svg+xml;base64,"));
  EXPECT_EQ(json::string_or(icon, "mimeType", ""), "image/svg+xml");
}

TEST(ClientAbilities, FollowTasksWithTheExtension) {
  EXPECT_TRUE(
      read_abilities(R"({"extensions":{"io.modelcontextprotocol/tasks":{}}})")->follow_tasks);
  for (const char* none : {"{}", R"({"extensions":{}})", R"({"extensions":{"x/tasks":{}}})",
                           R"({"extensions":{"io.modelcontextprotocol/tasks":true}})"}) {
    EXPECT_FALSE(read_abilities(none)->follow_tasks) << none;
  }
}

// Whatever bytes come as `_meta` or as params: an error or values that are JSON, never a crash.
TEST(RequestMeta, PutsNothingThroughThatIsNotJson) {
  const std::string seed = meta_with(R"("progressToken":"t","io.modelcontextprotocol/logLevel":)"
                                     R"("info","io.modelcontextprotocol/clientInfo":{"name":"n"})");
  std::mt19937 random(7);
  const std::string alphabet = "\"\\{}[]:,0-.eun \x01\x7f\xff";
  for (int round = 0; round < 20'000; ++round) {
    std::string text = seed;
    for (auto changes = random() % 4 + 1; changes > 0; --changes) {
      text[random() % text.size()] = alphabet[random() % alphabet.size()];
    }
    const auto meta = read_meta(text);
    if (meta && !meta->progress_token.empty())
      ASSERT_TRUE(json::parse(meta->progress_token).has_value()) << text;
    (void)read_params(text);
  }
}

}  // namespace
}  // namespace hearth::mcp
