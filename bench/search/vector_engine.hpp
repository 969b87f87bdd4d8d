// What the vector bench asks of each index that it compares.
#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <string>
#include <vector>

namespace hearth::bench {

// Rows of floats, all in memory.
struct Matrix {
  std::size_t rows = 0;
  std::size_t dimensions = 0;
  std::vector<float> values;
  [[nodiscard]] const float* row(std::size_t i) const { return values.data() + i * dimensions; }
};

class VectorEngine {
 public:
  virtual ~VectorEngine() = default;
  // Leaves an index of unit vectors, by inner product or what gives the same order, in `path`.
  virtual void build(const std::string& path, const Matrix& vectors, unsigned threads) = 0;
  virtual void open(const std::string& path, std::size_t dimensions) = 0;
  // From now on only rows whose number is a multiple of this are answered; false when the engine
  // cannot.
  virtual bool select_share(std::uint32_t /*one_in*/) { return false; }
  // The row numbers of the nearest. `width` is what the engine trades speed for recall with.
  virtual std::vector<std::uint32_t> search(const float* query,
                                            std::size_t k,
                                            std::size_t width) = 0;
};

// `code_bits`: 8 or 4.
[[nodiscard]] std::unique_ptr<VectorEngine> make_hearth_vector_engine(std::uint32_t code_bits);
// `links`: the M of HNSW.
[[nodiscard]] std::unique_ptr<VectorEngine> make_hnswlib_engine(std::size_t links);
[[nodiscard]] std::unique_ptr<VectorEngine> make_faiss_engine(std::size_t links);
[[nodiscard]] std::unique_ptr<VectorEngine> make_usearch_engine(std::size_t links);

}  // namespace hearth::bench
