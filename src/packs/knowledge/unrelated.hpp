// How near a model puts texts that have nothing to do with each other: for some that is a cosine of
// 0.1, for others of 0.8. Measured on the first texts of the store, against each other.
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <vector>

namespace hearth::packs::knowledge {

// One thread at a time.
class UnrelatedMeasure final {
 public:
  static constexpr std::size_t fewest_texts = 16;
  static constexpr std::size_t most_texts = 64;

  // Takes vectors of length 1 of different texts, few of each batch: a batch may be one document,
  // whose parts have much to do with each other.
  void take(std::span<const float> vectors, std::uint32_t dimensions);
  // Before there are enough texts: wide enough for every model.
  [[nodiscard]] float mean() const { return mean_; }
  [[nodiscard]] float deviation() const { return deviation_; }
  [[nodiscard]] bool is_measured() const { return count_ >= fewest_texts; }

 private:
  void measure(std::uint32_t dimensions);

  std::vector<float> vectors_;  // freed once there are most_texts
  std::size_t count_ = 0;
  float mean_ = 0.4F;
  float deviation_ = 0.2F;
};

}  // namespace hearth::packs::knowledge
