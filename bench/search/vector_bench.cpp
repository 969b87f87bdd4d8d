// The vector index against its peers.
//
// usage: bench_vectors make DIRECTORY COUNT [DIMENSIONS [CLUSTERS [INTRINSIC]]]
//        bench_vectors build ENGINE DIRECTORY [THREADS]
//        bench_vectors query ENGINE DIRECTORY [ROUNDS]
//        bench_vectors filter ENGINE DIRECTORY
//        bench_vectors start ENGINE DIRECTORY
//        bench_vectors forget ENGINE DIRECTORY
//        bench_vectors stream DIRECTORY [INSERTS_A_SECOND [IN_A_COMMIT]]
// ENGINE: hearth8 | hearth4 | hnswlib | usearch | faiss, the peers with :M, the links of each node
//
// `make` writes clustered unit vectors, 1,000 queries and their true nearest; CLUSTERS = 0 gives
// uniform random ones. Each engine runs in a process of its own, so that its memory is its own.
// Everything is printed as lines of {"name":…,"unit":…,"values":[…]}; `query` prints, for each
// width, recall@10 and queries a second of processor time on one thread. `filter` does the same
// among 1, 10, 50 and 100 of 100 rows, and says how fast it is to look at each of them; `start`
// opens and answers one query, to be timed from outside, and `forget` drops the file from the page
// cache before a cold start. `stream` replaces a fifth of an index while it is searched.
#include <fcntl.h>
#include <sys/resource.h>
#include <unistd.h>

#include <algorithm>
#include <cmath>
#include <filesystem>
#include <fstream>
#include <random>
#include <span>
#include <thread>

#include "search/vector/kernels.hpp"
#include "search/vector_engine.hpp"
#include "search/vector_matrix.hpp"
#include "search/vector_stream.hpp"
#include "support.hpp"

namespace hearth::bench {
namespace {

constexpr std::size_t k = 10;
constexpr std::size_t query_count = 1000;
constexpr std::size_t widths[] = {10, 16, 24, 32, 48, 64, 96, 128, 192, 256, 384, 512};
constexpr std::uint32_t space_seed = 20260728;

// Clustered unit vectors that resemble sentence embeddings: a mixture of Gaussians of low
// dimension, mapped linearly, with a little noise.
class Generator final {
 public:
  Generator(std::size_t dimensions, std::size_t clusters, std::size_t intrinsic)
      : dimensions_(dimensions), intrinsic_(intrinsic) {
    std::mt19937 random(space_seed);
    std::normal_distribution<float> normal;
    const float scale = 1 / std::sqrt(static_cast<float>(intrinsic));
    map_.resize(dimensions * intrinsic);
    for (float& each : map_) each = normal(random) * scale;
    centres_.resize(clusters * intrinsic);
    for (float& each : centres_) each = normal(random);
    for (std::size_t i = 0; i < clusters; ++i) {
      weights_.push_back(1 / std::pow(static_cast<float>(i + 1), 0.6F));
    }
  }

  [[nodiscard]] Matrix make(std::size_t count, std::uint32_t seed) const {
    std::mt19937 random(seed);
    std::normal_distribution<float> normal;
    std::discrete_distribution<std::size_t> pick(weights_.begin(), weights_.end());
    Matrix made{count, dimensions_, {}};
    made.values.reserve(count * dimensions_);
    std::vector<float> latent(intrinsic_);
    std::vector<float> vector(dimensions_);
    for (std::size_t row = 0; row < count; ++row) {
      const bool is_clustered = !weights_.empty();
      if (is_clustered) {
        const float* centre = &centres_[pick(random) * intrinsic_];
        for (std::size_t i = 0; i < intrinsic_; ++i) latent[i] = centre[i] + 0.45F * normal(random);
      }
      double squared = 0;
      for (std::size_t i = 0; i < dimensions_; ++i) {
        float value = (is_clustered ? 0.08F : 1.0F) * normal(random);
        for (std::size_t j = 0; is_clustered && j < intrinsic_; ++j) {
          value += map_[i * intrinsic_ + j] * latent[j];
        }
        vector[i] = value;
        squared += double{value} * value;
      }
      const auto scale = static_cast<float>(1 / std::sqrt(squared));
      for (const float each : vector) made.values.push_back(each * scale);
    }
    return made;
  }

 private:
  std::size_t dimensions_;
  std::size_t intrinsic_;
  std::vector<float> map_, centres_, weights_;
};

// Among the rows whose number is a multiple of `one_in`.
std::vector<std::uint32_t> nearest(const Matrix& vectors,
                                   const float* query,
                                   std::uint32_t one_in = 1) {
  std::vector<std::pair<float, std::uint32_t>> scores;
  scores.reserve(vectors.rows / one_in + 1);
  for (std::uint32_t i = 0; i < vectors.rows; i += one_in) {
    scores.emplace_back(-search::vector::kernels().dot(vectors.row(i), query, vectors.dimensions),
                        i);
  }
  std::ranges::partial_sort(scores, scores.begin() + k);
  std::vector<std::uint32_t> rows;
  for (std::size_t i = 0; i < k; ++i) rows.push_back(scores[i].second);
  return rows;
}

void make(const std::string& directory, const Generator& generator, std::size_t count) {
  std::filesystem::create_directories(directory);
  const Matrix vectors = generator.make(count, 1);
  const Matrix queries = generator.make(query_count, 2);
  std::vector<std::uint32_t> truth;
  for (std::size_t i = 0; i < query_count; ++i) {
    const auto rows = nearest(vectors, queries.row(i));
    truth.insert(truth.end(), rows.begin(), rows.end());
  }
  save(directory + "/vectors", vectors.rows, vectors.dimensions, vectors.values);
  save(directory + "/queries", queries.rows, queries.dimensions, queries.values);
  save(directory + "/truth", query_count, k, truth);
}

std::unique_ptr<VectorEngine> make_engine(const std::string& name) {
  if (name == "hearth8") return make_hearth_vector_engine(8);
  if (name == "hearth4") return make_hearth_vector_engine(4);
  constexpr std::size_t usual_links = 16;
  const std::size_t colon = std::min(name.find(':'), name.size());
  const std::string peer = name.substr(0, colon);
  const std::size_t links =
      colon == name.size() ? usual_links : std::strtoul(name.c_str() + colon + 1, nullptr, 10);
  if (peer == "hnswlib") return make_hnswlib_engine(links);
  if (peer == "usearch") return make_usearch_engine(links);
  if (peer == "faiss") return make_faiss_engine(links);
  die("there is no engine " + name);
}

// Processor time of all threads or of this one: others may use the machine.
double processor_seconds(clockid_t clock) {
  timespec now{};
  ::clock_gettime(clock, &now);
  return static_cast<double>(now.tv_sec) + static_cast<double>(now.tv_nsec) / 1e9;
}

double megabytes_resident() {
  std::ifstream statm("/proc/self/statm");
  long pages = 0;
  long resident = 0;
  statm >> pages >> resident;
  return static_cast<double>(resident * ::sysconf(_SC_PAGESIZE)) / 1e6;
}

void build(const std::string& name, const std::string& directory, unsigned threads) {
  const std::string path = directory + "/" + name;
  std::filesystem::remove(path);
  const Matrix vectors = load_matrix(directory + "/vectors");
  const auto began = Clock::now();
  const double busy = processor_seconds(CLOCK_PROCESS_CPUTIME_ID);
  make_engine(name)->build(path, vectors, threads);
  print_series("build", "s", {milliseconds_since(began) / 1e3});
  print_series("build_cpu", "s", {processor_seconds(CLOCK_PROCESS_CPUTIME_ID) - busy});
  print_series("disk", "MB", {static_cast<double>(std::filesystem::file_size(path)) / 1e6});
  struct rusage usage{};
  ::getrusage(RUSAGE_SELF, &usage);
  print_series("build_peak", "MB", {static_cast<double>(usage.ru_maxrss) * 1024 / 1e6});
}

// Recall and speed of one width; gives the recall.
double measure(VectorEngine& engine,
               const Matrix& queries,
               const std::vector<std::uint32_t>& truth,
               std::size_t width,
               int rounds,
               const std::string& suffix) {
  const std::size_t count = truth.size() / k;
  std::vector<double> rates;
  std::size_t found = 0;
  for (int round = 0; round < rounds; ++round) {
    const double start = processor_seconds(CLOCK_THREAD_CPUTIME_ID);
    for (std::size_t i = 0; i < count; ++i) {
      const auto answer = engine.search(queries.row(i), k, width);
      if (round != 0) continue;
      const auto* expected = truth.data() + i * k;
      for (const std::uint32_t row : answer) {
        found += std::find(expected, expected + k, row) != expected + k ? 1 : 0;
      }
    }
    rates.push_back(static_cast<double>(count) /
                    (processor_seconds(CLOCK_THREAD_CPUTIME_ID) - start));
  }
  const double recall = static_cast<double>(found) / static_cast<double>(truth.size());
  const std::string at = " at width " + std::to_string(width) + suffix;
  print_series("recall@10" + at, "", {recall});
  print_series("queries" + at, "/s", rates);
  return recall;
}

void query(const std::string& name, const std::string& directory, int rounds) {
  const Matrix queries = load_matrix(directory + "/queries");
  std::size_t rows = 0;
  std::size_t columns = 0;
  const auto truth = load<std::uint32_t>(directory + "/truth", rows, columns);
  const double before = megabytes_resident();
  const auto engine = make_engine(name);
  const auto began = Clock::now();
  engine->open(directory + "/" + name, queries.dimensions);
  print_series("open", "ms", {milliseconds_since(began)});
  (void)engine->search(queries.row(0), k, 64);
  print_series("open_and_first", "ms", {milliseconds_since(began)});
  for (std::size_t i = 0; i < queries.rows; ++i) (void)engine->search(queries.row(i), k, 64);
  print_series("resident_after_1000", "MB", {megabytes_resident() - before});
  for (const std::size_t width : widths) {
    if (measure(*engine, queries, truth, width, rounds, "") > 0.999) break;
  }
}

void start(const std::string& name, const std::string& directory) {
  std::ifstream in(directory + "/queries", std::ios::binary);
  std::uint32_t header[2]{};
  in.read(reinterpret_cast<char*>(header), sizeof header);
  std::vector<float> query(header[1]);
  in.read(reinterpret_cast<char*>(query.data()),
          static_cast<std::streamsize>(query.size() * sizeof(float)));
  if (!in) die("cannot read " + directory + "/queries");
  const auto engine = make_engine(name);
  engine->open(directory + "/" + name, query.size());
  if (engine->search(query.data(), k, 64).size() != k) die("no answer");
  ::_exit(0);  // what is taken apart after the answer nobody waits for
}

// Only what is on disk can be dropped.
void forget(const std::string& name, const std::string& directory) {
  const std::string path = directory + "/" + name;
  const int file = ::open(path.c_str(), O_RDONLY | O_CLOEXEC);
  if (file < 0 || ::fsync(file) != 0 || ::posix_fadvise(file, 0, 0, POSIX_FADV_DONTNEED) != 0) {
    die("cannot drop " + path + " from the page cache");
  }
  ::close(file);
}

void filter(const std::string& name, const std::string& directory) {
  constexpr std::size_t few_queries = 200;
  const Matrix vectors = load_matrix(directory + "/vectors");
  const Matrix queries = load_matrix(directory + "/queries");
  const auto engine = make_engine(name);
  engine->open(directory + "/" + name, queries.dimensions);
  for (const std::uint32_t one_in : {100U, 10U, 2U, 1U}) {
    std::vector<std::uint32_t> truth;
    std::vector<double> rates;
    for (int round = 0; round < 3; ++round) {
      truth.clear();
      const double began = processor_seconds(CLOCK_THREAD_CPUTIME_ID);
      for (std::size_t i = 0; i < few_queries; ++i) {
        const auto rows = nearest(vectors, queries.row(i), one_in);
        truth.insert(truth.end(), rows.begin(), rows.end());
      }
      rates.push_back(few_queries / (processor_seconds(CLOCK_THREAD_CPUTIME_ID) - began));
    }
    print_series("brute force of 1 in " + std::to_string(one_in), "/s", rates);
    if (one_in != 1 && !engine->select_share(one_in)) die(name + " cannot filter");
    if (one_in == 1) engine->select_share(1);
    for (const std::size_t width : std::span(widths).subspan(2, 4)) {
      (void)measure(*engine, queries, truth, width, 3, " of 1 in " + std::to_string(one_in));
    }
  }
}

}  // namespace
}  // namespace hearth::bench

int main(int argc, char** argv) {
  using namespace hearth::bench;
  const std::string verb = argc > 1 ? argv[1] : "";
  const auto number = [&](int index, std::size_t fallback) {
    return argc > index ? std::strtoul(argv[index], nullptr, 10) : fallback;
  };
  if (verb == "make" && argc >= 4) {
    make(argv[2], Generator(number(4, 384), number(5, 1000), number(6, 32)), number(3, 0));
  } else if (verb == "build" && argc >= 4) {
    build(argv[2], argv[3], static_cast<unsigned>(number(4, 2)));
  } else if (verb == "query" && argc >= 4) {
    query(argv[2], argv[3], static_cast<int>(number(4, 3)));
  } else if (verb == "start" && argc >= 4) {
    start(argv[2], argv[3]);
  } else if (verb == "forget" && argc >= 4) {
    forget(argv[2], argv[3]);
  } else if (verb == "filter" && argc >= 4) {
    filter(argv[2], argv[3]);
  } else if (verb == "stream" && argc >= 3) {
    stream(argv[2], number(3, 5000), number(4, 20));
  } else {
    die("usage: bench_vectors make DIRECTORY COUNT … | build ENGINE DIRECTORY | query ENGINE "
        "DIRECTORY");
  }
}
