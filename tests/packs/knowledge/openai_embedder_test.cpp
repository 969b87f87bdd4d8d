#include "packs/knowledge/openai_embedder.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cstdlib>
#include <thread>

#include "json/json.hpp"
#include "support/http_server.hpp"
#include "support/scratch_directory.hpp"

namespace hearth::packs::knowledge {
namespace {

using std::chrono::milliseconds;
using std::chrono::seconds;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::Not;

class OpenAi : public testing::Test {
 protected:
  [[nodiscard]] OpenAiSettings settings(const std::string& path = "/v1") const {
    OpenAiSettings given;
    given.url = server_.url(path);
    given.model = "test";
    given.timeout = seconds(20);
    given.retry = {
        .most_attempts = 3, .first_wait = milliseconds(1), .longest_wait = milliseconds(5)};
    return given;
  }
  static Result<std::vector<float>> ask(OpenAiEmbedder& embedder,
                                        std::vector<std::string_view> texts,
                                        Purpose purpose = Purpose::document,
                                        const std::stop_token& stop = {}) {
    return embedder.embed(texts, purpose, stop);
  }
  // What the server was asked, each request's body.
  [[nodiscard]] json::Value seen() const {
    http::Client client;
    return json::parse(client.send({.url = server_.url("/seen"), .headers = {}, .body = {}})->body)
        .value();
  }
  [[nodiscard]] std::vector<std::string> bodies() const {
    std::vector<std::string> all;
    for (const json::Value& each : seen().at("requests").as_array())
      all.emplace_back(json::string_or(each, "body", ""));
    return all;
  }

  test::HttpServer server_;
};

TEST_F(OpenAi, GivesVectorsOfLengthOneInTheOrderOfTheTexts) {
  for (const char* path : {"/v1", "/v1/", "/v1/embeddings", "/reversed/v1", "/base64/v1"}) {
    OpenAiEmbedder embedder(settings(path));
    EXPECT_EQ(embedder.source(), VectorSource::server);
    const auto vectors = ask(embedder, {"vector:3,4", "vector:0,-2", "vector:3,4"});
    ASSERT_TRUE(vectors) << path << ": " << vectors.error().message;
    EXPECT_THAT(*vectors, ElementsAre(0.6F, 0.8F, 0, -1, 0.6F, 0.8F)) << path;
    EXPECT_TRUE(ask(embedder, {})->empty());
  }
  EXPECT_THAT(bodies().front(), HasSubstr(R"("input":["vector:0,-2","vector:3,4"])"))
      << "equal texts go once";
}

TEST_F(OpenAi, KnowsItsModelFromTheFirstAnswerOn) {
  OpenAiEmbedder embedder(settings());
  ASSERT_FALSE(embedder.model());
  EXPECT_EQ(embedder.model().error().code, Errc::unavailable);
  ASSERT_TRUE(ask(embedder, {"a"}));
  const auto model = embedder.model();
  ASSERT_TRUE(model);
  EXPECT_EQ(model->name, "openai:test");
  EXPECT_EQ(model->dimensions, 8U);
  EXPECT_GT(model->unrelated_deviation, 0.1F) << "not measured yet";

  std::vector<std::string> texts;
  for (int i = 0; i < 100; ++i) texts.push_back("text " + std::to_string(i));
  const std::vector<std::string_view> views(texts.begin(), texts.end());
  ASSERT_TRUE(embedder.embed(views, Purpose::document, {}));
  EXPECT_NEAR(embedder.model()->unrelated_mean, 0, 0.1);

  OpenAiEmbedder next(settings());
  next.remember(*embedder.model());
  EXPECT_EQ(*next.model(), *embedder.model()) << "it is remembered";
  OpenAiSettings other = settings();
  other.model = "other";
  OpenAiEmbedder stranger(other);
  stranger.remember(*embedder.model());
  EXPECT_FALSE(stranger.model());
}

TEST_F(OpenAi, PrefixesMakeAnotherSpace) {
  OpenAiSettings given = settings();
  given.query_prefix = "query: ";
  given.document_prefix = "passage: ";
  given.dimensions = 2;
  OpenAiEmbedder embedder(given);
  EXPECT_THAT(embedder.model()->name, testing::MatchesRegex("openai:test\\+[0-9a-f]{8}"));
  ASSERT_TRUE(ask(embedder, {"vector:1,2,3"}, Purpose::query));
  ASSERT_TRUE(ask(embedder, {"vector:1,2,3"}, Purpose::document));
  const auto sent = bodies();
  EXPECT_THAT(sent[0], HasSubstr("[\"query: vector:1,2,3\"]"));
  EXPECT_THAT(sent[0], HasSubstr("\"dimensions\":2"));
  EXPECT_THAT(sent[1], HasSubstr("[\"passage: vector:1,2,3\"]"));
}

TEST_F(OpenAi, SendsBatches) {
  OpenAiSettings given = settings();
  given.batch = 3;
  given.batch_bytes = 20;
  OpenAiEmbedder embedder(given);
  const std::string large(30, 'x');
  const auto vectors = ask(embedder, {"a", "b", "c", "d", "eeeeeeeeee", "ffffffffff", large, ""});
  ASSERT_TRUE(vectors);
  EXPECT_EQ(vectors->size(), 8U * 8);
  std::vector<std::string> inputs;
  for (const std::string& body : bodies()) inputs.push_back(body.substr(body.find('[')));
  EXPECT_THAT(inputs, ElementsAre(R"([" ","a","b"]})", R"(["c","d","eeeeeeeeee"]})",
                                  R"(["ffffffffff"]})", "[\"" + large + "\"]}"));
}

TEST_F(OpenAi, RemembersQueries) {
  OpenAiEmbedder embedder(settings());
  const auto first = ask(embedder, {"a"}, Purpose::query);
  EXPECT_EQ(*ask(embedder, {"a"}, Purpose::query), *first);
  EXPECT_EQ(bodies().size(), 1U);
  ASSERT_TRUE(ask(embedder, {"a"}, Purpose::document));
  EXPECT_EQ(bodies().size(), 2U);
}

TEST_F(OpenAi, AsksOnceForWhatSeveralWantAtATime) {
  OpenAiEmbedder embedder(settings("/wait-0.3/v1"));
  std::vector<std::jthread> callers;
  for (int i = 0; i < 8; ++i) {
    callers.emplace_back([&] {
      const auto vectors = ask(embedder, {"vector:3,4", "vector:0,1"});
      ASSERT_TRUE(vectors) << vectors.error().message;
      EXPECT_THAT(*vectors, ElementsAre(0.6F, 0.8F, 0, 1));
    });
  }
  callers.clear();
  EXPECT_LE(bodies().size(), 2U);
}

TEST_F(OpenAi, AnotherCallersStopDoesNotStopUs) {
  OpenAiEmbedder embedder(settings("/wait-0.2/v1"));
  std::stop_source source;
  std::jthread first([&] {
    EXPECT_EQ(ask(embedder, {"a"}, Purpose::document, source.get_token()).error().code,
              Errc::cancelled);
  });
  while (bodies().empty()) std::this_thread::yield();
  std::jthread second([&] { EXPECT_TRUE(ask(embedder, {"a"})); });
  source.request_stop();
}

TEST_F(OpenAi, EndsWhenStopped) {
  OpenAiEmbedder embedder(settings("/hang/v1"));
  std::stop_source source;
  std::jthread stopper([&] {
    while (bodies().empty()) std::this_thread::yield();
    source.request_stop();
  });
  const auto begun = std::chrono::steady_clock::now();
  EXPECT_EQ(ask(embedder, {"a"}, Purpose::query, source.get_token()).error().code, Errc::cancelled);
  EXPECT_LT(std::chrono::steady_clock::now() - begun, seconds(10));
}

TEST_F(OpenAi, AsksAgainWhenTheServerIsBusy) {
  for (const char* path : {"/status-503-2/v1", "/status-429-1-after-3/v1"}) {
    OpenAiEmbedder embedder(settings(path));
    const auto vectors = ask(embedder, {"a"});
    EXPECT_TRUE(vectors) << vectors.error().message;
  }
}

TEST_F(OpenAi, SaysWhatToDoAboutErrors) {
  struct Case {
    const char* path;
    Errc code;
    const char* message;
  };
  for (const Case& wrong : {
           Case{"/status-500/v1", Errc::unavailable, "cannot answer now (500): as asked for"},
           Case{"/status-429-after-0/v1", Errc::unavailable, "cannot answer now (429)"},
           Case{"/status-400/v1", Errc::invalid_args, "does not take these texts (400)"},
           Case{"/status-401/v1", Errc::permission, "does not take the key (401)"},
           Case{"/status-404/v1", Errc::not_found, "does not know test, or has no http://"},
           Case{"/redirect/v1", Errc::unavailable, "sends us elsewhere (302): http://192.0.2.1"},
           Case{"/broken/v1", Errc::unavailable, "broke off"},
           Case{"/huge/v1", Errc::unavailable, "answers with more than"},
           Case{"/short/v1", Errc::unavailable, "1 vectors for 2 texts"},
           Case{"/twice/v1", Errc::unavailable, "two vectors have the index 0"},
           Case{"/nan/v1", Errc::unavailable, "not JSON"},
           Case{"/text/v1", Errc::unavailable, "neither numbers nor base64"},
           Case{"/zero/v1", Errc::unavailable, "all zeros"},
           Case{"/mixed/v1", Errc::unavailable, "8 and 9 dimensions"},
           Case{"/no-json/v1", Errc::unavailable, "not JSON"},
           Case{"/empty/v1", Errc::unavailable, "no list \"data\""},
           Case{"/error/v1", Errc::unavailable, "it says \"the model \"nosuch\" is not loaded\""},
       }) {
    OpenAiEmbedder embedder(settings(wrong.path));
    const auto vectors = ask(embedder, {"a", "b"});
    ASSERT_FALSE(vectors) << wrong.path;
    EXPECT_EQ(vectors.error().code, wrong.code) << wrong.path << vectors.error().message;
    EXPECT_THAT(vectors.error().message, HasSubstr(wrong.message)) << wrong.path;
    EXPECT_FALSE(vectors.error().suggestions.empty()) << wrong.path;
  }
}

TEST_F(OpenAi, NoticesAnotherModelUnderItsName) {
  OpenAiEmbedder embedder(settings());
  ASSERT_TRUE(ask(embedder, {"vector:1,2"}));
  const auto changed = ask(embedder, {"vector:1,2,3"});
  ASSERT_FALSE(changed);
  EXPECT_THAT(changed.error().message, HasSubstr("3 dimensions now and had 2 dimensions before"));
  OpenAiSettings given = settings();
  given.dimensions = 5;
  OpenAiEmbedder fixed(given);
  EXPECT_THAT(ask(fixed, {"vector:1,2"}).error().message,
              HasSubstr("2 dimensions where 5 dimensions were asked for"));
}

TEST_F(OpenAi, SendsTheKeyAndNeverShowsIt) {
  const test::ScratchDirectory scratch("key");
  test::write_file(scratch / "key", "sk-secret\n");
  OpenAiSettings given = settings();
  given.key.file = scratch / "key";
  OpenAiEmbedder embedder(given);
  ASSERT_TRUE(ask(embedder, {"a"}));
  EXPECT_EQ(json::string_or(seen().at("requests").at(0), "authorization", ""), "Bearer sk-secret");
  // One whose refusal repeats what it was sent.
  given.url = server_.url("/status-401-sk-secret/v1");
  given.model = "sk-secret";
  OpenAiEmbedder refused(given);
  const auto error = ask(refused, {"a"}).error();
  EXPECT_EQ(error.code, Errc::permission);
  EXPECT_THAT(error.message, Not(HasSubstr("sk-secret")));
}

TEST_F(OpenAi, RunsItsOwnServer) {
  const test::ScratchDirectory scratch("model");
  OpenAiSettings given = settings();
  given.url = "http://localhost/v1";
  given.socket = scratch / "s";
  given.server = ModelServerPlan{
      .command = {"/usr/bin/python3", test::http_server_script(), "--socket", scratch / "s"},
      .health_url = "http://localhost/health",
      .socket = scratch / "s",
      .log_path = scratch / "log",
      .first_wait = milliseconds(10)};
  OpenAiEmbedder embedder(given);
  ASSERT_TRUE(ask(embedder, {"a"}));
  http::Client client;
  const auto crashed = client.send(
      {.url = "http://localhost/crash", .socket = scratch / "s", .headers = {}, .body = {}});
  EXPECT_FALSE(crashed);
  const auto again = ask(embedder, {"b"});
  EXPECT_TRUE(again) << again.error().message;
}

}  // namespace
}  // namespace hearth::packs::knowledge
