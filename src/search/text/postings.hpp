// Posting lists: for each term the documents that hold it, ascending, with its frequency in each.
//
//   list  = bound [skip*] block*         skips only where there is more than one block
//   skip  = last document u32, offset of the block u32, bound
//   block = 128 postings: bits of the gaps u8, bits of the frequencies u8, packed gaps - 1, packed
//           frequencies - 1; the last block of fewer: varints of 2 · (gap - 1) + (frequency > 1),
//           and frequency - 2 where that bit is set
//   bound = the greatest frequency u16, the least length / frequency u16 (bm25.hpp)
//
// The bounds let a search pass over whole blocks without decoding them (Ding & Suel 2011).
#pragma once

#include <algorithm>
#include <array>
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "search/bytes.hpp"
#include "search/generation.hpp"
#include "search/text/block_codec.hpp"
#include "search/text/bm25.hpp"

namespace hearth::search::text {

using DocId = std::uint32_t;  // of one generation: 0 … documents - 1
inline constexpr DocId no_document = UINT32_MAX;

struct SkipEntry {
  DocId last;
  std::uint32_t offset;  // from the first block
  ImpactBound bound;
};
static_assert(sizeof(SkipEntry) == 12);

// Makes one list after another.
class PostingsEncoder final {
 public:
  // `lengths` of all documents that will be added; outlives the encoder.
  explicit PostingsEncoder(const std::vector<std::uint16_t>& lengths) : lengths_(lengths) {}

  // Ascending; `frequency` is at least 1.
  void add(DocId document, std::uint32_t frequency);
  [[nodiscard]] std::uint32_t count() const { return count_; }
  // Appends the list to `out` and begins a new one.
  void finish(std::string& out);

 private:
  void end_block();

  const std::vector<std::uint16_t>& lengths_;
  BlockValues gaps_{};
  BlockValues frequencies_{};
  std::size_t in_block_ = 0;
  std::uint32_t count_ = 0;
  DocId last_ = no_document;  // one before the first document, modulo 2³²
  ImpactBound block_bound_;
  ImpactBound list_bound_;
  std::string skips_;
  std::string blocks_;
};

// Walks one list. What the bytes say is checked before it is used: a list that contradicts itself
// ends there, and its generation is reported as damaged. One thread; ~1.2 KB.
class PostingCursor final {
 public:
  // An empty list.
  PostingCursor() = default;
  PostingCursor(const Generation& owner,
                std::string_view list,
                std::uint32_t count,
                std::uint32_t documents);

  // At the first document after construction; no_document at the end.
  [[nodiscard]] DocId document() const { return docs_[at_]; }
  [[nodiscard]] std::uint32_t frequency() {
    if (!has_frequencies_) decode_frequencies();
    return frequencies_[at_];
  }
  // Of the posting in its list: for its positions.
  [[nodiscard]] std::uint32_t index() const {
    return static_cast<std::uint32_t>(decoded_ * block_size + at_);
  }
  [[nodiscard]] std::uint32_t count() const { return count_; }

  void next() {
    if (++at_ == in_block_) enter_block(decoded_ + 1);
  }
  // To the first document that is not before `target`.
  void seek(DocId target) {
    if (docs_[at_] < target) seek_on(target);
  }

  [[nodiscard]] const ImpactBound& list_bound() const { return list_bound_; }
  // Moves the look-ahead, which decodes nothing, to the block that would hold `target`, never
  // back; then `ahead_last` and `ahead_bound` are that block's. False when no block can hold it.
  bool look_ahead(DocId target) {
    ahead_ = block_of(target, std::max(ahead_, decoded_));
    return ahead_ < blocks_;
  }
  [[nodiscard]] DocId ahead_last() const { return last_of(ahead_); }
  [[nodiscard]] ImpactBound ahead_bound() const {
    return blocks_ == 1 ? list_bound_ : skip(ahead_).bound;
  }
  // Of all blocks from the look-ahead's to the one that would hold `end`; of the list, where these
  // are many.
  [[nodiscard]] ImpactBound ahead_bound_until(DocId end) const;

  // What is decoded of the postings from here to `end`; empty when there are none. `advance` by its
  // size goes beyond them, and makes it invalid.
  struct Run {
    const DocId* documents;
    const std::uint32_t* frequencies;
    std::size_t size;
  };
  [[nodiscard]] Run run_until(DocId end);
  void advance(std::size_t postings) {
    at_ += postings;
    if (at_ == in_block_) enter_block(decoded_ + 1);
  }

 private:
  [[nodiscard]] SkipEntry skip(std::size_t block) const {
    return load<SkipEntry>(skips_.data() + block * sizeof(SkipEntry));
  }
  // A list of one block has no skips: then the last possible document.
  [[nodiscard]] DocId last_of(std::size_t block) const {
    return blocks_ == 1 ? documents_ - 1 : load<DocId>(skips_.data() + block * sizeof(SkipEntry));
  }
  // The first block from `from` on that ends at `target` or after; blocks_ if there is none.
  [[nodiscard]] std::size_t block_of(DocId target, std::size_t from) const;
  void seek_on(DocId target);
  void enter_block(std::size_t block);
  [[nodiscard]] bool decode_full(std::string_view bytes, DocId before);
  [[nodiscard]] bool decode_rest(std::string_view bytes, DocId before, std::size_t count);
  void decode_frequencies();
  void end();
  void report_damage();

  const Generation* owner_ = nullptr;
  std::string_view skips_;
  std::string_view data_;
  const char* packed_frequencies_ = nullptr;
  unsigned frequency_bits_ = 0;
  std::uint32_t count_ = 0;
  std::uint32_t documents_ = 0;
  std::size_t blocks_ = 0;
  std::size_t decoded_ = 0;  // the block in docs_
  std::size_t ahead_ = 0;
  std::size_t at_ = 0;
  std::size_t in_block_ = 0;
  bool has_frequencies_ = true;
  ImpactBound list_bound_;
  // One more than a block: after the last posting stands no_document.
  alignas(64) std::array<std::uint32_t, block_size + 1> docs_{no_document};
  alignas(64) BlockValues frequencies_{};
};

}  // namespace hearth::search::text
