// A knowledge store of many entries, asked through the bridge as a client asks it.
//
// usage: bench_knowledge fill HOME ENTRIES DIMENSIONS    DIMENSIONS 0: vectors of the builtin
// embedder
//        bench_knowledge first HEARTH ROUNDS DIMENSIONS  with HEARTH_HOME set to that HOME
//        bench_knowledge search HEARTH QUERIES DIMENSIONS
//
// `fill` writes the store through the engine and waits until both indexes are on disk. `first`
// kills the daemon and asks a hybrid question of a new bridge: the series "first_answer" in ms,
// from the start of the bridge. `search` asks hybrid questions, first alone and then while another
// bridge creates entries: "search" and "search_while_writing" in ms, and "visible" in ms from the
// answer of a write in one bridge to the search in another that finds it.
#include <algorithm>
#include <cmath>
#include <csignal>
#include <cstdio>
#include <filesystem>
#include <fstream>
#include <random>
#include <thread>

#include "packs/knowledge/engine/builtin_embedder.hpp"
#include "packs/knowledge/engine/entries.hpp"
#include "packs/knowledge/engine/knowledge_store.hpp"
#include "support.hpp"

namespace hearth::bench {
namespace {

namespace fs = std::filesystem;
namespace knowledge = packs::knowledge;

constexpr int clusters = 1000;
constexpr int words_of_a_text = 60;
constexpr int entries_of_a_write = 200;

// Words as language has them: a few are frequent, most are rare (Zipf).
class ManyWords {
 public:
  explicit ManyWords(unsigned seed) : random_(seed) {
    double sum = 0;
    for (int i = 1; i <= vocabulary; ++i) weights_.push_back(sum += 1.0 / i);
  }
  std::string word() {
    const double at = std::uniform_real_distribution<double>(0, weights_.back())(random_);
    const auto rank = std::ranges::lower_bound(weights_, at) - weights_.begin();
    return spelt(static_cast<unsigned>(rank));
  }
  std::string text(int count) {
    std::string all;
    for (int i = 0; i < count; ++i) all.append(i == 0 ? "" : " ").append(word());
    return all;
  }
  std::mt19937& random() { return random_; }

 private:
  static constexpr int vocabulary = 100'000;
  static std::string spelt(unsigned rank) {
    std::string word;
    for (unsigned rest = rank + 100; rest > 0; rest /= 20)
      word += "bcdfghjklmnprstvwxyz"[rest % 20], word += "aeiou"[rest % 5];
    return word;
  }
  std::mt19937 random_;
  std::vector<double> weights_;
};

// Unit vectors around a thousand centres.
class Vectors {
 public:
  Vectors(int dimensions, unsigned seed) : dimensions_(dimensions), random_(seed) {
    for (int i = 0; i < clusters; ++i) centres_.push_back(noise(1));
  }
  std::vector<float> next() {
    std::vector<float> vector = centres_[random_() % centres_.size()];
    const std::vector<float> around = noise(0.4F);
    double squares = 0;
    for (std::size_t i = 0; i < vector.size(); ++i) {
      vector[i] += around[i];
      squares += static_cast<double>(vector[i]) * static_cast<double>(vector[i]);
    }
    for (float& x : vector) x = static_cast<float>(static_cast<double>(x) / std::sqrt(squares));
    return vector;
  }

 private:
  std::vector<float> noise(float size) {
    std::normal_distribution<float> normal(0, size);
    std::vector<float> vector(static_cast<std::size_t>(dimensions_));
    for (float& x : vector) x = normal(random_);
    return vector;
  }
  const int dimensions_;
  std::mt19937 random_{1};
  std::vector<std::vector<float>> centres_;
};

// What [knowledge.embedder] makes of kind "supplied".
class Supplied final : public knowledge::Embedder {
 public:
  explicit Supplied(int dimensions) : dimensions_(static_cast<std::uint32_t>(dimensions)) {}
  Result<knowledge::EmbeddingModel> model() const override {
    return knowledge::EmbeddingModel{"supplied", dimensions_, 0.0F, 0.2F};
  }
  packs::knowledge::VectorSource source() const override {
    return packs::knowledge::VectorSource::caller;
  }
  Result<std::vector<float>> embed(std::span<const std::string_view>,
                                   knowledge::Purpose,
                                   const std::stop_token&) override {
    return fail(Errc::unsupported, "vectors are supplied");
  }

 private:
  const std::uint32_t dimensions_;
};

void fill(const std::string& home, int entries, int dimensions) {
  const fs::path directory = fs::path(home) / "data/default/knowledge";
  fs::create_directories(directory);
  if (dimensions > 0) {
    std::ofstream(fs::path(home) / "config.toml")
        << "[knowledge.embedder]\nkind = \"supplied\"\ndimensions = " << dimensions << "\n";
  }
  const SystemClock clock;
  knowledge::StoreOptions options;
  options.durability = store::Durability::process;
  if (dimensions > 0) {
    options.embedder = std::make_shared<Supplied>(dimensions);
  } else {
    options.embedder = std::make_shared<knowledge::BuiltinEmbedder>();
  }
  auto store =
      knowledge::KnowledgeStore::open((directory / "knowledge.db").string(), clock, options);
  if (!store) die(store.error().message);
  const auto began = Clock::now();
  ManyWords words(7);
  Vectors vectors(dimensions, 7);
  for (int done = 0; done < entries; done += entries_of_a_write) {
    auto written = (*store)->write_and_wait([&](store::Database& database) -> Result<std::string> {
      const auto model = (*store)->supplied_model();
      for (int i = 0; i < entries_of_a_write; ++i) {
        knowledge::NewEntry entry{.text = words.text(words_of_a_text), .title = words.text(4)};
        if (dimensions > 0) entry.vector = vectors.next();
        auto made = knowledge::add_entry(database, entry, clock.wall(), model);
        if (!made) return std::unexpected(made.error());
      }
      return std::string();
    });
    if (!written) die(written.error().message);
    if (done % 20'000 == 0) std::fprintf(stderr, "%d entries\n", done);
  }
  print_series("fill", "s", {milliseconds_since(began) / 1000});
  // Until what is in memory alone is little, so that an opening replays little.
  for (;;) {
    const auto text = (*store)->text().status();
    const auto vector = (*store)->vectors()->status();
    constexpr std::uint64_t little = 200;
    if (text.visible - text.covered < little && vector.visible - vector.covered < little) break;
    std::this_thread::sleep_for(std::chrono::milliseconds(200));
  }
  print_series("fill_and_merge", "s", {milliseconds_since(began) / 1000});
}

std::string tool_call(std::string_view tool, const std::string& arguments) {
  return R"({"jsonrpc":"2.0","id":7,"method":"tools/call","params":{"name":")" + std::string(tool) +
         R"(","arguments":)" + arguments + "}}\n";
}

std::string numbers(const std::vector<float>& vector) {
  std::string text = "[";
  char number[32];
  for (const float x : vector) {
    std::snprintf(number, sizeof number, "%s%.6g", text.size() == 1 ? "" : ",",
                  static_cast<double>(x));
    text += number;
  }
  return text + "]";
}

class Questions {
 public:
  Questions(int dimensions, unsigned seed)
      : words_(seed), vectors_(std::max(dimensions, 1), seed), has_vectors_(dimensions > 0) {}
  std::string next() {
    std::string arguments = R"({"query":")" + words_.text(3) + "\"";
    if (has_vectors_) arguments += ",\"vector\":" + numbers(vectors_.next());
    return tool_call("knowledge_search", arguments + "}");
  }

 private:
  ManyWords words_;
  Vectors vectors_;
  const bool has_vectors_;
};

std::string ask(const Child& bridge, const std::string& call) {
  write_all(bridge.in(), call);
  std::string answer = read_line(bridge.out());
  if (answer.find("\"structuredContent\"") == std::string::npos) die("answer: " + answer);
  return answer;
}

void greet(const Child& bridge) {
  write_all(bridge.in(), initialize_message);
  (void)read_line(bridge.out());
}

void first(const std::string& hearth, int rounds, int dimensions) {
  std::vector<double> took;
  std::vector<double> killed;
  Questions questions(dimensions, 11);
  for (int round = 0; round < 2 * rounds; ++round) {
    const bool is_kill = round >= rounds;
    {
      const Child warm({hearth, "mcp"});
      greet(warm);
      (void)ask(warm, questions.next());
    }
    const pid_t daemon = daemon_pid();
    if (::kill(daemon, is_kill ? SIGKILL : SIGTERM) != 0) die("cannot end the daemon");
    while (::kill(daemon, 0) == 0) std::this_thread::sleep_for(std::chrono::milliseconds(1));
    const std::string question = questions.next();
    const auto began = Clock::now();
    const Child bridge({hearth, "mcp"});
    greet(bridge);
    const std::string answer = ask(bridge, question);
    (is_kill ? killed : took).push_back(milliseconds_since(began));
    if (answer.find("\"degraded\"") != std::string::npos)
      std::fprintf(stderr, "degraded: %s\n",
                   answer.substr(answer.find("\"degraded\""), 120).c_str());
  }
  print_series("first_answer", "ms", took);
  print_series("first_answer_after_kill", "ms", killed);
}

std::vector<double> ask_many(const Child& bridge, Questions& questions, int count) {
  std::vector<double> took;
  for (int i = 0; i < count; ++i) {
    const std::string question = questions.next();
    const auto began = Clock::now();
    (void)ask(bridge, question);
    took.push_back(milliseconds_since(began));
  }
  return took;
}

void search(const std::string& hearth, int count, int dimensions) {
  const Child bridge({hearth, "mcp"});
  greet(bridge);
  Questions questions(dimensions, 13);
  (void)ask_many(bridge, questions, 200);
  print_series("search", "ms", ask_many(bridge, questions, count));
  std::jthread writer([&](const std::stop_token& stop) {
    const Child other({hearth, "mcp"});
    greet(other);
    ManyWords words(17);
    Vectors vectors(std::max(dimensions, 1), 17);
    while (!stop.stop_requested()) {
      std::string entries;
      for (int i = 0; i < 20; ++i) {
        entries +=
            std::string(i == 0 ? "" : ",") + R"({"text":")" + words.text(words_of_a_text) + "\"";
        if (dimensions > 0) entries += ",\"vector\":" + numbers(vectors.next());
        entries += "}";
      }
      (void)ask(other, tool_call("knowledge_create", "{\"entries\":[" + entries + "]}"));
    }
  });
  print_series("search_while_writing", "ms", ask_many(bridge, questions, count));
  writer.request_stop();
  writer.join();
  const Child reader({hearth, "mcp"});
  greet(reader);
  std::vector<double> visible;
  for (int i = 0; i < 50; ++i) {
    const std::string mark = "zzmark" + std::to_string(daemon_pid()) + "x" + std::to_string(i);
    (void)ask(bridge, tool_call("knowledge_remember", R"({"text":"about )" + mark + "\"}"));
    const auto began = Clock::now();
    const std::string answer =
        ask(reader, tool_call("knowledge_search", R"({"mode":"words","query":")" + mark + "\"}"));
    visible.push_back(milliseconds_since(began));
    if (answer.find("\"hits\":[]") != std::string::npos) die("a write was not visible");
  }
  print_series("visible", "ms", visible);
}

}  // namespace
}  // namespace hearth::bench

int main(int argc, char** argv) {
  using namespace hearth::bench;
  const std::string what = argc > 1 ? argv[1] : "";
  const auto dimensions = [&] { return argc > 4 ? std::atoi(argv[4]) : 0; };
  if (argc == 5 && what == "fill") {
    fill(argv[2], number_argument(argc, argv, 3, "number of entries"), dimensions());
  } else if (argc == 5 && what == "first") {
    first(argv[2], number_argument(argc, argv, 3, "number of rounds"), dimensions());
  } else if (argc == 5 && what == "search") {
    search(argv[2], number_argument(argc, argv, 3, "number of queries"), dimensions());
  } else {
    die("usage: bench_knowledge fill HOME ENTRIES DIMENSIONS | first HEARTH ROUNDS DIMENSIONS | "
        "search HEARTH QUERIES DIMENSIONS");
  }
}
