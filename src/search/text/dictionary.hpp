// The terms of a generation, sorted by their bytes, with what is needed to find their lists.
//
// Blocks of 16 terms with front coding (Witten, Moffat & Bell 1999, §4.1): each term is written as
// the number of bytes it shares with the one before it, and the rest. The first term of a block is
// whole, so that blocks are found by binary search, in place.
//
//   terms  = block*
//   block  = postings offset, positions offset, term{1,16}       offsets of the first term's lists
//   term   = shared bytes, other bytes, bytes, document count, postings size, positions size
//   starts = offset of each block u32                            all other numbers are varints
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "search/bytes.hpp"

namespace hearth::search::text {

inline constexpr std::size_t terms_of_block = 16;

struct TermEntry {
  std::uint32_t documents = 0;
  std::uint64_t postings_offset = 0;
  std::uint64_t postings_size = 0;
  std::uint64_t positions_offset = 0;
  std::uint64_t positions_size = 0;
};

class DictionaryEncoder final {
 public:
  // Ascending; the lists follow one another in the order of the terms.
  void add(std::string_view term,
           std::uint32_t documents,
           std::uint64_t postings_size,
           std::uint64_t positions_size);
  [[nodiscard]] std::uint64_t count() const { return count_; }
  [[nodiscard]] const std::string& terms() const { return terms_; }
  [[nodiscard]] const std::string& starts() const { return starts_; }

 private:
  std::string terms_;
  std::string starts_;
  std::string last_;
  std::uint64_t count_ = 0;
  std::uint64_t postings_end_ = 0;
  std::uint64_t positions_end_ = 0;
};

class Dictionary;

// Walks the terms in order. A block that makes no sense ends the walk and sets `is_damaged`.
class TermCursor final {
 public:
  explicit TermCursor(const Dictionary& dictionary);  // outlives the cursor

  [[nodiscard]] bool is_at_end() const { return is_at_end_; }
  [[nodiscard]] bool is_damaged() const { return is_damaged_; }
  [[nodiscard]] std::string_view term() const { return term_; }
  [[nodiscard]] const TermEntry& entry() const { return entry_; }
  void next();
  // To the first term that is not before `target`, from anywhere.
  void seek(std::string_view target);

 private:
  void enter_block(std::size_t block);
  void read_term();
  void stop_damaged();

  const Dictionary* dictionary_;
  ByteReader reader_{{}};
  std::size_t block_ = 0;
  std::string term_;
  TermEntry entry_;
  bool is_at_end_ = false;
  bool is_damaged_ = false;
};

// In place over the bytes of two sections.
class Dictionary final {
 public:
  Dictionary() = default;
  Dictionary(std::string_view terms, std::string_view starts) : terms_(terms), starts_(starts) {}

  // Sets `is_damaged` when it met what cannot be.
  [[nodiscard]] std::optional<TermEntry> find(std::string_view term, bool& is_damaged) const;

 private:
  friend class TermCursor;
  [[nodiscard]] std::size_t blocks() const { return starts_.size(); }
  // Empty where the bytes make no sense.
  [[nodiscard]] std::string_view block(std::size_t index) const;
  [[nodiscard]] std::string_view first_term(std::size_t index) const;

  std::string_view terms_;
  ArrayView<std::uint32_t> starts_;
};

}  // namespace hearth::search::text
