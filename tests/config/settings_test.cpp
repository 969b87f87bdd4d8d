#include "config/settings.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <map>
#include <random>

#include "support/environment.hpp"
#include "support/scratch_directory.hpp"
#include "support/write_below.hpp"

namespace hearth::config {
namespace {

using std::chrono::milliseconds;
using test::environment_of;
using testing::HasSubstr;

constexpr std::string_view full = R"([daemon]
idle_timeout = "45m"
drain_timeout = "2s"
packs = ["knowledge", "sql"]
data = "/srv/hearth"
durability = "process"
log_level = "debug"
log_size = "1MiB"
log_keep = 5
max_sessions = 100
session_requests = 8
session_queue = "9MiB"
bytes_in_flight = "32MiB"
request_timeout = "5m"
roots = ["/srv/docs", "~/notes"]
namespaces = ["default", "work"]

[http]
enabled = true
address = "::1"
port = 7000
token = false

[client]
namespace = "work"

[knowledge]
embedder = "none"
chunk = 800
stem = true
ignore = ["*.tmp", "build"]
[knowledge.model]
path = "/m"
)";

TEST(ParseSettings, ReadsEveryKey) {
  const auto settings = parse_settings(full, "config.toml");
  ASSERT_TRUE(settings) << settings.error().message;
  EXPECT_EQ(settings->idle_timeout, milliseconds(2'700'000));
  EXPECT_EQ(settings->drain_timeout, milliseconds(2'000));
  EXPECT_THAT(settings->packs, testing::ElementsAre("knowledge", "sql"));
  EXPECT_EQ(settings->data, "/srv/hearth");
  EXPECT_TRUE(settings->http.is_enabled);
  EXPECT_EQ(settings->http.address, "::1");
  EXPECT_EQ(settings->http.port, 7000);
  EXPECT_FALSE(settings->http.requires_token);
  EXPECT_EQ(settings->durability, Durability::process);
  EXPECT_EQ(settings->log_level, log::Level::debug);
  EXPECT_EQ(settings->log_size, std::size_t{1} << 20);
  EXPECT_EQ(settings->log_keep, 5);
  EXPECT_EQ(settings->limits.max_sessions, 100U);
  EXPECT_EQ(settings->limits.session_requests, 8U);
  EXPECT_EQ(settings->limits.session_queue, std::size_t{9} << 20);
  EXPECT_EQ(settings->limits.bytes_in_flight, std::size_t{32} << 20);
  EXPECT_EQ(settings->limits.request_timeout, milliseconds(300'000));
  EXPECT_THAT(settings->roots, testing::ElementsAre("/srv/docs", "~/notes"));
  EXPECT_THAT(settings->namespaces, testing::ElementsAre("default", "work"));
  const std::map<std::string, std::string> knowledge{{"embedder", "none"},
                                                     {"chunk", "800"},
                                                     {"stem", "true"},
                                                     {"ignore", "*.tmp\nbuild"},
                                                     {"model.path", "/m"}};
  EXPECT_EQ(settings->pack_settings.at("knowledge"), knowledge);
}

TEST(ParseSettings, AnEmptyTextIsAllDefaults) {
  const auto settings = parse_settings("", "config.toml");
  ASSERT_TRUE(settings);
  EXPECT_EQ(settings->idle_timeout, std::chrono::minutes(30));
  EXPECT_EQ(settings->drain_timeout, std::chrono::seconds(10));
  EXPECT_EQ(settings->limits.bytes_in_flight, std::size_t{24} << 20);
  EXPECT_TRUE(settings->packs.empty());
}

struct BadText {
  std::string_view text;
  std::string_view complaint;
};

TEST(ParseSettings, NamesPlaceKeyAndExpectationOfWhatIsWrong) {
  const std::vector<BadText> all{
      {"[daemon]\nidle_timout = \"30m\"\n",
       "c.toml:2:1: daemon.idle_timout: unknown key; did you mean idle_timeout?"},
      {"[daemon]\n\n  idle_timeout = true\n",
       "c.toml:3:3: daemon.idle_timeout: expected a duration such as"},
      {"[daemon]\nidle_timeout = \"soon\"\n", "got \"soon\""},
      {"[daemon]\nlog_keep = 3.5\n", "c.toml:2:1: daemon.log_keep: expected an integer from 0"},
      {"[daemon]\nlog_keep = -1\n", "got integer -1"},
      {"[daemon]\npacks = []\n", "daemon.packs: expected a list of pack names, not empty"},
      {"[daemon]\npacks = [1]\n", "daemon.packs: expected a list"},
      {"[daemon]\npacks = \"knowledge\"\n", "got \"knowledge\""},
      {"[daemon]\ndata = \"here\"\n", "daemon.data: expected an absolute path"},
      {"[daemon]\nroots = [\"docs\"]\n", "daemon.roots: expected a list of absolute paths"},
      {"[daemon]\nnamespaces = [\"../x\"]\n", "daemon.namespaces: expected a list of namespaces"},
      {"[daemon]\ndurability = \"maybe\"\n", "expected \"power\" or \"process\", got \"maybe\""},
      {"[daemon]\nsession_queue = \"1MiB\"\n", "(one message)"},
      {"[daemon]\nmax_sessions = 0\n", "integer from 1 to 100000, got integer 0"},
      {"[daemon]\nwhen = 2026-01-01\n", "daemon.when: unknown key; known: idle_timeout"},
      {"[daemon]\nidle_timeout = 2026-01-01\n", "got a table, date or nested list"},
      {"[deamon]\nidle_timeout = \"30m\"\n",
       "c.toml:1:2: [deamon]: unknown section; did you mean daemon?"},
      {"idle_timeout = \"30m\"\n", "c.toml:1:1: idle_timeout: a setting outside of any section"},
      {"[knowledge]\nwhen = 2026-01-01\n", "c.toml:2:1: knowledge.when: expected a text"},
      {"[daemon\n", "c.toml:1:8: not valid TOML: "},
      {"[daemon]\nidle_timeout = \"1s\"\nidle_timeout = \"2s\"\n", "c.toml:3:"},
      {"[daemon]\nlog_keep = 1\npacks = [}]\nlog_keep = 3\n",
       "c.toml:3:1: not valid TOML: a value is missing"},
      {"[daemon]\nidle_timeout = \"\xff\"\n", "c.toml:2:"},
  };
  for (const BadText& bad : all) {
    const auto settings = parse_settings(bad.text, "c.toml");
    ASSERT_FALSE(settings) << bad.text;
    EXPECT_EQ(settings.error().code, Errc::invalid_args);
    EXPECT_THAT(settings.error().message, HasSubstr(bad.complaint)) << bad.text;
  }
}

TEST(ParseSettings, ReportsTheFirstErrorInFileOrder) {
  const auto settings = parse_settings("[daemon]\nz = 1\na = 2\n", "c.toml");
  ASSERT_FALSE(settings);
  EXPECT_THAT(settings.error().message, HasSubstr("c.toml:2:1: daemon.z"));
}

TEST(ParseSettings, RefusesASectionOfNoPackWhenItKnowsThePacks) {
  const std::vector<KnownPack> packs{{"knowledge", {}}, {"sql", {{"x", "anything"}}}};
  EXPECT_TRUE(parse_settings("[sql]\nx = 1\n", "c.toml", packs));
  EXPECT_FALSE(load_settings(
      "/nonexistent", [](const char*) { return std::nullopt; },
      std::vector<Override>{{"packs", "knowlege", "--packs"}}, packs));
  const auto settings = parse_settings("[knowlege]\nx = 1\n", "c.toml", packs);
  ASSERT_FALSE(settings);
  EXPECT_THAT(settings.error().message, HasSubstr("did you mean knowledge?"));
  EXPECT_THAT(settings.error().suggestions, testing::ElementsAre("use knowledge"));
  EXPECT_TRUE(parse_settings("[anything]\nx = 1\n", "c.toml"));
}

const std::vector<KnownPack> packs_with_keys{
    {"knowledge",
     {{"embedder.url", "a URL", [](std::string_view text) { return text.starts_with("http"); }},
      {"embedder.command", "a program and its arguments"},
      {"limit", "a count"}}},
    {"none", {}}};

TEST(ParseSettings, KnowsTheKeysOfItsPacks) {
  const auto settings = parse_settings(
      "[knowledge]\nlimit = 5\n[knowledge.embedder]\nurl = \"http://x\"\n"
      "command = [\"llama-server\", \"-m\", \"a,b\"]\n[none]\n",
      "c.toml", packs_with_keys);
  ASSERT_TRUE(settings) << settings.error().message;
  const std::map<std::string, std::string> expected{
      {"limit", "5"}, {"embedder.url", "http://x"}, {"embedder.command", "llama-server\n-m\na,b"}};
  EXPECT_EQ(settings->pack_settings.at("knowledge"), expected);
  EXPECT_TRUE(parse_settings("[knowledge.embedder]\n", "c.toml", packs_with_keys))
      << "all its settings are left out";
}

TEST(ParseSettings, RefusesKeysAndValuesThatAPackDoesNotTake) {
  struct Case {
    const char* text;
    const char* complaint;
  };
  for (const Case& wrong : {
           Case{"[knowledge]\nlimits = 1\n",
                "c.toml:2:1: knowledge.limits: unknown key; did you mean limit?"},
           Case{"[knowledge.embedder]\nurk = \"x\"\n",
                "c.toml:2:1: knowledge.embedder.urk: unknown key; did you mean embedder.url?"},
           Case{"[knowledge]\nzzzzzz = 1\n",
                "knowledge.zzzzzz: unknown key; known: embedder.url, embedder.command, limit"},
           Case{"[knowledge.nosuch]\n", "c.toml:1:12: knowledge.nosuch: unknown key"},
           Case{"[none]\nx = 1\n", "none.x: unknown key; there are none"},
           Case{"[knowledge.embedder]\nurl = \"ftp://x\"\n",
                "c.toml:2:1: knowledge.embedder.url: expected a URL, got \"ftp://x\""},
           Case{"[knowledge]\nlimit = {}\n", "expected a count, got an empty table"},
           Case{"[knowledge]\nlimit = [\"a\\nb\"]\n", "expected a count, got a list"},
           Case{"[knowledge]\nlimit = 2020-01-01\n", "expected a count, got a table, date"},
       }) {
    const auto settings = parse_settings(wrong.text, "c.toml", packs_with_keys);
    ASSERT_FALSE(settings) << wrong.text;
    EXPECT_THAT(settings.error().message, HasSubstr(wrong.complaint));
  }
}

TEST(ParseSettings, RefusesKeysThatDoNotFitTogether) {
  std::vector<KnownPack> packs = packs_with_keys;
  packs.front().misfit = [](const PackSection& section) -> std::optional<PackMisfit> {
    if (section.contains("limit") || !section.contains("embedder.url")) return std::nullopt;
    return PackMisfit{"embedder.url", "there is no limit"};
  };
  const std::string text = "[knowledge]\n\n[knowledge.embedder]\nurl = \"http://x\"\n";
  const auto refused = parse_settings(text, "c.toml", packs);
  ASSERT_FALSE(refused);
  EXPECT_EQ(refused.error().code, Errc::invalid_args);
  EXPECT_EQ(refused.error().message, "c.toml:4:1: knowledge.embedder.url: there is no limit");
  EXPECT_TRUE(parse_settings("[knowledge]\nlimit = 1\n" + text.substr(13), "c.toml", packs));
}

TEST(ParseSettings, TakesNamesThatThePersonChooses) {
  const std::vector<KnownPack> packs{
      {"knowledge", {{"keys.*.env", "a variable", nullptr}, {"limit", "a count", nullptr}}}};
  const auto settings =
      parse_settings("[knowledge.keys.first]\nenv = \"A\"\n[knowledge.keys.second]\nenv = \"B\"\n",
                     "c.toml", packs);
  ASSERT_TRUE(settings) << settings.error().message;
  const auto& values = settings->pack_settings.at("knowledge");
  EXPECT_EQ(values.at("keys.first.env"), "A");
  EXPECT_EQ(values.at("keys.second.env"), "B");
  for (const char* const wrong :
       {"[knowledge.keys]\nenv = \"A\"\n", "[knowledge.keys.a.b]\nenv = \"A\"\n",
        "[knowledge.keys.a]\nfile = \"A\"\n", "[knowledge.other.a]\nenv = \"A\"\n"}) {
    const auto refused = parse_settings(wrong, "c.toml", packs);
    ASSERT_FALSE(refused) << wrong;
    EXPECT_THAT(refused.error().message, HasSubstr("unknown key")) << wrong;
  }
}

TEST(LoadSettings, PrefersOptionsToEnvironmentToFileToDefault) {
  const test::ScratchDirectory home("config");
  const std::string file = test::write_below(
      home.path(), "config.toml", "[daemon]\nidle_timeout = \"1m\"\ndrain_timeout = \"1s\"\n");
  const auto from_file = load_settings(file, environment_of({}));
  ASSERT_TRUE(from_file);
  EXPECT_EQ(from_file->idle_timeout, milliseconds(60'000));

  const auto environment =
      environment_of({{"HEARTH_IDLE_TIMEOUT", "2m"}, {"HEARTH_DRAIN_TIMEOUT", "2s"}});
  const std::vector<Override> options{{"idle_timeout", "3m", "--idle-timeout"},
                                      {"packs", "knowledge,sql", "--packs"}};
  const auto all = load_settings(file, environment, options);
  ASSERT_TRUE(all) << all.error().message;
  EXPECT_EQ(all->idle_timeout, milliseconds(180'000));
  EXPECT_EQ(all->drain_timeout, milliseconds(2'000));
  EXPECT_THAT(all->packs, testing::ElementsAre("knowledge", "sql"));
  EXPECT_EQ(all->log_keep, 3);
}

TEST(LoadSettings, NamesTheVariableOrOptionThatIsWrong) {
  const auto environment = environment_of({{"HEARTH_IDLE_TIMEOUT", "later"}});
  const auto settings = load_settings("/nowhere/config.toml", environment);
  ASSERT_FALSE(settings);
  EXPECT_THAT(settings.error().message,
              testing::StartsWith("HEARTH_IDLE_TIMEOUT: expected a duration such as"));

  const std::vector<Override> options{{"max_sessions", "many", "--max-sessions"}};
  const auto other = load_settings("/nowhere/config.toml", environment_of({}), options);
  ASSERT_FALSE(other);
  EXPECT_EQ(other.error().message,
            "--max-sessions: expected an integer from 1 to 100000, got \"many\"");
}

TEST(LoadSettings, TakesHttpAsAnOption) {
  const auto load = [](std::string port) {
    const std::vector<Override> overrides{{"http", std::move(port), "--http"}};
    return load_settings("/nonexistent/config.toml", environment_of({}), overrides);
  };
  const auto plain = load("on");
  ASSERT_TRUE(plain) << plain.error().message;
  EXPECT_TRUE(plain->http.is_enabled);
  EXPECT_EQ(plain->http.port, 0);
  EXPECT_EQ(load("7000")->http.port, 7000);
  for (const auto* port : {"70000", "-1", "x", ""}) {
    const auto wrong = load(port);
    ASSERT_FALSE(wrong) << port;
    EXPECT_THAT(wrong.error().message, HasSubstr("--http"));
  }
}

TEST(ParseSettings, RefusesAnAddressThatOthersCanReach) {
  const auto wide = parse_settings("[http]\naddress = \"0.0.0.0\"\n", "config.toml");
  ASSERT_FALSE(wide);
  EXPECT_THAT(wide.error().message, HasSubstr("http.address"));
}

TEST(LoadSettings, IgnoresAnEmptyVariable) {
  EXPECT_TRUE(load_settings("/nowhere/c", environment_of({{"HEARTH_IDLE_TIMEOUT", ""}})));
}

TEST(LoadSettings, ExpandsTheHomeDirectory) {
  const test::ScratchDirectory home("config");
  const std::string file = test::write_below(
      home.path(), "config.toml", "[daemon]\ndata = \"~/d\"\nroots = [\"~/notes\", \"/x\"]\n");
  const auto settings = load_settings(file, environment_of({{"HOME", "/home/a"}}));
  ASSERT_TRUE(settings);
  EXPECT_EQ(settings->data, "/home/a/d");
  EXPECT_THAT(settings->roots, testing::ElementsAre("/home/a/notes", "/x"));
  EXPECT_THAT(load_settings(file, environment_of({})).error().message, HasSubstr("HOME"));
}

TEST(LoadSettings, AMissingFileIsFineAndAnUnreadableOneIsNot) {
  const test::ScratchDirectory home("config");
  EXPECT_TRUE(load_settings(home.path() + "/none.toml", environment_of({})));
  EXPECT_TRUE(load_settings(test::write_below(home.path(), "file", "") + "/below/c.toml",
                            environment_of({})));
  const auto directory = load_settings(home.path(), environment_of({}));
  ASSERT_FALSE(directory);
  EXPECT_THAT(directory.error().message, HasSubstr(home.path()));
}

TEST(LoadSettings, RefusesAHugeFile) {
  const test::ScratchDirectory home("config");
  const std::string file = test::write_below(home.path(), "config.toml", std::string(3 << 20, '#'));
  const auto settings = load_settings(file, environment_of({}));
  ASSERT_FALSE(settings);
  EXPECT_THAT(settings.error().message, HasSubstr("larger than 1 MiB"));
}

TEST(ConfigId, FollowsWhatChangesAnswersAndNothingElse) {
  Settings settings = *parse_settings(full, "c.toml");
  const std::string id = config_id(settings, "/data");
  Settings same = settings;
  std::ranges::reverse(same.packs);
  same.idle_timeout = milliseconds(1);
  same.log_keep = 9;
  EXPECT_EQ(config_id(same, "/data"), id);
  EXPECT_NE(config_id(settings, "/other"), id);
  Settings other = settings;
  other.packs.pop_back();
  EXPECT_NE(config_id(other, "/data"), id);
  other = settings;
  other.pack_settings["knowledge"]["embedder"] = "bge";
  EXPECT_NE(config_id(other, "/data"), id);
}

TEST(ParseSettings, KnowsApproversByOneSourceEach) {
  const std::string hash(64, 'a');
  const auto settings =
      parse_settings("[http]\nenabled = true\n[http.approvers.ada]\nsha256 = \"" + hash +
                         "\"\n[http.approvers.eve]\nfile = \"/k\"\n"
                         "[http.approvers.joe]\ncommand = [\"pass\", \"x\"]\n",
                     "c.toml");
  ASSERT_TRUE(settings) << settings.error().message;
  EXPECT_EQ(settings->http.approvers,
            (std::vector<Approver>{{.name = "ada", .sha256 = hash},
                                   {.name = "eve", .file = "/k"},
                                   {.name = "joe", .command = {"pass", "x"}}}));
  for (const char* const wrong :
       {"sha256 = \"abc\"", "file = \"relative\"", "env = \"\"", "token = \"x\"", "command = []",
        "command = \"x\"", "file = \"/k\"\nenv = \"K\""}) {
    const auto refused =
        parse_settings("[http.approvers.ada]\n" + std::string(wrong) + "\n", "c.toml");
    ASSERT_FALSE(refused) << wrong;
    EXPECT_THAT(refused.error().message, testing::HasSubstr("http.approvers.ada"));
  }
}

// Any text gives settings or an error with the file's name; never a crash, never a hang.
TEST(ParseSettings, SurvivesMutatedText) {
  std::mt19937 random(7);  // the same texts at every run
  const std::string alphabet = "[]{}=\"'.,#\n\\ \tabc019-+_:TZ\xff\xc3";
  for (int round = 0; round < 20'000; ++round) {
    std::string text(full);
    const int edits = 1 + static_cast<int>(random() % 6);
    for (int i = 0; i < edits; ++i) {
      const std::size_t at = random() % text.size();
      const char c = alphabet[random() % alphabet.size()];
      switch (random() % 4) {
        case 0:
          text[at] = c;
          break;
        case 1:
          text.insert(at, 1, c);
          break;
        case 2:
          text.erase(at, 1 + random() % 20);
          break;
        default:
          text.insert(at, text.substr(random() % text.size(), random() % 40));
      }
      if (text.empty()) text = "x";
    }
    const auto settings = parse_settings(text, "c.toml");
    if (!settings) {
      ASSERT_THAT(settings.error().message, testing::StartsWith("c.toml:")) << text;
      ASSERT_EQ(settings.error().code, Errc::invalid_args);
    }
    ClientSettings client;
    (void)parse_client(text, "c.toml", client);
    (void)parse_project(text, "c.toml", client);
  }
}

}  // namespace
}  // namespace hearth::config
