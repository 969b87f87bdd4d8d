// Writes a text generation from terms in order, whether they come from documents in memory
// (segment_builder.hpp) or from other generations (segment_merge.hpp).
//
// The source is walked twice, for the postings and for the positions, because sections follow one
// another in the file. So what is in memory is the longest list, the dictionary, and twelve bytes a
// term: bounded by the vocabulary, not by the documents.
#pragma once

#include <cstddef>
#include <cstdint>
#include <stop_token>
#include <string_view>
#include <vector>

#include "base/result.hpp"
#include "search/generation.hpp"
#include "search/text/segment.hpp"

namespace hearth::search::text {

// Of sections, for a GenerationWriter whose generation stays in memory.
inline constexpr std::size_t memory_alignment = 64;

// The documents of a generation to be.
struct DocumentTable {
  std::vector<Key> keys;
  std::vector<std::uint16_t> lengths;
};

// Terms in ascending order with their lists, as often as `rewind` asks.
class TermSource {
 public:
  virtual ~TermSource() = default;
  virtual void rewind() = 0;
  // To the next term, at first to the first one; false after the last.
  [[nodiscard]] virtual bool next() = 0;
  [[nodiscard]] virtual std::string_view term() const = 0;
  // May add nothing when all documents of the term are gone: such a term is left out.
  virtual void add_postings(PostingsEncoder& encoder) = 0;
  // As many as there were postings; or none at all, for terms without positions.
  virtual void add_positions(PositionsEncoder& encoder) = 0;
};

// `cancelled` when stopped. The file is of no use after an error.
[[nodiscard]] Result<void> write_segment(TermSource& source,
                                         const DocumentTable& documents,
                                         GenerationWriter& writer,
                                         const std::stop_token& stop);

}  // namespace hearth::search::text
