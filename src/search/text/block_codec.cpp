#include "search/text/block_codec.hpp"

#include <algorithm>
#include <bit>
#include <cstring>
#include <utility>

namespace hearth::search::text {
namespace {

using Lanes = std::uint32_t __attribute__((vector_size(16)));
constexpr unsigned lanes = 4;
constexpr unsigned words = block_size / lanes;  // of four numbers each

Lanes load_lanes(const char* at) {
  Lanes value;
  std::memcpy(&value, at, sizeof value);
  return value;
}

// The word-th four numbers of a block packed in Bits bits.
template <unsigned Bits, unsigned Word>
Lanes unpack_word(const char* in) {
  if constexpr (Bits == 0) {
    return Lanes{};
  } else {
    constexpr unsigned first_bit = Word * Bits;
    constexpr unsigned shift = first_bit % 32;
    const char* at = in + first_bit / 32 * sizeof(Lanes);
    Lanes value = load_lanes(at) >> shift;
    if constexpr (shift + Bits > 32) value |= load_lanes(at + sizeof(Lanes)) << (32 - shift);
    if constexpr (Bits < 32) value &= (std::uint32_t{1} << Bits) - 1;
    return value;
  }
}

template <unsigned Bits, unsigned... Word>
void unpack_fixed(const char* in, std::uint32_t* out, std::integer_sequence<unsigned, Word...>) {
  const auto store = [out](unsigned word, Lanes value) {
    std::memcpy(out + std::size_t{word} * lanes, &value, sizeof value);
  };
  (store(Word, unpack_word<Bits, Word>(in)), ...);
}

template <unsigned Bits>
void unpack_with(const char* in, std::uint32_t* out) {
  unpack_fixed<Bits>(in, out, std::make_integer_sequence<unsigned, words>{});
}

using Unpack = void (*)(const char*, std::uint32_t*);
template <unsigned... Bits>
constexpr std::array<Unpack, sizeof...(Bits)> unpack_table(
    std::integer_sequence<unsigned, Bits...>) {
  return {&unpack_with<Bits>...};
}
constexpr auto unpack_by_bits = unpack_table(std::make_integer_sequence<unsigned, most_bits + 1>{});

Lanes larger(Lanes a, Lanes b) {
  return a > b ? a : b;
}

}  // namespace

unsigned bits_needed(const BlockValues& values) {
  std::uint32_t all = 0;
  for (const std::uint32_t value : values) all |= value;
  return static_cast<unsigned>(std::bit_width(all));
}

void pack(const BlockValues& values, unsigned bits, std::string& out) {
  std::array<std::uint32_t, block_size> packed{};
  for (unsigned i = 0; i < block_size; ++i) {
    const unsigned first_bit = i / lanes * bits;
    const unsigned at = first_bit / 32 * lanes + i % lanes;
    const unsigned shift = first_bit % 32;
    if (bits == 0) continue;
    packed[at] |= values[i] << shift;
    if (shift + bits > 32) packed[at + lanes] |= values[i] >> (32 - shift);
  }
  out.append(reinterpret_cast<const char*>(packed.data()), packed_size(bits));
}

void unpack(const char* in, unsigned bits, std::span<std::uint32_t, block_size> values) {
  unpack_by_bits[bits](in, values.data());
}

std::uint32_t unpack_gaps(const char* in,
                          unsigned bits,
                          std::uint32_t before,
                          std::span<std::uint32_t, block_size> values) {
  unpack_by_bits[bits](in, values.data());
  constexpr Lanes zero{};
  Lanes carry = zero + before;
  Lanes largest = zero;
  for (std::size_t word = 0; word < words; ++word) {
    std::uint32_t* at = values.data() + word * lanes;
    Lanes sum;
    std::memcpy(&sum, at, sizeof sum);
    sum += 1;
    sum += __builtin_shufflevector(zero, sum, 0, 4, 5, 6);
    sum += __builtin_shufflevector(zero, sum, 0, 1, 4, 5);
    sum += carry;
    carry = __builtin_shufflevector(sum, sum, 3, 3, 3, 3);
    largest = larger(largest, sum);
    std::memcpy(at, &sum, sizeof sum);
  }
  return std::max({largest[0], largest[1], largest[2], largest[3]});
}

}  // namespace hearth::search::text
