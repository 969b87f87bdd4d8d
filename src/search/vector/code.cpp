#include "search/vector/code.hpp"

#include <algorithm>
#include <cmath>
#include <cstring>

#include "search/vector/kernels.hpp"

namespace hearth::search::vector {
namespace {

// The rest up to `padded` is 0.
void centre(const Space& space,
            const float* vector,
            std::size_t padded,
            std::vector<float>& centred) {
  centred.resize(padded);
  for (std::size_t i = 0; i < space.mean.size(); ++i) centred[i] = vector[i] - space.mean[i];
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
  centre(space_, vector, layout_.dimensions, centred_);
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
  values_.assign(layout_.padded_dimensions(), 0);
  for (std::size_t i = 0; i < centred_.size(); ++i) {
    values_[i] = static_cast<std::uint8_t>(std::lrint((centred_[i] - smallest) * steps_of_one));
  }
  if (layout_.code_bits == 4) {
    pack_4bit(values_, code);
  } else {
    std::memcpy(code, values_.data(), values_.size());
  }
  return head;
}

void Encoder::encode_residuals(const BlockHead& head, std::uint8_t* residuals) const {
  const float steps_of_one = head.step > 0 ? 255 / head.step : 0;
  std::fill_n(residuals, layout_.padded_dimensions(), std::uint8_t{0});
  for (std::size_t i = 0; i < centred_.size(); ++i) {
    // From -step/2 to step/2, but for the last bits.
    const float left = centred_[i] - (head.low + head.step * static_cast<float>(values_[i]));
    const float steps = (left + head.step / 2) * steps_of_one;
    residuals[i] = static_cast<std::uint8_t>(std::lrint(std::clamp(steps, 0.0F, 255.0F)));
  }
}

void Query::prepare(const Space& space, const BlockLayout& layout, const float* vector) {
  dot_ = layout.code_bits == 4 ? kernels().dot_4bit : kernels().dot_8bit;
  extra_ = 0;
  const std::size_t dimensions = space.mean.size();
  centre(space, vector, layout.padded_dimensions(), centred_);
  exact_sum_ = 0;
  for (const float each : centred_) exact_sum_ += each;
  if (space.metric == Metric::inner_product) {
    norm_ = space.largest_norm * space.largest_norm - squared_norm(space.mean) -
            kernels().dot(space.mean.data(), centred_.data(), dimensions);
  } else {
    norm_ = 0.5F * squared_norm(centred_);
  }

  codes_.resize(centred_.size());
  const Quantised quantised = kernels().quantise(centred_.data(), centred_.size(), codes_.data());
  scale_ = quantised.scale;
  sum_ = scale_ * static_cast<float>(quantised.sum);
}

float Query::fine_distance(const BlockArray& blocks,
                           NodeId node,
                           const std::uint8_t* residuals) const {
  const BlockHead& head = blocks.head(node);
  const float product =
      kernels().dot_two_level(blocks.code(node), residuals, centred_.data(), centred_.size());
  return head.bias - (head.low - head.step / 2) * exact_sum_ - head.step / 255 * product -
         head.extra * extra_;
}

void Query::prepare_node(const Space& space, const BlockLayout& layout, const float* vector) {
  prepare(space, layout, vector);
  extra_ = extra_of(space, vector);
}

}  // namespace hearth::search::vector
