#include "search/text/segment_merge.hpp"

#include <algorithm>
#include <string>
#include <utility>
#include <vector>

#include "search/text/segment_writer.hpp"

namespace hearth::search::text {
namespace {

// The terms of all inputs in one order. Inputs are few, so the least term is looked for one by one.
class MergedTerms final : public TermSource {
 public:
  explicit MergedTerms(std::span<const MergeInput> inputs) {
    for (const MergeInput& input : inputs) inputs_.emplace_back(input);
  }

  // Fills the table of the documents that stay.
  void number_documents(DocumentTable& table) {
    for (Input& input : inputs_) {
      const Segment& segment = *input.segment;
      input.first = static_cast<DocId>(table.keys.size());
      input.has_gone = !input.tombstones->empty();
      if (input.has_gone) input.numbers.resize(segment.documents(), no_document);
      for (DocId document = 0; document < segment.documents(); ++document) {
        if (input.tombstones->contains(document)) continue;
        if (input.has_gone) input.numbers[document] = static_cast<DocId>(table.keys.size());
        table.keys.push_back(segment.key(document));
        table.lengths.push_back(static_cast<std::uint16_t>(segment.length(document)));
      }
    }
  }

  void rewind() override {
    for (Input& input : inputs_) input.terms = TermCursor(input.segment->dictionary());
    term_.clear();
    is_first_ = true;
  }

  bool next() override {
    const Input* least = nullptr;
    for (Input& input : inputs_) {
      if (!is_first_ && !input.terms.is_at_end() && input.terms.term() == term_) input.terms.next();
      if (input.terms.is_damaged()) input.segment->generation().report_damage();
      if (input.terms.is_at_end()) continue;
      if (least == nullptr || input.terms.term() < least->terms.term()) least = &input;
    }
    is_first_ = false;
    if (least == nullptr) return false;
    term_ = least->terms.term();
    return true;
  }

  std::string_view term() const override { return term_; }

  void add_postings(PostingsEncoder& encoder) override {
    for_each_input([&](const Input& input) {
      PostingCursor cursor = input.segment->postings(input.terms.entry());
      for (; cursor.document() != no_document; cursor.next()) {
        const DocId document = input.number_of(cursor.document());
        if (document != no_document) encoder.add(document, cursor.frequency());
      }
    });
  }

  void add_positions(PositionsEncoder& encoder) override {
    for_each_input([&](const Input& input) {
      const TermEntry& entry = input.terms.entry();
      if (entry.positions_size == 0) return;
      PositionCursor positions = input.segment->positions(entry);
      if (!input.has_gone) {
        for (std::uint32_t i = 0; i < entry.documents; ++i) {
          encoder.add_encoded(encoded(input, positions, i));
        }
        return;
      }
      PostingCursor cursor = input.segment->postings(entry);
      for (; cursor.document() != no_document; cursor.next()) {
        if (input.number_of(cursor.document()) == no_document) continue;
        encoder.add_encoded(encoded(input, positions, cursor.index()));
      }
    });
  }

  [[nodiscard]] Result<void> check() const {
    for (const Input& input : inputs_) {
      if (input.segment->generation().trust() == Trust::damaged) {
        return fail(Errc::damaged, "merge: a generation contradicts itself", {"rebuild the index"});
      }
    }
    return {};
  }

 private:
  struct Input {
    explicit Input(const MergeInput& input)
        : segment(input.segment),
          tombstones(input.tombstones),
          terms(input.segment->dictionary()) {}

    [[nodiscard]] DocId number_of(DocId document) const {
      return has_gone ? numbers[document] : first + document;
    }

    std::shared_ptr<const Segment> segment;
    std::shared_ptr<const Tombstones> tombstones;
    TermCursor terms;
    DocId first = 0;
    bool has_gone = false;
    std::vector<DocId> numbers;  // new ones, where some are gone
  };

  static std::string_view encoded(const Input& input, PositionCursor& positions, std::uint32_t i) {
    const std::string_view posting = positions.encoded(i);
    if (posting.empty()) input.segment->generation().report_damage();
    return posting;
  }

  template <typename Use>
  void for_each_input(Use use) const {
    for (const Input& input : inputs_) {
      if (!input.terms.is_at_end() && input.terms.term() == term_) use(input);
    }
  }

  std::vector<Input> inputs_;
  std::string term_;
  bool is_first_ = true;
};

}  // namespace

Result<void> merge_segments(std::span<const MergeInput> inputs,
                            GenerationWriter& writer,
                            const std::stop_token& stop) {
  std::uint64_t all = 0;
  for (const MergeInput& input : inputs) all += input.segment->documents();
  if (all >= no_document) return fail(Errc::unsupported, "merge: more than 4 billion documents");
  MergedTerms terms(inputs);
  DocumentTable table;
  terms.number_documents(table);
  if (auto done = write_segment(terms, table, writer, stop); !done) return done;
  return terms.check();
}

Result<std::shared_ptr<const Segment>> merge_in_memory(std::span<const MergeInput> inputs,
                                                       std::uint64_t sequence) {
  MemoryFile file;
  GenerationWriter writer(file, segment_kind, memory_alignment);
  auto done = merge_segments(inputs, writer, {});
  if (done) done = writer.finish(sequence);
  if (!done) return std::unexpected(std::move(done.error()));
  auto generation = Generation::of_bytes(file.take(), segment_kind);
  if (!generation) return std::unexpected(std::move(generation.error()));
  return Segment::open(std::move(*generation));
}

}  // namespace hearth::search::text
