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
