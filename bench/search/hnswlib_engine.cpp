// hnswlib as its users use it: floats, compiled for this processor.
#include <hnswlib/hnswlib.h>

#include <atomic>
#include <thread>

#include "search/vector_engine.hpp"

namespace hearth::bench {
namespace {

constexpr std::size_t build_width = 200;

class HnswlibEngine final : public VectorEngine {
 public:
  explicit HnswlibEngine(std::size_t links) : links_(links) {}

  void build(const std::string& path, const Matrix& vectors, unsigned threads) override {
    hnswlib::InnerProductSpace space(vectors.dimensions);
    hnswlib::HierarchicalNSW<float> index(&space, vectors.rows, links_, build_width);
    index.addPoint(vectors.row(0), 0);
    std::atomic<std::size_t> next = 1;
    {
      std::vector<std::jthread> workers;
      for (unsigned t = 0; t < threads; ++t) {
        workers.emplace_back([&] {
          for (std::size_t i = next++; i < vectors.rows; i = next++) {
            index.addPoint(vectors.row(i), i);
          }
        });
      }
    }
    index.saveIndex(path);
  }
  void open(const std::string& path, std::size_t dimensions) override {
    space_ = std::make_unique<hnswlib::InnerProductSpace>(dimensions);
    index_ = std::make_unique<hnswlib::HierarchicalNSW<float>>(space_.get(), path);
  }
  std::vector<std::uint32_t> search(const float* query, std::size_t k, std::size_t width) override {
    index_->setEf(width);
    auto queue = index_->searchKnn(query, k);
    std::vector<std::uint32_t> found;
    for (; !queue.empty(); queue.pop()) {
      found.push_back(static_cast<std::uint32_t>(queue.top().second));
    }
    return found;
  }

 private:
  const std::size_t links_;
  std::unique_ptr<hnswlib::InnerProductSpace> space_;
  std::unique_ptr<hnswlib::HierarchicalNSW<float>> index_;
};

}  // namespace

std::unique_ptr<VectorEngine> make_hnswlib_engine(std::size_t links) {
  return std::make_unique<HnswlibEngine>(links);
}

}  // namespace hearth::bench
