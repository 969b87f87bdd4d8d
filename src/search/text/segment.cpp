#include "search/text/segment.hpp"

#include <utility>

namespace hearth::search::text {
namespace {

std::string_view bytes_of(const Generation& generation, SectionId id) {
  return generation.section(static_cast<std::uint32_t>(id));
}

}  // namespace

Result<std::shared_ptr<const Segment>> Segment::open(std::shared_ptr<const Generation> generation) {
  std::shared_ptr<Segment> opened(new Segment);
  const Generation& file = *generation;
  const std::string_view summary = bytes_of(file, SectionId::summary);
  if (summary.size() == sizeof(SegmentSummary)) {
    opened->summary_ = load<SegmentSummary>(summary);
  }
  const std::size_t documents = opened->summary_.documents;
  if (summary.size() != sizeof(SegmentSummary) || documents == no_document ||
      bytes_of(file, SectionId::keys).size() != documents * sizeof(std::uint64_t) ||
      bytes_of(file, SectionId::key_order).size() != documents * sizeof(std::uint32_t) ||
      bytes_of(file, SectionId::lengths).size() != documents * sizeof(std::uint16_t)) {
    file.report_damage();
    return fail(Errc::damaged, "a text index whose sections do not fit together",
                {"rebuild the index"});
  }
  opened->keys_ = ArrayView<std::uint64_t>(bytes_of(file, SectionId::keys));
  opened->key_order_ = ArrayView<std::uint32_t>(bytes_of(file, SectionId::key_order));
  opened->lengths_ = ArrayView<std::uint16_t>(bytes_of(file, SectionId::lengths));
  opened->dictionary_ =
      Dictionary(bytes_of(file, SectionId::terms), bytes_of(file, SectionId::term_starts));
  opened->generation_ = std::move(generation);
  return opened;
}

std::optional<DocId> Segment::find(Key key) const {
  // The end of the keys that are not greater.
  std::size_t low = 0;
  std::size_t high = key_order_.size();
  while (low < high) {
    const std::size_t middle = low + (high - low) / 2;
    if (keys_[key_order_[middle]] <= key) {
      low = middle + 1;
    } else {
      high = middle;
    }
  }
  if (low == 0) return std::nullopt;
  const DocId document = key_order_[low - 1];
  if (document >= documents() || keys_[document] != key) return std::nullopt;
  return document;
}

std::optional<TermEntry> Segment::find_term(std::string_view term) const {
  bool is_damaged = false;
  const auto entry = dictionary_.find(term, is_damaged);
  if (is_damaged) generation_->report_damage();
  return entry;
}

PostingCursor Segment::postings(const TermEntry& entry) const {
  const auto list = slice(bytes_of(*generation_, SectionId::postings), entry.postings_offset,
                          entry.postings_size);
  return {*generation_, list.value_or(std::string_view{}), entry.documents, documents()};
}

PositionCursor Segment::positions(const TermEntry& entry) const {
  const auto list = slice(bytes_of(*generation_, SectionId::positions), entry.positions_offset,
                          entry.positions_size);
  return {list.value_or(std::string_view{}), entry.documents};
}

}  // namespace hearth::search::text
