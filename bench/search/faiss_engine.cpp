// FAISS's HNSW over floats, from Debian's archive.
#include <faiss/AutoTune.h>
#include <faiss/index_factory.h>
#include <faiss/index_io.h>

#include "search/vector_engine.hpp"

// Of GCC's runtime, which Debian's FAISS is linked to; its header is not on clang's path.
extern "C" void omp_set_num_threads(int threads);

namespace hearth::bench {
namespace {

constexpr double build_width = 200;

// By names, because the header of the class itself wants a compiler with OpenMP.
class FaissEngine final : public VectorEngine {
 public:
  explicit FaissEngine(std::size_t links) : links_(links) {}

  void build(const std::string& path, const Matrix& vectors, unsigned threads) override {
    ::omp_set_num_threads(static_cast<int>(threads));
    // By L2, which orders unit vectors as the inner product does.
    const std::string description = "HNSW" + std::to_string(links_) + ",Flat";
    const std::unique_ptr<faiss::Index> index(
        faiss::index_factory(static_cast<int>(vectors.dimensions), description.c_str()));
    faiss::ParameterSpace().set_index_parameter(index.get(), "efConstruction", build_width);
    index->add(static_cast<faiss::Index::idx_t>(vectors.rows), vectors.values.data());
    faiss::write_index(index.get(), path.c_str());
  }
  void open(const std::string& path, std::size_t) override {
    ::omp_set_num_threads(1);
    index_.reset(faiss::read_index(path.c_str()));
  }
  std::vector<std::uint32_t> search(const float* query, std::size_t k, std::size_t width) override {
    if (width != width_) {
      faiss::ParameterSpace().set_index_parameter(index_.get(), "efSearch",
                                                  static_cast<double>(width));
      width_ = width;
    }
    std::vector<float> distances(k);
    std::vector<faiss::Index::idx_t> labels(k);
    index_->search(1, query, static_cast<faiss::Index::idx_t>(k), distances.data(), labels.data());
    return {labels.begin(), labels.end()};
  }

 private:
  const std::size_t links_;
  std::unique_ptr<faiss::Index> index_;
  std::size_t width_ = 0;
};

}  // namespace

std::unique_ptr<VectorEngine> make_faiss_engine(std::size_t links) {
  return std::make_unique<FaissEngine>(links);
}

}  // namespace hearth::bench
