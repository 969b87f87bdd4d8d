// BM25 (Robertson, Walker, Jones, Hancock-Beaulieu & Gatford 1994; the idf that is never negative
// as in Lucene), with fields weighted by the simple extension of Robertson, Zaragoza & Taylor 2004:
// an occurrence in a field of weight w counts as w occurrences, in the frequency and in the length
// of the document alike. So a document has one length, a term one frequency in it, and both are
// whole numbers.
//
//   score(d, q) = Σ idf(t) · (k1 + 1) · tf / (tf + k1 · (1 - b + b · length / average))
//   idf(t)      = ln(1 + (N - df + ½) / (df + ½))
#pragma once

#include <algorithm>
#include <bit>
#include <cmath>
#include <cstdint>

namespace hearth::search::text {

inline constexpr float bm25_k1 = 1.2F;
inline constexpr float bm25_b = 0.75F;

// What is beyond counts as this many.
inline constexpr std::uint32_t most_frequency = 65'535;
inline constexpr std::uint32_t most_length = 65'535;

// Of the whole collection: all generations and the delta.
struct Collection {
  std::uint64_t documents = 0;
  std::uint64_t length = 0;  // of all of them
};

[[nodiscard]] inline float bm25_idf(std::uint64_t documents, std::uint64_t having_the_term) {
  const auto all = static_cast<double>(documents);
  const auto having = static_cast<double>(std::min(having_the_term, documents));
  return static_cast<float>(std::log(1.0 + (all - having + 0.5) / (having + 0.5)));
}

// The least that can be said of some postings to bound their scores from above, whatever the
// average length will be: tf / (tf + K + L · length) = 1 / (1 + K / tf + L · (length / tf)), and
// both terms are bounded by themselves.
struct ImpactBound {
  std::uint16_t most_frequency = 0;
  std::uint16_t least_ratio = 0;  // of length to frequency; the upper half of a float, rounded down

  void add(std::uint32_t frequency, std::uint32_t length) {
    const float ratio = static_cast<float>(length) / static_cast<float>(frequency);
    const auto half = static_cast<std::uint16_t>(std::bit_cast<std::uint32_t>(ratio) >> 16);
    least_ratio = most_frequency == 0 ? half : std::min(least_ratio, half);
    most_frequency = std::max(most_frequency, static_cast<std::uint16_t>(frequency));
  }
  void add(const ImpactBound& other) {
    least_ratio =
        most_frequency == 0 ? other.least_ratio : std::min(least_ratio, other.least_ratio);
    most_frequency = std::max(most_frequency, other.most_frequency);
  }
};
static_assert(sizeof(ImpactBound) == 4);

// The part of the formula that all terms share.
class Bm25 {
 public:
  explicit Bm25(const Collection& collection) {
    const double average = collection.documents == 0
                               ? 1.0
                               : std::max(1.0, static_cast<double>(collection.length) /
                                                   static_cast<double>(collection.documents));
    slope_ = bm25_k1 * bm25_b / static_cast<float>(average);
  }
  // `weight` is what is constant for a term: idf · (k1 + 1) · boost.
  [[nodiscard]] float score(float weight, float frequency, float length) const {
    return weight * frequency / (frequency + base + slope_ * length);
  }
  [[nodiscard]] float score(float weight, std::uint32_t frequency, std::uint32_t length) const {
    return score(weight, static_cast<float>(frequency), static_cast<float>(length));
  }
  // At least the score of every posting that `bound` has seen. Rounding up by a few units in the
  // last place keeps it true in floating point.
  [[nodiscard]] float at_most(float weight, const ImpactBound& bound) const {
    const float ratio = std::bit_cast<float>(static_cast<std::uint32_t>(bound.least_ratio) << 16);
    const float frequency = static_cast<float>(bound.most_frequency);
    return weight * rounding_up / (1.0F + base / frequency + slope_ * ratio);
  }

  static constexpr float rounding_up = 1.00002F;

 private:
  static constexpr float base = bm25_k1 * (1.0F - bm25_b);
  float slope_ = 0;
};

[[nodiscard]] inline float bm25_weight(float idf) {
  return idf * (bm25_k1 + 1.0F);
}

}  // namespace hearth::search::text
