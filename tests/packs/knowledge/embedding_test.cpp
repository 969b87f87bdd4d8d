// A store whose vectors come from a model that is asked, not computed at once.
#include <gtest/gtest.h>

#include <atomic>
#include <chrono>
#include <filesystem>
#include <memory>
#include <string>
#include <thread>
#include <vector>

#include "base/guarded.hpp"
#include "packs/knowledge/engine/builtin_embedder.hpp"
#include "packs/knowledge/engine/entries.hpp"
#include "packs/knowledge/engine/search.hpp"
#include "support/scratch_directory.hpp"

namespace hearth::packs::knowledge {
namespace {

namespace fs = std::filesystem;

// The builtin embedder's vectors, as a server would give them: later, and not always.
class Server final : public Embedder {
 public:
  explicit Server(std::string name) : name_(std::move(name)) {}
  Result<EmbeddingModel> model() const override {
    const auto known = known_.lock();
    if (*known) return **known;
    return fail(Errc::unavailable, "it has not answered yet");
  }
  void remember(const EmbeddingModel& model) override {
    if (model.name == name_) *known_.lock() = model;
  }
  VectorSource source() const override { return VectorSource::server; }
  Result<std::vector<float>> embed(std::span<const std::string_view> texts,
                                   Purpose purpose,
                                   const std::stop_token& stop) override {
    if (is_away) return fail(Errc::unavailable, "the server is away");
    if (refuses_all) return fail(Errc::invalid_args, "the server takes nothing");
    for (const std::string_view text : texts) {
      if (text.find("refused") != std::string_view::npos) {
        return fail(Errc::invalid_args, "a text is refused");
      }
    }
    if (purpose == Purpose::query && is_slow) {
      ++waiting;
      while (is_slow && !stop.stop_requested()) std::this_thread::yield();
    }
    auto model = builtin_.model().value();
    model.name = name_;
    auto all = builtin_.embed(texts, purpose, stop);
    if (!all) return all;
    const std::vector<float>& vectors = *all;
    if (purpose == Purpose::document) embedded += texts.size();
    if (!is_short) {
      *known_.lock() = model;
      return vectors;
    }
    // The first half of each.
    std::vector<float> half;
    for (std::size_t at = 0; at < vectors.size(); at += model.dimensions) {
      const auto begin = vectors.begin() + static_cast<std::ptrdiff_t>(at);
      half.insert(half.end(), begin, begin + model.dimensions / 2);
    }
    model.dimensions /= 2;
    *known_.lock() = model;
    return half;
  }

  std::atomic<bool> is_away = false;
  std::atomic<bool> refuses_all = false;
  std::atomic<bool> is_short = false;
  std::atomic<bool> is_slow = false;
  std::atomic<int> waiting = 0;
  std::atomic<std::size_t> embedded = 0;

 private:
  const std::string name_;
  BuiltinEmbedder builtin_;
  mutable Guarded<std::optional<EmbeddingModel>> known_;
};

class Embedding : public testing::Test {
 protected:
  void open(std::shared_ptr<Embedder> embedder) {
    store_.reset();
    store_ = KnowledgeStore::open(directory_ / "k.db", clock_, {.embedder = std::move(embedder)})
                 .value();
  }
  void add(const std::string& title, const std::string& text) {
    auto done = store_->write_and_wait([&](store::Database& database) -> Result<std::string> {
      auto made = add_entry(database, {.text = text, .title = title, .memory = {}}, clock_.wall());
      if (!made) return std::unexpected(made.error());
      return made->id;
    });
    ASSERT_TRUE(done) << done.error().message;
  }
  SearchPage find(const std::string& query, SearchMode mode) {
    auto reader = store_->reader({}).value();
    SearchRequest request;
    request.query = query;
    request.mode = mode;
    auto page = search_entries(*store_, *reader, request);
    EXPECT_TRUE(page) << page.error().message;
    return page.value_or(SearchPage());
  }
  // Asks until the store says that nothing is missing.
  void settle(const std::string& lacking = "") {
    const auto until = std::chrono::steady_clock::now() + std::chrono::seconds(30);
    while (store_->vectors_lack().value_or("") != lacking &&
           std::chrono::steady_clock::now() < until) {
    }
    EXPECT_EQ(store_->vectors_lack().value_or(""), lacking);
  }
  std::size_t vector_directories() const {
    std::size_t count = 0;
    for (const auto& each : fs::directory_iterator(directory_.path())) {
      count += each.path().filename().string().starts_with("vectors-") ? 1 : 0;
    }
    return count;
  }

  const test::ScratchDirectory directory_{"embedding"};
  const SystemClock clock_;
  std::unique_ptr<KnowledgeStore> store_;
};

TEST_F(Embedding, MakesVectorsInTheBackgroundAndKeepsThem) {
  auto server = std::make_shared<Server>("one");
  open(server);
  for (int i = 0; i < 100; ++i) add("n" + std::to_string(i), "kettle " + std::to_string(i));
  settle();
  EXPECT_EQ(store_->vectors()->status().live, 100U);
  EXPECT_EQ(find("kettle 17", SearchMode::vectors).degraded.size(), 0U);

  // The next daemon knows the model without asking, and asks for nothing again.
  auto again = std::make_shared<Server>("one");
  again->is_away = true;
  open(again);
  ASSERT_NE(store_->vectors(), nullptr);
  EXPECT_EQ(again->embedded, 0U);
}

TEST_F(Embedding, AnswersByWordsWhileTheServerIsAway) {
  auto server = std::make_shared<Server>("one");
  server->is_away = true;
  open(server);
  add("Kettle", "it warms slowly");
  const SearchPage page = find("kettle", SearchMode::hybrid);
  EXPECT_EQ(page.hits.at(0).title, "Kettle");
  ASSERT_FALSE(page.degraded.empty());
  EXPECT_NE(page.degraded[0].find("not by meaning"), std::string::npos) << page.degraded[0];
}

TEST_F(Embedding, LeavesATextThatIsRefusedWithoutAVectorAndGoesOn) {
  open(std::make_shared<Server>("one"));
  add("a", "kettle");
  add("b", "this text is refused");
  add("c", "teapot");
  settle("1 of 3 entries have no vector");
  EXPECT_EQ(store_->vectors()->status().live, 2U);
}

TEST_F(Embedding, DoesNotHoldAllThreadsForASlowModel) {
  auto server = std::make_shared<Server>("one");
  store_ = KnowledgeStore::open(directory_ / "k.db", clock_,
                                {.embedder = server, .slow_query = std::chrono::milliseconds(0)})
               .value();
  add("a", "kettle");
  settle();
  server->is_slow = true;
  {
    const auto ask = [this] { (void)find("kettle", SearchMode::hybrid); };
    const std::jthread first(ask);
    const std::jthread second(ask);
    while (server->waiting < 2) std::this_thread::yield();
    const SearchPage page = find("kettle", SearchMode::hybrid);
    EXPECT_EQ(page.hits.at(0).title, "a");
    ASSERT_EQ(page.degraded.size(), 1U);
    EXPECT_NE(page.degraded[0].find("busy"), std::string::npos) << page.degraded[0];
    server->is_slow = false;
  }
  EXPECT_EQ(find("kettle", SearchMode::hybrid).degraded.size(), 0U);
}

TEST_F(Embedding, WaitsForAServerThatRefusesEverything) {
  auto server = std::make_shared<Server>("one");
  open(server);
  add("a", "kettle");
  settle();
  server->refuses_all = true;
  add("b", "teapot");
  settle("the server takes nothing");
  const SearchPage page = find("teapot", SearchMode::hybrid);
  EXPECT_EQ(page.hits.at(0).title, "b") << "by words";
  EXPECT_FALSE(page.degraded.empty());
  server->refuses_all = false;
  settle();
  EXPECT_EQ(store_->vectors()->status().live, 2U);
}

TEST_F(Embedding, OpensWithVectorsOfAnotherLengthThanBefore) {
  open(std::make_shared<Server>("one"));
  add("a", "kettle");
  settle();
  // The server has another model by the same name.
  auto other = std::make_shared<Server>("one");
  other->is_short = true;
  open(other);
  add("b", "teapot");
  const auto until = std::chrono::steady_clock::now() + std::chrono::seconds(30);
  while (other->embedded < 1 && std::chrono::steady_clock::now() < until) {
  }
  EXPECT_EQ(find("teapot", SearchMode::hybrid).hits.at(0).title, "b");
  // From the next start on its vectors are used, and all are made again.
  const auto all_stored = [&] {
    auto reader = store_->reader({}).value();
    return reader->integer("SELECT count(*) FROM model WHERE dimensions = 128").value() == 1;
  };
  while (!all_stored() && std::chrono::steady_clock::now() < until) {
  }
  auto again = std::make_shared<Server>("one");
  again->is_short = true;
  open(again);
  settle();
  EXPECT_EQ(store_->vectors()->status().live, 2U);
  EXPECT_EQ(find("teapot", SearchMode::vectors).degraded.size(), 0U);
}

TEST_F(Embedding, NeverMixesTheVectorsOfTwoModels) {
  open(std::make_shared<Server>("one"));
  add("a", "kettle");
  settle();
  open(std::make_shared<Server>("two"));
  settle();
  EXPECT_EQ(store_->vectors()->kind().model.name, "two");
  EXPECT_EQ(store_->vectors()->status().live, 1U);
  EXPECT_EQ(vector_directories(), 1U);
}

TEST_F(Embedding, KeepsRemovalsForTheIndexOfAModelThatIsNotKnownYet) {
  auto away = std::make_shared<Server>("one");
  away->is_away = true;
  open(away);
  const auto run = [&](const char* sql) {
    return store_->write_and_wait([&](store::Database& database) -> Result<std::string> {
      auto done = database.run(sql);
      if (!done) return std::unexpected(done.error());
      return std::string();
    });
  };
  constexpr int entries = 150;  // worth a file of the text index
  for (int i = 0; i < entries; ++i) add("n" + std::to_string(i), "kettle");
  ASSERT_TRUE(run("UPDATE counter SET value = value + 1"));
  ASSERT_TRUE(run("INSERT INTO removed(seq, n, id) SELECT value, 100000, 'gone' FROM counter"));
  add("last", "teapot");
  const auto until = std::chrono::steady_clock::now() + std::chrono::seconds(30);
  const auto is_covered = [&] {
    const search::IndexStatus status = store_->text().status();
    return status.covered == status.sequence;
  };
  while (!is_covered() && std::chrono::steady_clock::now() < until) {
  }
  ASSERT_TRUE(is_covered());
  store_->close();  // whatever the keeper does then is done
  auto database = store::Database::open(directory_ / "k.db", {}).value();
  EXPECT_EQ(database.integer("SELECT count(*) FROM removed").value(), 1);
}

TEST_F(Embedding, TakesTheCallersVectorsOfTheRightLength) {
  auto server = std::make_shared<Server>("one");
  open(server);
  add("a", "kettle");
  settle();
  const auto put = [&](std::vector<float> vector) {
    return store_->write_and_wait([&](store::Database& database) -> Result<std::string> {
      auto made = add_entry(database, {.text = "mine", .memory = {}, .vector = vector},
                            clock_.wall(), store_->supplied_model());
      if (!made) return std::unexpected(made.error());
      return made->id;
    });
  };
  EXPECT_TRUE(put(std::vector<float>(256, 2.0F)));
  EXPECT_EQ(put(std::vector<float>(8, 1.0F)).error().code, Errc::invalid_args);
  EXPECT_EQ(put(std::vector<float>(256, 0.0F)).error().code, Errc::invalid_args);
}

}  // namespace
}  // namespace hearth::packs::knowledge
