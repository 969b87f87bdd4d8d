// Which documents of a part a search may answer: those that are not gone and that fit the filter.
//
// Asked inside the walk, for documents that would get into the answer, so that no answer falls
// short because its best documents were filtered out afterwards.
#pragma once

#include <functional>
#include <string>
#include <vector>

#include "search/text/snapshot.hpp"

namespace hearth::search::text {

// All that is set must hold.
struct Filter {
  std::vector<std::vector<std::string>> facets;  // of each list, one facet of the document
  std::function<bool(Key)> allows;               // called once a candidate, on the caller's thread

  [[nodiscard]] bool empty() const { return facets.empty() && !allows; }
};

class Gate final {
 public:
  Gate(const Part& part, const Filter& filter);

  // Of documents that ascend.
  [[nodiscard]] bool admits(DocId document);
  // No document gets through.
  [[nodiscard]] bool is_closed() const { return is_closed_; }

 private:
  using AnyFacet = std::vector<PostingCursor>;

  const Part& part_;
  const Filter& filter_;
  std::vector<AnyFacet> facets_;
  bool is_closed_ = false;
};

// Hands over the key of each document that fits a filter with facets: in no order, and of those
// with several facets of one list more than once.
void for_each_key(const Snapshot& snapshot,
                  const Filter& filter,
                  const std::function<void(Key)>& take);

}  // namespace hearth::search::text
