#include "search/vector_stream.hpp"

#include <algorithm>
#include <atomic>
#include <filesystem>
#include <random>
#include <thread>

#include "search/vector/index.hpp"
#include "search/vector/kernels.hpp"
#include "search/vector_matrix.hpp"
#include "store/env.hpp"
#include "support.hpp"

namespace hearth::bench {
namespace {

namespace vec = search::vector;

constexpr std::size_t k = 10;
constexpr std::size_t few_queries = 200;
constexpr std::chrono::milliseconds pause{2};  // of who merges, when there is nothing to do

// Processor time of this thread, in µs: others may use the machine.
double busy_microseconds() {
  timespec now{};
  ::clock_gettime(CLOCK_THREAD_CPUTIME_ID, &now);
  return static_cast<double>(now.tv_sec) * 1e6 + static_cast<double>(now.tv_nsec) / 1e3;
}

struct Latencies {
  std::vector<float> busy;     // processor time
  std::vector<float> elapsed;  // what a caller sees
};

template <typename T>
T value_of(Result<T> result) {
  if (!result) die(result.error().message);
  return std::move(*result);
}

// The index, and which row stands under which key.
class Stream final {
 public:
  Stream(const std::string& directory, std::size_t rate, std::size_t in_a_commit)
      : rate_(rate),
        in_a_commit_(in_a_commit),
        vectors_(load_matrix(directory + "/vectors")),
        queries_(load_matrix(directory + "/queries")) {
    const std::string home = directory + "/stream";
    std::filesystem::remove_all(home);
    std::filesystem::create_directories(home);
    const auto dimensions = static_cast<std::uint32_t>(vectors_.dimensions);
    vec::IndexOptions options;
    options.build.threads = 2;
    index_ = value_of(vec::Index::open(store::system_env(), home, {dimensions}, options));
    // Four fifths are there from the start, the last come later under keys of the first.
    rows_ = static_cast<std::uint32_t>(vectors_.rows * 4 / 5);
    row_of_.resize(rows_);
  }

  void run() {
    const auto began = Clock::now();
    for (std::uint32_t key = 0; key < rows_; ++key) put(key, key);
    commit();
    maintain();
    print_series("load", "s", {milliseconds_since(began) / 1e3});
    measure("before");
    std::atomic<bool> is_over = false;
    Latencies meanwhile;
    {
      const std::jthread searcher([&] { meanwhile = search_until(is_over); });
      const std::jthread merger([&] {
        while (!is_over) {
          if (!value_of(index_->maintain())) std::this_thread::sleep_for(pause);
        }
      });
      replace();
      is_over = true;
    }
    print_latencies("meanwhile", meanwhile);
    measure("after");
    const auto merging = Clock::now();
    maintain();
    print_series("merge", "s", {milliseconds_since(merging) / 1e3});
    measure("after_merge");
    const auto status = index_->status();
    print_series("written_over_size", "",
                 {static_cast<double>(status.bytes_written) /
                  static_cast<double>(std::max<std::uint64_t>(status.bytes_on_disk, 1))});
  }

 private:
  void put(std::uint32_t key, std::uint32_t row) {
    row_of_[key] = row;
    if (auto done = index_->put(key, {vectors_.row(row), vectors_.dimensions}); !done) {
      die(done.error().message);
    }
  }
  void commit() { index_->commit(++sequence_); }
  void maintain() {
    while (value_of(index_->maintain())) {
    }
  }

  void replace() {
    std::mt19937 random(9);
    const auto began = Clock::now();
    std::size_t count = 0;
    double busy = 0;
    for (std::uint32_t row = rows_; row < vectors_.rows;) {
      const double begin = busy_microseconds();
      for (std::size_t i = 0; i < in_a_commit_ && row < vectors_.rows; ++i, ++row, ++count) {
        put(static_cast<std::uint32_t>(random() % rows_), row);
      }
      commit();
      busy += busy_microseconds() - begin;
      std::this_thread::sleep_until(began +
                                    std::chrono::nanoseconds(1'000'000'000 / rate_) * count);
    }
    print_series("inserts", "/s", {static_cast<double>(count) * 1e3 / milliseconds_since(began)});
    print_series("possible_inserts", "/s", {static_cast<double>(count) * 1e6 / busy});
  }

  [[nodiscard]] Latencies search_until(const std::atomic<bool>& is_over) const {
    Latencies latencies;
    for (std::size_t i = 0; !is_over; i = (i + 1) % queries_.rows) search(i, latencies);
    return latencies;
  }
  void search(std::size_t query, Latencies& latencies) const {
    const auto began = Clock::now();
    const double busy = busy_microseconds();
    (void)value_of(index_->search({queries_.row(query), queries_.dimensions}, k));
    latencies.busy.push_back(static_cast<float>(busy_microseconds() - busy));
    latencies.elapsed.push_back(static_cast<float>(microseconds_since(began)));
  }

  void measure(const std::string& when) const {
    Latencies latencies;
    std::size_t found = 0;
    for (std::size_t i = 0; i < queries_.rows; ++i) search(i, latencies);
    for (std::size_t i = 0; i < few_queries; ++i) {
      const auto expected = nearest(queries_.row(i));
      const auto answer = value_of(index_->search({queries_.row(i), queries_.dimensions}, k));
      for (const vec::Hit& hit : answer.hits) {
        found += std::ranges::count(expected, static_cast<std::uint32_t>(hit.key)) != 0 ? 1 : 0;
      }
    }
    print_series("recall@10_" + when, "",
                 {static_cast<double>(found) / static_cast<double>(few_queries * k)});
    print_latencies(when, latencies);
  }
  static void print_latencies(const std::string& when, Latencies& latencies) {
    const double p50 = percentile(latencies.busy, 0.50);
    const double p99 = percentile(latencies.busy, 0.99);
    const double elapsed = percentile(latencies.elapsed, 0.99);
    print_series("p50_" + when, "µs", {p50});
    print_series("p99_" + when, "µs", {p99});
    print_series("p99_elapsed_" + when, "µs", {elapsed});
  }

  [[nodiscard]] std::vector<std::uint32_t> nearest(const float* query) const {
    std::vector<std::pair<float, std::uint32_t>> scores;
    for (std::uint32_t key = 0; key < rows_; ++key) {
      const float* vector = vectors_.row(row_of_[key]);
      scores.emplace_back(-vec::kernels().dot(vector, query, vectors_.dimensions), key);
    }
    std::ranges::partial_sort(scores, scores.begin() + k);
    std::vector<std::uint32_t> keys;
    for (std::size_t i = 0; i < k; ++i) keys.push_back(scores[i].second);
    return keys;
  }

  const std::size_t rate_;
  const std::size_t in_a_commit_;
  Matrix vectors_;
  Matrix queries_;
  std::unique_ptr<vec::Index> index_;
  std::uint32_t rows_ = 0;
  std::vector<std::uint32_t> row_of_;  // of each key
  std::uint64_t sequence_ = 0;
};

}  // namespace

void stream(const std::string& directory, std::size_t rate, std::size_t in_a_commit) {
  Stream(directory, rate, in_a_commit).run();
}

}  // namespace hearth::bench
