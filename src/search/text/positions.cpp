#include "search/text/positions.hpp"

#include "search/text/block_codec.hpp"

namespace hearth::search::text {

void PositionsEncoder::begin_posting() {
  if (count_ % block_size == 0) {
    append_fixed(offsets_, static_cast<std::uint32_t>(data_.size()));
  }
  ++count_;
}

void PositionsEncoder::add(std::span<const std::uint32_t> positions) {
  begin_posting();
  std::uint32_t before = 0;
  for (std::size_t i = 0; i < positions.size(); ++i) {
    const bool has_more = i + 1 < positions.size();
    append_varint(data_, (std::uint64_t{positions[i] - before} << 1) | (has_more ? 1 : 0));
    before = positions[i];
  }
}

void PositionsEncoder::add_encoded(std::string_view posting) {
  begin_posting();
  data_ += posting;
}

void PositionsEncoder::finish(std::string& out) {
  if (count_ > block_size) out += offsets_;
  out += data_;
  offsets_.clear();
  data_.clear();
  count_ = 0;
}

PositionCursor::PositionCursor(std::string_view list, std::uint32_t count) : count_(count) {
  const std::size_t blocks = (std::size_t{count} + block_size - 1) / block_size;
  const std::size_t offsets_size = blocks > 1 ? blocks * sizeof(std::uint32_t) : 0;
  if (list.size() < offsets_size) {
    count_ = 0;
    return;
  }
  offsets_ = list.substr(0, offsets_size);
  data_ = list.substr(offsets_size);
  reader_ = ByteReader(data_);
}

bool PositionCursor::go_to(std::uint32_t index) {
  if (index >= count_) return false;
  if (index < next_ || index / block_size != next_ / block_size) {
    const auto block = static_cast<std::uint32_t>(index / block_size);
    const auto offset =
        offsets_.empty() ? 0U : load<std::uint32_t>(offsets_.data() + block * sizeof(block));
    if (offset > data_.size()) return false;
    reader_ = ByteReader(data_.substr(offset));
    next_ = static_cast<std::uint32_t>(block * block_size);
  }
  while (next_ < index) skip_posting();
  return !reader_.failed();
}

void PositionCursor::skip_posting() {
  while (!reader_.is_at_end() && (reader_.varint() & 1) != 0) {
  }
  ++next_;
}

bool PositionCursor::read(std::uint32_t index, std::vector<std::uint32_t>& positions) {
  positions.clear();
  if (!go_to(index)) return false;
  std::uint64_t position = 0;
  for (bool has_more = true; has_more && !reader_.is_at_end();) {
    const std::uint64_t value = reader_.varint();
    position += value >> 1;
    if (position > most_position) return false;
    positions.push_back(static_cast<std::uint32_t>(position));
    has_more = (value & 1) != 0;
  }
  ++next_;
  return !reader_.failed() && !positions.empty();
}

std::string_view PositionCursor::encoded(std::uint32_t index) {
  if (!go_to(index)) return {};
  const char* begin = reader_.position();
  skip_posting();
  if (reader_.failed()) return {};
  return {begin, static_cast<std::size_t>(reader_.position() - begin)};
}

}  // namespace hearth::search::text
