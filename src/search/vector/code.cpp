#include "search/vector/code.hpp"

#include <algorithm>
#include <cmath>
#include <cstring>

#include "search/vector/kernels.hpp"

namespace hearth::search::vector {
namespace {

void centre(const Space& space, const float* vector, std::vector<float>& centred) {
  centred.resize(space.mean.size());
  for (std::size_t i = 0; i < centred.size(); ++i) centred[i] = vector[i] - space.mean[i];
}

// The coordinate that is added for inner products: √(M² - |x|²).
float extra_of(const Space& space, const float* vector) {
  if (space.metric != Metric::inner_product) return 0;
  const float left =
      space.largest_norm * space.largest_norm - squared_norm({vector, space.mean.size()});
  return std::sqrt(std::max(left, 0.0F));
}

void pack_4bit(const std::vector<std::uint8_t>& values, std::uint8_t* code) {
  constexpr std::size_t half = group_of_4bit / 2;
  for (std::size_t group = 0; group < values.size(); group += group_of_4bit) {
    for (std::size_t i = 0; i < half; ++i) {
      const unsigned high = values[group + half + i];
      code[group / 2 + i] = static_cast<std::uint8_t>(values[group + i] | (high << 4));
    }
  }
}

}  // namespace

float squared_norm(std::span<const float> vector) {
  return kernels().dot(vector.data(), vector.data(), vector.size());
}

Encoder::Encoder(const Space& space, BlockLayout layout) : space_(space), layout_(layout) {}

BlockHead Encoder::encode(const float* vector, std::uint8_t* code) {
  centre(space_, vector, centred_);
  const auto [smallest, largest] = std::ranges::minmax(centred_);
  const auto steps = static_cast<float>((1U << layout_.code_bits) - 1);
  BlockHead head;
  head.low = smallest;
  head.step = (largest - smallest) / steps;
  head.extra = extra_of(space_, vector);
  // Of |q - x|²/2 what is left without the query; for inner products -<mean, x> says the same and
  // holds for vectors longer than M too.
  head.bias = space_.metric == Metric::inner_product
                  ? -kernels().dot(space_.mean.data(), centred_.data(), centred_.size())
                  : 0.5F * squared_norm(centred_);

  const float steps_of_one = head.step > 0 ? 1 / head.step : 0;
  std::vector<std::uint8_t> values(layout_.padded_dimensions());
  for (std::size_t i = 0; i < centred_.size(); ++i) {
    values[i] = static_cast<std::uint8_t>((centred_[i] - smallest) * steps_of_one + 0.5F);
  }
  if (layout_.code_bits == 4) {
    pack_4bit(values, code);
  } else {
    std::memcpy(code, values.data(), values.size());
  }
  return head;
}

void Query::prepare(const Space& space, const BlockLayout& layout, const float* vector) {
  dot_ = layout.code_bits == 4 ? kernels().dot_4bit : kernels().dot_8bit;
  extra_ = 0;
  centre(space, vector, centred_);
  if (space.metric == Metric::inner_product) {
    norm_ = space.largest_norm * space.largest_norm - squared_norm(space.mean) -
            kernels().dot(space.mean.data(), centred_.data(), centred_.size());
  } else {
    norm_ = 0.5F * squared_norm(centred_);
  }

  codes_.resize(layout.padded_dimensions());  // those beyond the dimensions stay 0
  const Quantised quantised = kernels().quantise(centred_.data(), centred_.size(), codes_.data());
  scale_ = quantised.scale;
  sum_ = scale_ * static_cast<float>(quantised.sum);
}

void Query::prepare_node(const Space& space, const BlockLayout& layout, const float* vector) {
  prepare(space, layout, vector);
  extra_ = extra_of(space, vector);
}

}  // namespace hearth::search::vector
