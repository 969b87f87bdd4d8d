// Vectors for tests: a mixture of Gaussians with a low intrinsic dimension, embedded by a random
// linear map with a little noise, as sentence embeddings look.
#pragma once

#include <cmath>
#include <cstddef>
#include <cstdint>
#include <random>
#include <span>
#include <vector>

namespace hearth::search::vector {

class RandomVectors final {
 public:
  explicit RandomVectors(std::size_t dimensions,
                         std::uint32_t seed = 1,
                         std::size_t clusters = 50,
                         std::size_t intrinsic = 12)
      : dimensions_(dimensions), intrinsic_(intrinsic), random_(seed) {
    std::mt19937 space(7);
    for (std::size_t i = 0; i < dimensions * intrinsic; ++i) map_.push_back(normal_(space));
    for (std::size_t i = 0; i < clusters * intrinsic; ++i) centres_.push_back(normal_(space));
  }

  [[nodiscard]] std::vector<float> next() {
    const std::size_t cluster = random_() % (centres_.size() / intrinsic_);
    std::vector<float> latent(intrinsic_);
    for (std::size_t k = 0; k < intrinsic_; ++k) {
      latent[k] = centres_[cluster * intrinsic_ + k] + 0.45F * normal_(random_);
    }
    std::vector<float> vector(dimensions_);
    for (std::size_t i = 0; i < dimensions_; ++i) {
      vector[i] = 0.3F * normal_(random_);
      for (std::size_t k = 0; k < intrinsic_; ++k)
        vector[i] += map_[i * intrinsic_ + k] * latent[k];
    }
    return vector;
  }
  [[nodiscard]] std::vector<std::vector<float>> take(std::size_t count) {
    std::vector<std::vector<float>> vectors;
    for (std::size_t i = 0; i < count; ++i) vectors.push_back(next());
    return vectors;
  }

 private:
  std::size_t dimensions_;
  std::size_t intrinsic_;
  std::vector<float> map_, centres_;
  std::mt19937 random_;
  std::normal_distribution<float> normal_;
};

inline void normalise(std::span<float> vector) {
  double squared = 0;
  for (const float each : vector) squared += double{each} * each;
  for (float& each : vector) each = static_cast<float>(each / std::sqrt(squared));
}

}  // namespace hearth::search::vector
