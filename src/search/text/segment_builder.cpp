#include "search/text/segment_builder.hpp"

#include <algorithm>
#include <numeric>
#include <utility>

namespace hearth::search::text {
namespace {

constexpr unsigned position_bits = 24;
static_assert(most_position == (1U << position_bits) - 1);
constexpr std::uint32_t facet_field = 0xFF;
constexpr std::size_t fewest_slots = 1024;

std::uint32_t hash_of(std::string_view term) {
  std::uint64_t hash = 0x9E3779B97F4A7C15U ^ term.size();
  while (term.size() >= 8) {
    hash = (hash ^ load<std::uint64_t>(term)) * 0xFF51AFD7ED558CCDU;
    hash ^= hash >> 32;
    term.remove_prefix(8);
  }
  std::uint64_t rest = 0;
  std::memcpy(&rest, term.data(), term.size());
  hash = (hash ^ rest) * 0xC4CEB9FE1A85EC53U;
  return static_cast<std::uint32_t>(hash >> 32);
}

}  // namespace

std::uint32_t TermTable::number_of(std::string_view term) {
  if (ends_.size() * 2 >= slots_.size()) grow();
  const std::uint32_t hash = hash_of(term);
  const std::size_t mask = slots_.size() - 1;
  std::size_t at = hash & mask;
  for (; slots_[at].number != UINT32_MAX; at = (at + 1) & mask) {
    if (slots_[at].hash == hash && this->term(slots_[at].number) == term) return slots_[at].number;
  }
  const auto number = static_cast<std::uint32_t>(ends_.size());
  slots_[at] = {hash, number};
  bytes_ += term;
  ends_.push_back(bytes_.size());
  return number;
}

void TermTable::grow() {
  std::vector<Slot> larger(std::max(fewest_slots, slots_.size() * 2));
  const std::size_t mask = larger.size() - 1;
  for (const Slot& slot : slots_) {
    if (slot.number == UINT32_MAX) continue;
    std::size_t at = slot.hash & mask;
    while (larger[at].number != UINT32_MAX) at = (at + 1) & mask;
    larger[at] = slot;
  }
  slots_ = std::move(larger);
}

void TermTable::clear() {
  *this = {};
}

// The sorted occurrences as terms with lists.
class BuilderTerms final : public TermSource {
 public:
  using Occurrence = SegmentBuilder::Occurrence;

  explicit BuilderTerms(const SegmentBuilder& builder)
      : terms_(builder.terms_), weights_(builder.weights_), order_(terms_.size()) {
    std::iota(order_.begin(), order_.end(), 0U);
    std::ranges::sort(order_, {}, [&](std::uint32_t number) { return terms_.term(number); });
    // By counting: where the occurrences of each term begin, and then each to its place.
    std::vector<std::size_t> counts(terms_.size());
    for (const Occurrence& each : builder.occurrences_) ++counts[each.term];
    begins_.resize(terms_.size() + 1);
    for (std::size_t i = 0; i < order_.size(); ++i) begins_[i + 1] = begins_[i] + counts[order_[i]];
    std::vector<std::size_t> ends(terms_.size());
    for (std::size_t i = 0; i < order_.size(); ++i) ends[order_[i]] = begins_[i];
    sorted_.resize(builder.occurrences_.size());
    for (const Occurrence& each : builder.occurrences_) sorted_[ends[each.term]++] = each;
  }

  void rewind() override { next_ = 0; }
  bool next() override {
    if (next_ == order_.size()) return false;
    ++next_;
    return true;
  }
  std::string_view term() const override { return terms_.term(order_[next_ - 1]); }

  void add_postings(PostingsEncoder& encoder) override {
    for_each_document([&](std::span<const Occurrence> group) {
      std::uint64_t frequency = 0;
      for (const Occurrence& each : group) {
        const std::uint32_t field = each.place >> position_bits;
        frequency += field == facet_field ? 1 : weights_[field];
      }
      encoder.add(group.front().document,
                  static_cast<std::uint32_t>(std::min<std::uint64_t>(frequency, most_frequency)));
    });
  }

  void add_positions(PositionsEncoder& encoder) override {
    if (term().front() == facet_mark) return;
    for_each_document([&](std::span<const Occurrence> group) {
      positions_.clear();
      for (const Occurrence& each : group) positions_.push_back(each.place & most_position);
      encoder.add(positions_);
    });
  }

 private:
  template <typename Use>
  void for_each_document(Use use) const {
    std::span<const Occurrence> rest(sorted_);
    rest = rest.subspan(begins_[next_ - 1], begins_[next_] - begins_[next_ - 1]);
    while (!rest.empty()) {
      std::size_t size = 1;
      while (size < rest.size() && rest[size].document == rest.front().document) ++size;
      use(rest.first(size));
      rest = rest.subspan(size);
    }
  }

  const TermTable& terms_;
  const std::vector<std::uint16_t>& weights_;
  std::vector<std::uint32_t> order_;  // the numbers of the terms, sorted by their bytes
  std::vector<std::size_t> begins_;   // in sorted_, in that order
  std::vector<Occurrence> sorted_;
  std::size_t next_ = 0;
  std::vector<std::uint32_t> positions_;
};

SegmentBuilder::SegmentBuilder(std::vector<std::uint16_t> weights, Stemming stemming)
    : weights_(std::move(weights)), stemmer_(stemming) {}

// Words come again and again: each is taken to its stem once.
std::uint32_t SegmentBuilder::stem_of(std::uint32_t number, const Token& token) {
  if (stemmer_.does_nothing() || token.kind != TokenKind::word) return number;
  if (number >= stems_.size()) stems_.resize(terms_.size(), UINT32_MAX);
  if (stems_[number] == UINT32_MAX) stems_[number] = terms_.number_of(stemmer_.stem_of(token));
  return stems_[number];
}

DocId SegmentBuilder::add(const Document& document) {
  const DocId id = documents();
  std::uint64_t length = 0;
  std::uint64_t first_position = 0;  // of the field
  const std::size_t fields = std::min(document.fields.size(), weights_.size());
  for (std::size_t field = 0; field < fields; ++field) {
    tokens_.reset(document.fields[field]);
    Token token;
    std::uint64_t words = 0;
    while (tokens_.next(token)) {
      words = token.position + std::uint64_t{1};
      const auto position = static_cast<std::uint32_t>(
          std::min<std::uint64_t>(first_position + token.position, most_position));
      const std::uint32_t place = static_cast<std::uint32_t>(field) << position_bits | position;
      const std::uint32_t written = terms_.number_of(token.term);
      const std::uint32_t stem = stem_of(written, token);
      occurrences_.push_back({stem, id, place});
      if (written != stem) occurrences_.push_back({written, id, place});
    }
    length += words * weights_[field];
    first_position += words + gap_between_fields;
  }
  for (const std::string_view facet : document.facets) {
    facet_.assign(1, facet_mark);
    facet_ += facet;
    occurrences_.push_back({terms_.number_of(facet_), id, facet_field << position_bits});
  }
  table_.keys.push_back(document.key);
  table_.lengths.push_back(
      static_cast<std::uint16_t>(std::min<std::uint64_t>(length, most_length)));
  return id;
}

Result<std::shared_ptr<const Segment>> SegmentBuilder::finish(std::uint64_t sequence) {
  MemoryFile file;
  GenerationWriter writer(file, segment_kind, memory_alignment);
  BuilderTerms terms(*this);
  auto done = write_segment(terms, table_, writer, {});
  if (done) done = writer.finish(sequence);
  // The memory too: after a large batch the next may be one document.
  table_ = {};
  terms_.clear();
  stems_ = {};
  occurrences_ = {};
  if (!done) return std::unexpected(std::move(done.error()));
  auto generation = Generation::of_bytes(file.take(), segment_kind);
  if (!generation) return std::unexpected(std::move(generation.error()));
  return Segment::open(std::move(*generation));
}

}  // namespace hearth::search::text
