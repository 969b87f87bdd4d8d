// The text index against its peers.
//
// usage: bench_search build hearth|fts5|xapian DIRECTORY DOCUMENTS
//        bench_search query hearth|fts5|xapian DIRECTORY QUERIES
//        bench_search ways hearth DIRECTORY QUERIES
//
// Each engine runs in a process of its own, so that its memory is its own. `build` prints the
// seconds and the bytes on disk; `query` how long opening took, the processor time of each
// class of queries in µs and how much more is resident after them than before opening, and a
// checksum of the answers to a fixed set; `ways` compares MaxScore with Block-Max WAND in hearth's
// index. All as lines of
// {"name":…,"unit":…,"values":[…]}.
#include <sys/resource.h>
#include <unistd.h>

#include <algorithm>
#include <filesystem>
#include <fstream>

#include "search/any_words.hpp"
#include "search/engine.hpp"
#include "support.hpp"

namespace hearth::bench {
namespace {

constexpr int most_warming_queries = 50;

std::unique_ptr<Engine> make(const std::string& name) {
  if (name == "hearth") return make_hearth_engine();
  if (name == "fts5") return make_fts5_engine();
  if (name == "xapian") return make_xapian_engine();
  die("there is no engine " + name);
}

// Processor time: the engines answer on the calling thread from memory, and others may use the
// machine.
double microseconds_of_thread() {
  timespec now{};
  ::clock_gettime(CLOCK_THREAD_CPUTIME_ID, &now);
  return static_cast<double>(now.tv_sec) * 1e6 + static_cast<double>(now.tv_nsec) / 1e3;
}

double megabytes_resident() {
  std::ifstream statm("/proc/self/statm");
  long pages = 0;
  long resident = 0;
  statm >> pages >> resident;
  return static_cast<double>(resident * ::sysconf(_SC_PAGESIZE)) / 1e6;
}

double megabytes_on_disk(const std::string& directory) {
  std::uintmax_t sum = 0;
  for (const auto& entry : std::filesystem::recursive_directory_iterator(directory)) {
    if (entry.is_regular_file()) sum += entry.file_size();
  }
  return static_cast<double>(sum) / 1e6;
}

void build(Engine& engine, const std::string& directory, std::uint64_t documents) {
  std::filesystem::create_directories(directory);
  const auto began = Clock::now();
  engine.build(directory, documents);
  print_series("build", "s", {milliseconds_since(began) / 1e3});
  print_series("disk", "MB", {megabytes_on_disk(directory)});
  struct rusage usage{};
  ::getrusage(RUSAGE_SELF, &usage);
  print_series("build_peak", "MB", {static_cast<double>(usage.ru_maxrss) * 1024 / 1e6});
}

// All that are asked, made before: their memory is not the index's.
struct QueryClass {
  const char* name;
  int words;
  bool all;
  std::vector<std::vector<std::string>> queries{};
};

std::vector<QueryClass> make_queries(int queries) {
  std::vector<QueryClass> classes{{"one", 1, false},
                                  {"or2", 2, false},
                                  {"or3", 3, false},
                                  {"and2", 2, true},
                                  {"and3", 3, true}};
  for (QueryClass& each : classes) {
    Corpus corpus(1000 + static_cast<std::uint64_t>(each.words));
    for (int i = -std::min(most_warming_queries, queries / 4); i < queries; ++i) {
      each.queries.push_back(corpus.query(each.words));
    }
  }
  return classes;
}

void query(Engine& engine, const std::string& directory, int queries) {
  const std::vector<QueryClass> classes = make_queries(queries);
  const double before = megabytes_resident();
  std::vector<double> openings;
  for (int i = 0; i < 9; ++i) {
    const auto began = Clock::now();
    engine.open(directory);
    openings.push_back(milliseconds_since(began));
  }
  print_series("open", "ms", openings);
  for (const QueryClass& each : classes) {
    std::vector<float> latencies;
    for (const std::vector<std::string>& words : each.queries) {
      const double asked = microseconds_of_thread();
      (void)engine.search(words, each.all);
      latencies.push_back(static_cast<float>(microseconds_of_thread() - asked));
    }
    // The first were to warm up.
    latencies.erase(latencies.begin(), latencies.end() - queries);
    const double p50 = percentile(latencies, 0.50);
    const double p99 = percentile(latencies, 0.99);
    print_series(std::string(each.name) + "_p50", "µs", {p50});
    print_series(std::string(each.name) + "_p99", "µs", {p99});
  }
  print_series("resident", "MB", {megabytes_resident() - before});
}

}  // namespace
}  // namespace hearth::bench

int main(int argc, char** argv) {
  using namespace hearth::bench;
  const std::string verb = argc > 1 ? argv[1] : "";
  if (argc != 5 || (verb != "build" && verb != "query" && verb != "ways")) {
    die("usage: bench_search build|query|ways hearth|fts5|xapian DIRECTORY NUMBER");
  }
  const int number = number_argument(argc, argv, 4, "number of documents or queries");
  const auto engine = make(argv[2]);
  if (verb == "build") {
    build(*engine, argv[3], static_cast<std::uint64_t>(number));
  } else if (verb == "ways") {
    compare_any_words(argv[3], number);
  } else {
    query(*engine, argv[3], number);
  }
}
