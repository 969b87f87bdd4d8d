#include "search/text/gate.hpp"

#include <algorithm>
#include <utility>

#include "search/text/segment_builder.hpp"

namespace hearth::search::text {

Gate::Gate(const Part& part, const Filter& filter) : part_(part), filter_(filter) {
  is_closed_ = part.live() == 0;
  for (const std::vector<std::string>& facets : filter.facets) {
    AnyFacet any;
    for (const std::string& facet : facets) {
      const auto entry = segment_of(part).find_term(facet_mark + facet);
      if (entry) any.push_back(segment_of(part).postings(*entry));
    }
    is_closed_ = is_closed_ || any.empty();
    facets_.push_back(std::move(any));
  }
}

bool Gate::admits(DocId document) {
  if (part_.tombstones->contains(document)) return false;
  const auto has_one = [&](AnyFacet& any) {
    return std::ranges::any_of(any, [&](PostingCursor& cursor) {
      cursor.seek(document);
      return cursor.document() == document;
    });
  };
  if (!std::ranges::all_of(facets_, has_one)) return false;
  return !filter_.allows || filter_.allows(segment_of(part_).key(document));
}

void for_each_key(const Snapshot& snapshot,
                  const Filter& filter,
                  const std::function<void(Key)>& take) {
  for (const Part& part : snapshot.parts) {
    const Segment& segment = segment_of(part);
    const auto documents_of = [&](const std::vector<std::string>& facets) {
      std::uint64_t sum = 0;
      for (const std::string& facet : facets) {
        if (const auto entry = segment.find_term(facet_mark + facet)) sum += entry->documents;
      }
      return sum;
    };
    for (const std::string& facet : *std::ranges::min_element(filter.facets, {}, documents_of)) {
      const auto entry = segment.find_term(facet_mark + facet);
      if (!entry) continue;
      Gate gate(part, filter);
      PostingCursor cursor = segment.postings(*entry);
      for (; !gate.is_closed() && cursor.document() != no_document; cursor.next()) {
        if (gate.admits(cursor.document())) take(segment.key(cursor.document()));
      }
    }
  }
}

}  // namespace hearth::search::text
