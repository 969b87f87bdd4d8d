// Chunks: files of several events, as they lie in the trees of the log and of snapshots.
//
//   "GRITECNK"  u16 1 (little-endian)  u8 7 "cbor-v1"  CBOR array of records
#pragma once

#include <cstddef>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.hpp"
#include "packs/issues/engine/event.hpp"

namespace hearth::packs::issues {

// Larger ones are not read: no writer makes them, and a few compressed bytes may stand for many.
inline constexpr std::size_t most_chunk_bytes = std::size_t{128} << 20;

// What writers keep to, far below what readers take.
struct ChunkLimits {
  std::size_t events = 10'000;
  std::size_t bytes = std::size_t{16} << 20;  // a larger event has a chunk to itself
  std::size_t most_bytes = most_chunk_bytes;  // of that one
};
// Where chunks of these events end, each with at least one event, in their order. `invalid_args`
// when one of them is too large for any.
[[nodiscard]] Result<std::vector<std::span<const Event>>> split_into_chunks(
    std::span<const Event> events, const ChunkLimits& limits = {});
// The same of one event whose record is so long: nobody could read it.
[[nodiscard]] Result<void> check_fits(const Event& event,
                                      std::size_t record_bytes,
                                      const ChunkLimits& limits);

[[nodiscard]] std::string encode_chunk(std::span<const Event> events);
[[nodiscard]] ChunkHash chunk_hash(std::string_view chunk);

struct ChunkContent {
  std::vector<Event> events;  // with true ids, in the order of the file
  // Records that were left out: of kinds unknown here, of ids that are not theirs.
  std::vector<std::string> problems;
};
// `damaged` when it is no chunk, or ends in the middle of an event; `unsupported` for another
// version or codec.
[[nodiscard]] Result<ChunkContent> decode_chunk(std::string_view chunk);

}  // namespace hearth::packs::issues
