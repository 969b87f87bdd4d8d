// usearch as its users use it: 16-bit floats (bf16), with the kernels that it brings, mapped.
#include <atomic>
#include <thread>
#include <usearch/index_dense.hpp>

#include "search/vector_engine.hpp"
#include "support.hpp"

namespace hearth::bench {
namespace {

using namespace unum::usearch;

constexpr std::size_t build_width = 128;  // its own default

class UsearchEngine final : public VectorEngine {
 public:
  explicit UsearchEngine(std::size_t links) : links_(links) {}

  void build(const std::string& path, const Matrix& vectors, unsigned threads) override {
    index_dense_t index = index_dense_t::make(metric_of(vectors.dimensions),
                                              index_dense_config_t(links_, build_width));
    if (!index.try_reserve({vectors.rows, threads})) die("usearch has no room");
    std::atomic<std::size_t> next = 0;
    {
      std::vector<std::jthread> workers;
      for (unsigned t = 0; t < threads; ++t) {
        workers.emplace_back([&, t] {
          for (std::size_t i = next++; i < vectors.rows; i = next++) {
            check(index.add(i, vectors.row(i), t));
          }
        });
      }
    }
    check(index.save(path.c_str()));
  }
  void open(const std::string& path, std::size_t dimensions) override {
    index_ = index_dense_t::make(metric_of(dimensions), index_dense_config_t(links_, build_width));
    check(index_.view(path.c_str()));
    if (!index_.try_reserve({index_.size(), 1})) die("usearch has no room");
  }
  std::vector<std::uint32_t> search(const float* query, std::size_t k, std::size_t width) override {
    index_.change_expansion_search(width);
    const auto answer = index_.search(query, k, 0);
    std::vector<std::uint32_t> found;
    for (std::size_t i = 0; i < answer.size(); ++i) {
      found.push_back(static_cast<std::uint32_t>(answer[i].member.key));
    }
    return found;
  }

 private:
  static metric_punned_t metric_of(std::size_t dimensions) {
    return {dimensions, metric_kind_t::ip_k, scalar_kind_t::bf16_k};
  }
  template <typename Answer>
  static void check(Answer answer) {
    if (!answer) die(answer.error.release());
  }

  const std::size_t links_;
  index_dense_t index_;
};

}  // namespace

std::unique_ptr<VectorEngine> make_usearch_engine(std::size_t links) {
  return std::make_unique<UsearchEngine>(links);
}

}  // namespace hearth::bench
