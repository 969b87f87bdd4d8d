// A knowledge store of many entries, asked through the bridge as a client asks it.
//
// usage: bench_knowledge fill HOME ENTRIES DIMENSIONS    DIMENSIONS 0: vectors of the builtin
// embedder
//        bench_knowledge first HEARTH ROUNDS DIMENSIONS  with HEARTH_HOME set to that HOME
//        bench_knowledge search HEARTH QUERIES DIMENSIONS
//        bench_knowledge import HEARTH FILES
//        bench_knowledge idle HEARTH
//
// `fill` writes the store through the engine and waits until both indexes are on disk. `first` ends
// the daemon and asks a hybrid question of a new bridge: "first_answer" in ms, from the start of
// the bridge. `search` asks hybrid questions, first alone and then while another bridge creates
// entries without a pause, and how soon a write in one bridge is "visible" in another. `import`
// asks while another bridge imports a folder of generated Markdown files, and imports it again.
// `idle` waits until the daemon has given memory back.
#include <unistd.h>

#include <algorithm>
#include <atomic>
#include <cmath>
#include <csignal>
#include <cstdio>
#include <filesystem>
#include <fstream>
#include <random>
#include <thread>

#include "packs/knowledge/embedders.hpp"
#include "packs/knowledge/engine/entries.hpp"
#include "packs/knowledge/engine/knowledge_store.hpp"
#include "search/corpus.hpp"
#include "support.hpp"

namespace hearth::bench {
namespace {

namespace fs = std::filesystem;
namespace knowledge = packs::knowledge;

constexpr int clusters = 1000;
constexpr int entries_of_a_write = 200;

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

std::shared_ptr<knowledge::Embedder> embedder(int dimensions) {
  knowledge::EmbedderSettings settings;
  if (dimensions > 0) {
    settings.kind = knowledge::EmbedderKind::supplied;
    settings.openai.dimensions = static_cast<std::uint32_t>(dimensions);
  }
  return knowledge::make_embedder(std::move(settings), {});
}

void fill(const std::string& home, int entries, int dimensions) {
  const fs::path directory = fs::path(home) / "data/default/knowledge";
  fs::create_directories(directory);
  if (dimensions > 0) {
    std::ofstream(fs::path(home) / "config.toml")
        << "[knowledge.embedder]\nkind = \"supplied\"\ndimensions = " << dimensions << "\n";
  }
  const SystemClock clock;
  auto store = knowledge::KnowledgeStore::open(
      (directory / "knowledge.db").string(), clock,
      {.durability = store::Durability::process, .embedder = embedder(dimensions)});
  if (!store) die(store.error().message);
  const auto began = Clock::now();
  Corpus corpus(7);
  Corpus::Document document;
  Vectors vectors(dimensions, 7);
  for (int done = 0; done < entries; done += entries_of_a_write) {
    auto written = (*store)->write_and_wait([&](store::Database& database) -> Result<std::string> {
      const auto model = (*store)->supplied_model();
      for (int i = 0; i < entries_of_a_write; ++i) {
        corpus.next(document);
        knowledge::NewEntry entry{.text = document.text, .title = document.title};
        if (dimensions > 0) entry.vector = vectors.next();
        auto made = knowledge::add_entry(database, entry, clock.wall(), model);
        if (!made) return std::unexpected(made.error());
      }
      return std::string();
    });
    if (!written) die(written.error().message);
  }
  print_series("fill", "s", {milliseconds_since(began) / 1000});
  // Until what is in memory alone is little, so that an opening replays little.
  const auto is_kept = [](const search::IndexStatus& status) {
    constexpr std::uint64_t little = 200;
    return status.sequence - status.covered < little;
  };
  while (!is_kept((*store)->text().status()) || !is_kept((*store)->vectors()->status())) {
    std::this_thread::sleep_for(std::chrono::milliseconds(50));
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
    std::string query;
    for (const std::string& word : words_.query(3)) query += " " + word;
    std::string arguments = R"({"query":")" + query + "\"";
    if (has_vectors_) arguments += ",\"vector\":" + numbers(vectors_.next());
    return tool_call("knowledge_search", arguments + "}");
  }

 private:
  Corpus words_;
  Vectors vectors_;
  const bool has_vectors_;
};

class Bridge {
 public:
  explicit Bridge(const std::string& hearth) : process_({hearth, "mcp"}) {
    write_all(process_.in(), initialize_message);
    (void)read_line(process_.out());
  }
  [[nodiscard]] std::string ask(const std::string& call) const {
    write_all(process_.in(), call);
    std::string answer = read_line(process_.out());
    if (answer.find("\"structuredContent\"") == std::string::npos ||
        answer.find("\"isError\":true") != std::string::npos) {
      die("answer: " + answer);
    }
    return answer;
  }

 private:
  Child process_;
};

void first(const std::string& hearth, int rounds, int dimensions) {
  std::vector<double> took;
  std::vector<double> killed;
  int degraded = 0;
  Questions questions(dimensions, 11);
  for (int round = 0; round < 2 * rounds; ++round) {
    const bool is_kill = round >= rounds;
    (void)Bridge(hearth).ask(questions.next());
    const pid_t daemon = daemon_pid();
    const UniqueFd process = watch_process(daemon);
    if (::kill(daemon, is_kill ? SIGKILL : SIGTERM) != 0) die("cannot end the daemon");
    await_end(process.get());
    const std::string question = questions.next();
    const auto began = Clock::now();
    const std::string answer = Bridge(hearth).ask(question);
    (is_kill ? killed : took).push_back(milliseconds_since(began));
    degraded += answer.find("\"degraded\"") != std::string::npos ? 1 : 0;
  }
  print_series("first_answer", "ms", took);
  print_series("first_answer_after_kill", "ms", killed);
  print_series("degraded_first_answers", "", {static_cast<double>(degraded)});
}

// Asks until it is enough, and prints what that took.
template <typename IsEnough>
void ask_many(const std::string& name,
              const Bridge& bridge,
              Questions& questions,
              IsEnough is_enough) {
  std::vector<float> took;
  while (!is_enough(took.size())) {
    const std::string question = questions.next();
    const auto began = Clock::now();
    (void)bridge.ask(question);
    took.push_back(static_cast<float>(milliseconds_since(began)));
  }
  print_series(name + "_p50", "ms", {percentile(took, 0.50)});
  print_series(name + "_p99", "ms", {percentile(took, 0.99)});
}

std::string some_entries(Corpus& corpus, Vectors& vectors, bool has_vectors) {
  constexpr int entries_of_a_call = 20;
  Corpus::Document document;
  std::string entries;
  for (int i = 0; i < entries_of_a_call; ++i) {
    corpus.next(document);
    entries.append(i == 0 ? "" : ",").append(R"({"text":")" + document.text + "\"");
    if (has_vectors) entries += ",\"vector\":" + numbers(vectors.next());
    entries += "}";
  }
  return tool_call("knowledge_create", "{\"entries\":[" + entries + "]}");
}

void search(const std::string& hearth, std::size_t count, int dimensions) {
  const Bridge bridge(hearth);
  Questions questions(dimensions, 13);
  const auto is_enough = [count](std::size_t asked) { return asked == count; };
  for (int i = 0; i < 200; ++i) (void)bridge.ask(questions.next());
  ask_many("search", bridge, questions, is_enough);
  std::jthread writer([&](const std::stop_token& stop) {
    const Bridge other(hearth);
    Corpus corpus(17);
    Vectors vectors(std::max(dimensions, 1), 17);
    while (!stop.stop_requested()) (void)other.ask(some_entries(corpus, vectors, dimensions > 0));
  });
  ask_many("search_while_writing", bridge, questions, is_enough);
  writer.request_stop();
  writer.join();
  const Bridge reader(hearth);
  std::vector<double> visible;
  for (int i = 0; i < 50; ++i) {
    const std::string mark = "zzmark" + std::to_string(daemon_pid()) + "x" + std::to_string(i);
    (void)bridge.ask(tool_call("knowledge_remember", R"({"text":"about )" + mark + "\"}"));
    const auto began = Clock::now();
    const std::string answer =
        reader.ask(tool_call("knowledge_search", R"({"mode":"words","query":")" + mark + "\"}"));
    visible.push_back(milliseconds_since(began));
    if (answer.find("\"hits\":[]") != std::string::npos) die("a write was not visible");
  }
  print_series("visible", "ms", visible);
}

fs::path home() {
  return std::getenv("HEARTH_HOME");
}

// Pages of three sections.
fs::path make_files(int count) {
  const fs::path folder = home() / "files";
  Corpus corpus(19);
  Corpus::Document document;
  for (int i = 0; i < count; ++i) {
    const fs::path directory = folder / ("d" + std::to_string(i / 100));
    fs::create_directories(directory);
    std::ofstream file(directory / ("page" + std::to_string(i) + ".md"));
    for (const char* mark : {"# ", "## ", "## "}) {
      corpus.next(document);
      file << mark << document.title << "\n\n" << document.text << "\n\n";
    }
  }
  return folder;
}

void import(const std::string& hearth, int files) {
  const fs::path folder = make_files(files);
  fs::current_path(folder);  // where a bridge stands it may read
  const std::string call = tool_call("knowledge_import", R"({"path":")" + folder.string() + "\"}");
  const Bridge bridge(hearth);
  Questions questions(0, 23);
  for (int i = 0; i < 200; ++i) (void)bridge.ask(questions.next());
  std::atomic<bool> is_over = false;
  std::vector<double> took;
  {
    const std::jthread importer([&] {
      const Bridge other(hearth);
      for (int i = 0; i < 2; ++i) {
        const auto began = Clock::now();
        (void)other.ask(call);
        took.push_back(milliseconds_since(began) / 1e3);
        is_over = true;
      }
    });
    ask_many("search_while_importing", bridge, questions,
             [&](std::size_t /*asked*/) { return is_over.load(); });
  }
  print_series("import", "s", {took[0]});
  print_series("import_again", "s", {took[1]});
}

double megabytes(const std::string& name) {
  std::ifstream status("/proc/" + std::to_string(daemon_pid()) + "/status");
  for (std::string line; std::getline(status, line);) {
    if (line.starts_with(name + ":")) return std::stod(line.substr(name.size() + 1)) * 1024 / 1e6;
  }
  die("no " + name);
}

// Of the daemon, since its start.
double processor_seconds() {
  std::ifstream stat("/proc/" + std::to_string(daemon_pid()) + "/stat");
  std::string word;
  for (int i = 0; i < 13; ++i) stat >> word;
  double user = 0;
  double system = 0;
  stat >> user >> system;
  return (user + system) / static_cast<double>(::sysconf(_SC_CLK_TCK));
}

void idle(const std::string& hearth) {
  const Bridge bridge(hearth);
  Questions questions(0, 29);
  for (int i = 0; i < 200; ++i) (void)bridge.ask(questions.next());
  print_series("resident_in_use", "MB", {megabytes("VmRSS")});
  // Until it has worked on nothing for longer than it keeps its files mapped.
  constexpr std::chrono::seconds long_enough{70};
  constexpr std::chrono::minutes too_long{10};
  const auto began = Clock::now();
  auto quiet_since = began;
  for (double busy = processor_seconds(); Clock::now() - quiet_since < long_enough;) {
    if (Clock::now() - began > too_long) die("the daemon does not come to rest");
    std::this_thread::sleep_for(std::chrono::seconds(1));
    constexpr double next_to_nothing = 0.02;
    if (const double now = processor_seconds(); now - busy > next_to_nothing) {
      busy = now;
      quiet_since = Clock::now();
    }
  }
  print_series("resident_idle", "MB", {megabytes("VmRSS")});
}

}  // namespace
}  // namespace hearth::bench

int main(int argc, char** argv) {
  using namespace hearth::bench;
  const std::string what = argc > 1 ? argv[1] : "";
  const auto number = [&](std::string_view name) { return number_argument(argc, argv, 3, name); };
  const auto dimensions = [&] { return std::atoi(argv[4]); };
  if (argc == 5 && what == "fill") {
    fill(argv[2], number("number of entries"), dimensions());
  } else if (argc == 5 && what == "first") {
    first(argv[2], number("number of rounds"), dimensions());
  } else if (argc == 5 && what == "search") {
    search(argv[2], static_cast<std::size_t>(number("number of queries")), dimensions());
  } else if (argc == 4 && what == "import") {
    import(argv[2], number("number of files"));
  } else if (argc == 3 && what == "idle") {
    idle(argv[2]);
  } else {
    die("usage: bench_knowledge fill HOME ENTRIES DIMENSIONS | first HEARTH ROUNDS DIMENSIONS | "
        "search HEARTH QUERIES DIMENSIONS | import HEARTH FILES | idle HEARTH");
  }
}
