// The text of one generation: documents, dictionary, lists. docs/formats/text-index.md
//
// A view onto mapped bytes, made in microseconds. Documents are numbered from 0 in the order they
// came; a caller knows them by its own 64-bit keys.
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <span>
#include <string_view>

#include "base/result.hpp"
#include "search/bytes.hpp"
#include "search/generation.hpp"
#include "search/hit.hpp"
#include "search/part.hpp"
#include "search/text/dictionary.hpp"
#include "search/text/positions.hpp"
#include "search/text/postings.hpp"

namespace hearth::search::text {

inline constexpr FileKind segment_kind = file_kind("text", 1);

using search::Key;  // of a document

enum class SectionId : std::uint32_t {
  summary = 1,
  keys = 2,       // u64 of each document
  key_order = 3,  // documents by ascending key, u32
  lengths = 4,    // u16 of each document
  postings = 5,
  positions = 6,
  terms = 7,
  term_starts = 8,
};

struct SegmentSummary {
  std::uint32_t documents;
  std::uint32_t reserved;
  std::uint64_t terms;
  std::uint64_t length;  // of all documents
};
static_assert(sizeof(SegmentSummary) == 24);

// Thread-safe: immutable.
class Segment final : public Contents {
 public:
  // `damaged` when the sections do not fit together.
  [[nodiscard]] static Result<std::shared_ptr<const Segment>> open(
      std::shared_ptr<const Generation> generation);

  [[nodiscard]] const Generation& generation() const { return *generation_; }
  [[nodiscard]] std::uint32_t documents() const { return summary_.documents; }
  [[nodiscard]] std::uint64_t terms() const { return summary_.terms; }
  [[nodiscard]] std::uint64_t length() const { return summary_.length; }

  [[nodiscard]] Key key(DocId document) const override { return keys_[document]; }
  [[nodiscard]] std::uint32_t length(DocId document) const { return lengths_[document]; }
  // Of several documents, each of them one of this segment.
  void lengths_of(std::span<const DocId> documents, std::span<float> lengths) const {
    for (std::size_t i = 0; i < documents.size(); ++i) {
      lengths[i] = static_cast<float>(lengths_.unchecked(documents[i]));
    }
  }
  [[nodiscard]] std::optional<DocId> find(Key key) const override;
  [[nodiscard]] std::uint32_t count() const override { return documents(); }
  // In words: what is gone of the lengths of all.
  [[nodiscard]] std::uint64_t weight(DocId document) const override { return length(document); }
  [[nodiscard]] const Generation* backing() const override { return generation_.get(); }
  [[nodiscard]] std::uint64_t bytes() const override { return generation_->size(); }

  [[nodiscard]] const Dictionary& dictionary() const { return dictionary_; }
  [[nodiscard]] std::optional<TermEntry> find_term(std::string_view term) const;
  [[nodiscard]] PostingCursor postings(const TermEntry& entry) const;
  [[nodiscard]] PositionCursor positions(const TermEntry& entry) const;

 private:
  Segment() = default;

  std::shared_ptr<const Generation> generation_;
  SegmentSummary summary_{};
  ArrayView<std::uint64_t> keys_;
  ArrayView<std::uint32_t> key_order_;
  ArrayView<std::uint16_t> lengths_;
  Dictionary dictionary_;
};

}  // namespace hearth::search::text
