// Where in its documents a term stands, apart from the posting lists, since only phrases ask.
//
//   list    = [offset u32 of each block of 128 postings, where there is more than one] posting*
//   posting = varint of 2 · gap + (more follow), for each occurrence; the first gap from 0
#pragma once

#include <cstdint>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "search/bytes.hpp"

namespace hearth::search::text {

// Words of different fields are never neighbours.
inline constexpr std::uint32_t gap_between_fields = 64;
// An occurrence further on is recorded as being here: it is found as a word, but phrases are vague.
inline constexpr std::uint32_t most_position = (1U << 24) - 1;

class PositionsEncoder final {
 public:
  // The next posting's: at least one, ascending.
  void add(std::span<const std::uint32_t> positions);
  // The next posting's, as another list has them.
  void add_encoded(std::string_view posting);
  void finish(std::string& out);

 private:
  void begin_posting();

  std::string offsets_;
  std::string data_;
  std::uint32_t count_ = 0;
};

// Reads the positions of postings; fastest when their indexes ascend.
class PositionCursor final {
 public:
  PositionCursor() = default;
  PositionCursor(std::string_view list, std::uint32_t count);

  // Into `positions`, ascending; false where the bytes make no sense or there are none.
  [[nodiscard]] bool read(std::uint32_t index, std::vector<std::uint32_t>& positions);
  // The posting's bytes, for a merge; empty where they make no sense.
  [[nodiscard]] std::string_view encoded(std::uint32_t index);

 private:
  [[nodiscard]] bool go_to(std::uint32_t index);
  void skip_posting();

  std::string_view offsets_;
  std::string_view data_;
  std::uint32_t count_ = 0;
  std::uint32_t next_ = 0;  // the posting that reader_ is before
  ByteReader reader_{{}};
};

}  // namespace hearth::search::text
