#include "search/text/dictionary.hpp"

#include <algorithm>

namespace hearth::search::text {

void DictionaryEncoder::add(std::string_view term,
                            std::uint32_t documents,
                            std::uint64_t postings_size,
                            std::uint64_t positions_size) {
  std::size_t shared = 0;
  if (count_ % terms_of_block == 0) {
    append_fixed(starts_, static_cast<std::uint32_t>(terms_.size()));
    append_varint(terms_, postings_end_);
    append_varint(terms_, positions_end_);
  } else {
    const std::size_t most = std::min(term.size(), last_.size());
    while (shared < most && term[shared] == last_[shared]) ++shared;
  }
  append_varint(terms_, shared);
  append_varint(terms_, term.size() - shared);
  terms_ += term.substr(shared);
  append_varint(terms_, documents);
  append_varint(terms_, postings_size);
  append_varint(terms_, positions_size);
  last_ = term;
  ++count_;
  postings_end_ += postings_size;
  positions_end_ += positions_size;
}

std::string_view Dictionary::block(std::size_t index) const {
  const std::uint64_t begin = starts_[index];
  const std::uint64_t end = index + 1 < blocks() ? starts_[index + 1] : terms_.size();
  if (begin > end) return {};
  return slice(terms_, begin, end - begin).value_or(std::string_view{});
}

std::string_view Dictionary::first_term(std::size_t index) const {
  ByteReader reader(block(index));
  (void)reader.varint();
  (void)reader.varint();
  (void)reader.varint();
  return reader.take(reader.varint());
}

std::optional<TermEntry> Dictionary::find(std::string_view term, bool& is_damaged) const {
  TermCursor cursor(*this);
  cursor.seek(term);
  is_damaged = is_damaged || cursor.is_damaged();
  if (cursor.is_at_end() || cursor.term() != term) return std::nullopt;
  return cursor.entry();
}

TermCursor::TermCursor(const Dictionary& dictionary) : dictionary_(&dictionary) {
  enter_block(0);
}

void TermCursor::enter_block(std::size_t block) {
  block_ = block;
  entry_ = {};
  is_at_end_ = block >= dictionary_->blocks();
  if (is_at_end_) return;
  reader_ = ByteReader(dictionary_->block(block));
  entry_.postings_offset = reader_.varint();
  entry_.positions_offset = reader_.varint();
  read_term();
}

void TermCursor::read_term() {
  entry_.postings_offset += entry_.postings_size;
  entry_.positions_offset += entry_.positions_size;
  const std::uint64_t shared = reader_.varint();
  const std::string_view rest = reader_.take(reader_.varint());
  if (shared > term_.size()) return stop_damaged();
  term_.resize(shared);
  term_ += rest;
  entry_.documents =
      static_cast<std::uint32_t>(std::min<std::uint64_t>(reader_.varint(), UINT32_MAX));
  entry_.postings_size = reader_.varint();
  entry_.positions_size = reader_.varint();
  if (reader_.failed()) stop_damaged();
}

void TermCursor::stop_damaged() {
  is_damaged_ = true;
  is_at_end_ = true;
}

void TermCursor::next() {
  if (is_at_end_) return;
  if (!reader_.is_at_end()) return read_term();
  enter_block(block_ + 1);
}

void TermCursor::seek(std::string_view target) {
  // The last block whose first term is not after the target.
  std::size_t low = 0;
  std::size_t high = dictionary_->blocks();
  while (low < high) {
    const std::size_t middle = low + (high - low) / 2;
    if (dictionary_->first_term(middle) <= target) {
      low = middle + 1;
    } else {
      high = middle;
    }
  }
  enter_block(low == 0 ? 0 : low - 1);
  while (!is_at_end_ && term() < target) next();
}

}  // namespace hearth::search::text
