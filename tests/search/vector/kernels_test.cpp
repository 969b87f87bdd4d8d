#include "search/vector/kernels.hpp"

#include <gtest/gtest.h>

#include <cmath>
#include <random>
#include <vector>

namespace hearth::search::vector {
namespace {

struct Inputs {
  std::vector<float> a, b;
  std::vector<std::uint8_t> codes;
  std::vector<std::int8_t> query;
};

Inputs random_inputs(std::size_t n, std::uint32_t seed) {
  std::mt19937 random(seed);
  std::uniform_real_distribution<float> real(-1, 1);
  std::uniform_int_distribution<int> byte(0, 255);
  Inputs inputs;
  for (std::size_t i = 0; i < n; ++i) {
    inputs.a.push_back(real(random));
    inputs.b.push_back(real(random));
    inputs.codes.push_back(static_cast<std::uint8_t>(byte(random)));
    inputs.query.push_back(static_cast<std::int8_t>(byte(random) - 128));
  }
  return inputs;
}

TEST(Kernels, AgreeWithThePortableOnesOnCodes) {
  const Kernels& portable = all_kernels().back();
  ASSERT_EQ(portable.name, "portable");
  for (const Kernels& each : all_kernels()) {
    SCOPED_TRACE(each.name);
    for (std::size_t n = 128; n <= 2048; n += 64) {
      const Inputs in = random_inputs(n, static_cast<std::uint32_t>(n));
      EXPECT_EQ(each.dot_8bit(in.codes.data(), in.query.data(), n),
                portable.dot_8bit(in.codes.data(), in.query.data(), n));
      const std::size_t whole = n / group_of_4bit * group_of_4bit;
      EXPECT_EQ(each.dot_4bit(in.codes.data(), in.query.data(), whole),
                portable.dot_4bit(in.codes.data(), in.query.data(), whole));
    }
  }
}

TEST(Kernels, DoNotSaturateAtTheExtremes) {
  constexpr std::size_t n = 1024;
  const std::vector<std::uint8_t> codes(n, 255);
  for (const int weight : {-128, 127}) {
    const std::vector<std::int8_t> query(n, static_cast<std::int8_t>(weight));
    for (const Kernels& each : all_kernels()) {
      SCOPED_TRACE(each.name);
      EXPECT_EQ(each.dot_8bit(codes.data(), query.data(), n), 255 * weight * int{n});
      EXPECT_EQ(each.dot_4bit(codes.data(), query.data(), n), 15 * weight * int{n});
    }
  }
}

TEST(Kernels, AgreeWithDoublePrecisionOnFloatsOfAnyLength) {
  for (const Kernels& each : all_kernels()) {
    SCOPED_TRACE(each.name);
    for (std::size_t n = 0; n < 200; ++n) {
      const Inputs in = random_inputs(n, static_cast<std::uint32_t>(n + 1));
      double dot = 0;
      double squared = 0;
      for (std::size_t i = 0; i < n; ++i) {
        dot += double{in.a[i]} * in.b[i];
        squared += std::pow(double{in.a[i]} - in.b[i], 2);
      }
      EXPECT_NEAR(each.dot(in.a.data(), in.b.data(), n), dot, 1e-4);
      EXPECT_NEAR(each.squared_l2(in.a.data(), in.b.data(), n), squared, 1e-4);
    }
  }
}

TEST(Kernels, AgreeOnTwoLevels) {
  for (std::size_t n = group_of_4bit; n <= 1024; n += group_of_4bit) {
    const Inputs in = random_inputs(n, static_cast<std::uint32_t>(n));
    const std::vector<std::uint8_t> residuals(in.codes.rbegin(), in.codes.rend());
    const auto run = [&](const Kernels& each) {
      return each.dot_two_level(in.codes.data(), residuals.data(), in.a.data(), n);
    };
    for (const Kernels& each : all_kernels()) {
      SCOPED_TRACE(each.name);
      EXPECT_NEAR(run(each), run(all_kernels().back()), 0.05 * static_cast<double>(n) / 128);
    }
  }
}

TEST(Kernels, QuantiseAlike) {
  for (std::size_t n = 0; n < 200; ++n) {
    const Inputs in = random_inputs(n, static_cast<std::uint32_t>(n + 1));
    std::vector<std::int8_t> expected(n);
    const Quantised plain = all_kernels().back().quantise(in.a.data(), n, expected.data());
    for (const Kernels& each : all_kernels()) {
      SCOPED_TRACE(each.name);
      std::vector<std::int8_t> codes(n);
      const Quantised found = each.quantise(in.a.data(), n, codes.data());
      EXPECT_EQ(codes, expected);
      EXPECT_EQ(found.sum, plain.sum);
      EXPECT_EQ(found.scale, plain.scale);
    }
  }
}

TEST(Kernels, QuantiseNothingButZeros) {
  const std::vector<float> zeros(40);
  for (const Kernels& each : all_kernels()) {
    std::vector<std::int8_t> codes(zeros.size(), 1);
    EXPECT_EQ(each.quantise(zeros.data(), zeros.size(), codes.data()).sum, 0);
    EXPECT_EQ(codes, std::vector<std::int8_t>(zeros.size(), 0));
  }
}

}  // namespace
}  // namespace hearth::search::vector
