#include "packs/knowledge/embedders.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <array>
#include <map>

namespace hearth::packs::knowledge {
namespace {

using std::chrono::milliseconds;
using ::testing::ElementsAre;
using ::testing::HasSubstr;

using Values = std::map<std::string, std::string>;

Result<EmbedderSettings> read(const Values& values) {
  return read_embedder_settings([&](std::string_view name) -> std::optional<std::string> {
    const auto found = values.find(std::string(name));
    return found == values.end() ? std::nullopt : std::optional(found->second);
  });
}

bool fits(std::string_view name, std::string_view value) {
  for (const pack::Setting& setting : embedder_settings()) {
    if (setting.name == name) return setting.fits == nullptr || setting.fits(value);
  }
  ADD_FAILURE() << "no setting " << name;
  return false;
}

TEST(EmbedderSettings, AreBuiltinByDefault) {
  const auto settings = read({});
  ASSERT_TRUE(settings);
  EXPECT_EQ(settings->kind, EmbedderKind::builtin);
  EXPECT_EQ(make_embedder(*settings, "/log")->model()->name, "builtin-1");
  EXPECT_EQ(make_embedder(*read({{"embedder.kind", "none"}}), "/log"), nullptr);
}

TEST(EmbedderSettings, ReadAServer) {
  const auto settings = read({{"embedder.kind", "openai"},
                              {"embedder.url", "http://127.0.0.1:8080/v1"},
                              {"embedder.socket", "/run/s"},
                              {"embedder.model", "m"},
                              {"embedder.dimensions", "64"},
                              {"embedder.key_command", "pass\nshow key"},
                              {"embedder.query_prefix", "q: "},
                              {"embedder.document_prefix", "d: "},
                              {"embedder.batch", "7"},
                              {"embedder.at_once", "3"},
                              {"embedder.timeout", "5s"},
                              {"embedder.command", "llama-server\n-m\n/models/a, b.gguf"},
                              {"embedder.health", "/ready"},
                              {"embedder.idle", "1h"}});
  ASSERT_TRUE(settings) << settings.error().message;
  EXPECT_EQ(settings->kind, EmbedderKind::openai);
  const OpenAiSettings& given = settings->openai;
  EXPECT_EQ(given.url, "http://127.0.0.1:8080/v1");
  EXPECT_EQ(given.socket, "/run/s");
  EXPECT_EQ(given.model, "m");
  EXPECT_EQ(given.dimensions, 64U);
  EXPECT_THAT(given.key.command, ElementsAre("pass", "show key"));
  EXPECT_EQ(given.query_prefix, "q: ");
  EXPECT_EQ(given.document_prefix, "d: ");
  EXPECT_EQ(given.batch, 7U);
  EXPECT_EQ(given.at_once, 3U);
  EXPECT_EQ(given.timeout, milliseconds(5'000));
  ASSERT_TRUE(given.server);
  EXPECT_THAT(given.server->command, ElementsAre("llama-server", "-m", "/models/a, b.gguf"));
  EXPECT_EQ(given.server->health_url, "http://127.0.0.1:8080/ready");
  EXPECT_EQ(given.server->socket, "/run/s");
  EXPECT_EQ(given.server->idle, milliseconds(3'600'000));
  const auto embedder = make_embedder(*settings, "/log");
  EXPECT_EQ(embedder->model()->dimensions, 64U) << "it runs nothing before it is asked";
}

TEST(EmbedderSettings, ReadVectorsThatCallersBring) {
  const auto settings = read({{"embedder.kind", "supplied"},
                              {"embedder.model", "minilm"},
                              {"embedder.dimensions", "384"}});
  ASSERT_TRUE(settings) << settings.error().message;
  const auto embedder = make_embedder(*settings, "/log");
  EXPECT_EQ(embedder->model()->name, "supplied:minilm");
  EXPECT_EQ(embedder->model()->dimensions, 384U);
  const std::array<std::string_view, 1> texts{"a"};
  const auto refused = embedder->embed(texts, Purpose::query, {});
  ASSERT_FALSE(refused);
  EXPECT_EQ(refused.error().code, Errc::unsupported);
}

TEST(EmbedderSettings, SayWhatDoesNotGoTogether) {
  struct Case {
    Values values;
    const char* complaint;
  };
  const Values server{
      {"embedder.kind", "openai"}, {"embedder.url", "http://h/v1"}, {"embedder.model", "m"}};
  const auto with = [&](Values more) {
    more.insert(server.begin(), server.end());
    return more;
  };
  for (const Case& wrong : {
           Case{{{"embedder.kind", "openai"}}, "kind \"openai\" needs url and model"},
           Case{{{"embedder.kind", "supplied"}}, "kind \"supplied\" needs dimensions"},
           Case{{{"embedder.url", "http://h"}}, "url means nothing to this kind"},
           Case{{{"embedder.kind", "none"}, {"embedder.model", "m"}}, "model means nothing"},
           Case{with({{"embedder.key_env", "K"}, {"embedder.key_file", "/k"}}), "exclude each"},
           Case{with({{"embedder.idle", "5m"}}), "health and idle are for a server"},
       }) {
    const auto settings = read(wrong.values);
    ASSERT_FALSE(settings) << wrong.complaint;
    EXPECT_EQ(settings.error().code, Errc::invalid_args);
    EXPECT_THAT(settings.error().message, HasSubstr(wrong.complaint));
    EXPECT_FALSE(settings.error().suggestions.empty());
  }
  EXPECT_TRUE(read(server));
}

TEST(EmbedderSettings, TellWhatFits) {
  for (const char* url : {"http://127.0.0.1:11434/v1", "https://api.example.org", "http://[::1]/"})
    EXPECT_TRUE(fits("embedder.url", url)) << url;
  for (const char* url : {"", "127.0.0.1", "ftp://h", "http://", "http:///v1", "http://u:p@h/v1",
                          "http://h/v1?key=k", "http://h/ v1", "http://h\n"})
    EXPECT_FALSE(fits("embedder.url", url)) << url;
  EXPECT_TRUE(fits("embedder.kind", "supplied"));
  EXPECT_FALSE(fits("embedder.kind", "open-ai"));
  for (const char* number : {"0", "-1", "65537", "1.5", "many", ""})
    EXPECT_FALSE(fits("embedder.dimensions", number)) << number;
  EXPECT_TRUE(fits("embedder.dimensions", "768"));
  EXPECT_FALSE(fits("embedder.key_file", "key"));
  EXPECT_FALSE(fits("embedder.key_env", "$KEY"));
  EXPECT_FALSE(fits("embedder.timeout", "0"));
  EXPECT_TRUE(fits("embedder.idle", "0"));
  EXPECT_FALSE(fits("embedder.command", ""));
}

}  // namespace
}  // namespace hearth::packs::knowledge
