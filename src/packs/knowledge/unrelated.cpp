#include "packs/knowledge/unrelated.hpp"

#include <algorithm>
#include <cmath>
#include <numeric>

namespace hearth::packs::knowledge {
namespace {

constexpr std::size_t most_of_batch = 8;

}  // namespace

void UnrelatedMeasure::take(std::span<const float> vectors, std::uint32_t dimensions) {
  if (count_ >= most_texts || dimensions == 0) return;
  const std::size_t batch = vectors.size() / dimensions;
  const std::size_t taken = std::min({batch, most_of_batch, most_texts - count_});
  for (std::size_t i = 0; i < taken; ++i) {
    const auto vector = vectors.subspan(i * batch / taken * dimensions, dimensions);
    vectors_.insert(vectors_.end(), vector.begin(), vector.end());
  }
  count_ += taken;
  if (taken > 0 && is_measured()) measure(dimensions);
  if (count_ == most_texts) vectors_ = {};
}

void UnrelatedMeasure::measure(std::uint32_t dimensions) {
  double sum = 0;
  double squares = 0;
  double pairs = 0;
  const std::span<const float> all(vectors_);
  for (std::size_t i = 0; i < count_; ++i) {
    const auto one = all.subspan(i * dimensions, dimensions);
    for (std::size_t j = 0; j < i; ++j) {
      const auto other = all.subspan(j * dimensions, dimensions);
      const double cosine = std::inner_product(one.begin(), one.end(), other.begin(), 0.0);
      sum += cosine;
      squares += cosine * cosine;
      ++pairs;
    }
  }
  const double mean = sum / pairs;
  mean_ = static_cast<float>(mean);
  // Never so narrow that noise would look like a finding.
  deviation_ = static_cast<float>(std::sqrt(std::max(squares / pairs - mean * mean, 1e-4)));
}

}  // namespace hearth::packs::knowledge
