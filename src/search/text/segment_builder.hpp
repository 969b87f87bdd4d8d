// Turns documents into a text generation: the inversion, in memory.
//
// Every occurrence of a term is noted as (term, document, position), in the order of the documents;
// sorting these by term, stably and by counting, is the inversion (Witten, Moffat & Bell 1999,
// §5.2). An occurrence takes 12 bytes, twice while sorting, so that whoever adds documents ends a
// generation by its number of occurrences.
#pragma once

#include <cstdint>
#include <memory>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.hpp"
#include "search/text/analyzer.hpp"
#include "search/text/segment_writer.hpp"
#include "search/text/stemmer.hpp"

namespace hearth::search::text {

// What stands before the terms of facets; no word begins with it.
inline constexpr char facet_mark = '\x01';

struct Document {
  Key key = 0;
  // The texts, in the order of the schema's fields; those missing at the end are empty.
  std::span<const std::string_view> fields;
  // Exact strings to filter by ("kind:note"), found as they are; not searched, not scored.
  std::span<const std::string_view> facets;
};

// Terms in the order in which they first came, and a number for each.
class TermTable final {
 public:
  [[nodiscard]] std::uint32_t number_of(std::string_view term);
  [[nodiscard]] std::size_t size() const { return ends_.size(); }
  [[nodiscard]] std::string_view term(std::uint32_t number) const {
    const std::size_t begin = number == 0 ? 0 : ends_[number - 1];
    return std::string_view(bytes_).substr(begin, ends_[number] - begin);
  }
  void clear();

 private:
  struct Slot {
    std::uint32_t hash = 0;
    std::uint32_t number = UINT32_MAX;
  };
  void grow();

  std::string bytes_;
  std::vector<std::size_t> ends_;
  std::vector<Slot> slots_;  // open addressing; a power of two
};

class SegmentBuilder final {
 public:
  // A weight for each field: how many occurrences one counts as (bm25.hpp).
  explicit SegmentBuilder(std::vector<std::uint16_t> weights, Stemming stemming = Stemming::none);

  DocId add(const Document& document);
  [[nodiscard]] std::uint32_t documents() const {
    return static_cast<std::uint32_t>(table_.keys.size());
  }
  [[nodiscard]] std::size_t occurrences() const { return occurrences_.size(); }
  [[nodiscard]] Key key(DocId document) const { return table_.keys[document]; }
  // A generation in memory of what was added; the builder is empty then.
  [[nodiscard]] Result<std::shared_ptr<const Segment>> finish(std::uint64_t sequence);

 private:
  friend class BuilderTerms;
  struct Occurrence {
    std::uint32_t term;
    DocId document;
    std::uint32_t place;  // position, and the field in the upper bits
  };

  [[nodiscard]] std::uint32_t stem_of(std::uint32_t number, const Token& token);

  const std::vector<std::uint16_t> weights_;
  const Stemmer stemmer_;
  DocumentTable table_;
  TermTable terms_;
  std::vector<std::uint32_t> stems_;  // by the number of a word that of its stem, once known
  std::vector<Occurrence> occurrences_;
  TokenStream tokens_;
  std::string facet_;
};

}  // namespace hearth::search::text
