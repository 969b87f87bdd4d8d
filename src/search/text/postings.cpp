#include "search/text/postings.hpp"

#include <algorithm>
#include <span>

namespace hearth::search::text {
namespace {

constexpr std::size_t most_blocks_looked_at = 128;

}  // namespace

void PostingsEncoder::add(DocId document, std::uint32_t frequency) {
  frequency = std::min(frequency, most_frequency);
  gaps_[in_block_] = document - last_ - 1;
  frequencies_[in_block_] = frequency - 1;
  block_bound_.add(frequency, lengths_[document]);
  last_ = document;
  ++count_;
  if (++in_block_ == block_size) end_block();
}

void PostingsEncoder::end_block() {
  append_fixed(skips_, SkipEntry{last_, static_cast<std::uint32_t>(blocks_.size()), block_bound_});
  if (in_block_ == block_size) {
    const unsigned gap_bits = bits_needed(gaps_);
    const unsigned frequency_bits = bits_needed(frequencies_);
    blocks_ += static_cast<char>(gap_bits);
    blocks_ += static_cast<char>(frequency_bits);
    pack(gaps_, gap_bits, blocks_);
    pack(frequencies_, frequency_bits, blocks_);
  } else {
    for (std::size_t i = 0; i < in_block_; ++i) {
      const bool has_more = frequencies_[i] != 0;
      append_varint(blocks_, (std::uint64_t{gaps_[i]} << 1) | (has_more ? 1 : 0));
      if (has_more) append_varint(blocks_, frequencies_[i] - 1);
    }
  }
  list_bound_.add(block_bound_);
  block_bound_ = {};
  in_block_ = 0;
}

void PostingsEncoder::finish(std::string& out) {
  if (in_block_ != 0) end_block();
  append_fixed(out, list_bound_);
  if (count_ > block_size) out += skips_;
  out += blocks_;
  skips_.clear();
  blocks_.clear();
  list_bound_ = {};
  count_ = 0;
  last_ = no_document;
}

PostingCursor::PostingCursor(const Generation& owner,
                             std::string_view list,
                             std::uint32_t count,
                             std::uint32_t documents)
    : owner_(&owner), count_(count), documents_(documents) {
  blocks_ = (std::size_t{count} + block_size - 1) / block_size;
  const std::size_t skips_size = blocks_ > 1 ? blocks_ * sizeof(SkipEntry) : 0;
  if (count == 0 || count > documents || list.size() < sizeof(ImpactBound) + skips_size) {
    report_damage();
    return;
  }
  list_bound_ = load<ImpactBound>(list);
  skips_ = list.substr(sizeof(ImpactBound), skips_size);
  data_ = list.substr(sizeof(ImpactBound) + skips_size);
  enter_block(0);
}

void PostingCursor::end() {
  docs_[0] = no_document;
  at_ = 0;
  in_block_ = 0;
  has_frequencies_ = true;
  decoded_ = blocks_;
  ahead_ = blocks_;
}

void PostingCursor::report_damage() {
  owner_->report_damage();
  blocks_ = 0;
  end();
}

// By galloping, then halving.
std::size_t PostingCursor::block_of(DocId target, std::size_t from) const {
  std::size_t low = from;
  std::size_t high = from;
  for (std::size_t step = 1; high < blocks_ && last_of(high) < target; step *= 2) {
    low = high + 1;
    high += step;
  }
  high = std::min(high, blocks_);
  while (low < high) {
    const std::size_t middle = low + (high - low) / 2;
    if (last_of(middle) < target) {
      low = middle + 1;
    } else {
      high = middle;
    }
  }
  return low;
}

void PostingCursor::seek_on(DocId target) {
  if (blocks_ > 1 && last_of(decoded_) < target) {
    const std::size_t block = block_of(target, std::max(decoded_ + 1, ahead_));
    if (block >= blocks_) return end();
    enter_block(block);
  }
  // Halving without a branch: where the target is cannot be guessed.
  std::size_t size = in_block_ - at_;
  while (size > 0) {
    const std::size_t half = (size + 1) / 2;
    at_ += docs_[at_ + half - 1] < target ? half : 0;
    size -= half;
  }
  if (at_ == in_block_) {
    enter_block(decoded_ + 1);
    if (docs_[at_] < target) seek_on(target);
  }
}

ImpactBound PostingCursor::ahead_bound_until(DocId end) const {
  ImpactBound bound = ahead_bound();
  const std::size_t most = std::min(blocks_, ahead_ + most_blocks_looked_at);
  for (std::size_t block = ahead_; last_of(block) < end; bound.add(skip(block).bound)) {
    if (++block == most) return most == blocks_ ? bound : list_bound_;
  }
  return bound;
}

PostingCursor::Run PostingCursor::run_until(DocId end) {
  if (docs_[at_] > end) return {nullptr, nullptr, 0};
  if (!has_frequencies_) decode_frequencies();
  std::size_t stop = in_block_;
  if (docs_[stop - 1] > end) {
    const auto* first = docs_.data();
    stop = static_cast<std::size_t>(std::upper_bound(first + at_, first + stop, end) - first);
  }
  return {docs_.data() + at_, frequencies_.data() + at_, stop - at_};
}

void PostingCursor::enter_block(std::size_t block) {
  if (block >= blocks_) return end();
  std::size_t offset = 0;
  DocId before = no_document;
  if (blocks_ > 1) {
    offset = skip(block).offset;
    if (block > 0) before = last_of(block - 1);
  }
  if (offset > data_.size()) return report_damage();
  const std::size_t rest = count_ - block * block_size;
  const std::string_view bytes = data_.substr(offset);
  const bool is_sound =
      rest >= block_size ? decode_full(bytes, before) : decode_rest(bytes, before, rest);
  if (!is_sound || (blocks_ > 1 && docs_[in_block_ - 1] != last_of(block))) return report_damage();
  docs_[in_block_] = no_document;
  decoded_ = block;
  at_ = 0;
}

bool PostingCursor::decode_full(std::string_view bytes, DocId before) {
  if (bytes.size() < 2) return false;
  const auto gap_bits = static_cast<unsigned char>(bytes[0]);
  frequency_bits_ = static_cast<unsigned char>(bytes[1]);
  if (gap_bits > most_bits || frequency_bits_ > most_bits ||
      bytes.size() - 2 < packed_size(gap_bits) + packed_size(frequency_bits_)) {
    return false;
  }
  const std::uint32_t largest =
      unpack_gaps(bytes.data() + 2, gap_bits, before, std::span(docs_).first<block_size>());
  packed_frequencies_ = bytes.data() + 2 + packed_size(gap_bits);
  has_frequencies_ = false;
  in_block_ = block_size;
  return largest < documents_;
}

bool PostingCursor::decode_rest(std::string_view bytes, DocId before, std::size_t count) {
  ByteReader reader(bytes);
  for (std::size_t i = 0; i < count; ++i) {
    const std::uint64_t value = reader.varint();
    before += static_cast<DocId>(value >> 1) + 1;
    docs_[i] = before;
    frequencies_[i] = (value & 1) == 0 ? 1
                                       : static_cast<std::uint32_t>(std::min<std::uint64_t>(
                                             reader.varint() + 2, most_frequency));
    if (before >= documents_) return false;
  }
  has_frequencies_ = true;
  in_block_ = count;
  return !reader.failed();
}

void PostingCursor::decode_frequencies() {
  unpack(packed_frequencies_, frequency_bits_, frequencies_);
  for (std::uint32_t& each : frequencies_) each += 1;
  has_frequencies_ = true;
}

}  // namespace hearth::search::text
