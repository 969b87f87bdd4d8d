#include "search/block_max_wand.hpp"

#include <algorithm>
#include <vector>

namespace hearth::bench {
namespace {

using namespace search::text;

struct Term {
  Term(const PostingCursor& postings, float its_weight) : cursor(postings), weight(its_weight) {}
  PostingCursor cursor;
  float weight;
  float bound = 0;
};

class Wand final {
 public:
  Wand(const ScoringContext& context, std::span<const ScoredTerm> terms, Gate& gate, TopK& top)
      : context_(context), gate_(gate), top_(top) {
    terms_.reserve(terms.size());
    for (const ScoredTerm& term : terms) {
      Term& made = terms_.emplace_back(context.segment.postings(term.entry), term.weight);
      made.bound = context.bm25.at_most(term.weight, made.cursor.list_bound());
    }
    for (Term& term : terms_) order_.push_back(&term);
  }

  void run() {
    for (;;) {
      sort();
      const std::size_t pivots = find_pivot();
      if (pivots == 0) return;
      const DocId pivot = order_[pivots - 1]->cursor.document();
      DocId end = pivots < order_.size() ? order_[pivots]->cursor.document() : no_document;
      if (bound_of_blocks(pivots, pivot, end) <= top_.threshold()) {
        longest(pivots)->cursor.seek(std::max(end, pivot + 1));
      } else if (order_.front()->cursor.document() == pivot) {
        score(pivots, pivot);
      } else {
        // The terms before the pivot catch up with it.
        for (std::size_t i = 0; i < pivots; ++i) order_[i]->cursor.seek(pivot);
      }
    }
  }

 private:
  // By document: nearly sorted already.
  void sort() {
    for (std::size_t i = 1; i < order_.size(); ++i) {
      for (std::size_t k = i; k > 0 && document(k) < document(k - 1); --k) {
        std::swap(order_[k], order_[k - 1]);
      }
    }
    while (!order_.empty() && order_.back()->cursor.document() == no_document) order_.pop_back();
  }
  [[nodiscard]] DocId document(std::size_t i) const { return order_[i]->cursor.document(); }

  // How many of the first terms must come together, at the last one's document; 0: all is done.
  [[nodiscard]] std::size_t find_pivot() const {
    float sum = 0;
    for (std::size_t i = 0; i < order_.size(); ++i) {
      sum += order_[i]->bound;
      if (sum <= top_.threshold()) continue;
      while (i + 1 < order_.size() && document(i + 1) == document(i)) ++i;
      return i + 1;
    }
    return 0;
  }

  // What the blocks that would hold `pivot` can give; `end` becomes the first document beyond any.
  float bound_of_blocks(std::size_t pivots, DocId pivot, DocId& end) {
    float sum = 0;
    for (std::size_t i = 0; i < pivots; ++i) {
      if (!order_[i]->cursor.look_ahead(pivot)) continue;
      sum += context_.bm25.at_most(order_[i]->weight, order_[i]->cursor.ahead_bound());
      end = std::min(end, order_[i]->cursor.ahead_last() + 1);
    }
    return sum;
  }

  // The least selective of the first.
  [[nodiscard]] Term* longest(std::size_t pivots) const {
    return *std::max_element(order_.begin(), order_.begin() + static_cast<std::ptrdiff_t>(pivots),
                             [](const Term* a, const Term* b) { return a->bound < b->bound; });
  }

  void score(std::size_t pivots, DocId pivot) {
    float score = 0;
    const std::uint32_t length = context_.segment.length(pivot);
    for (std::size_t i = 0; i < pivots; ++i) {
      PostingCursor& cursor = order_[i]->cursor;
      score += context_.bm25.score(order_[i]->weight, cursor.frequency(), length);
      cursor.next();
    }
    if (score > top_.threshold() && gate_.admits(pivot)) {
      top_.offer(context_.segment.key(pivot), score);
    }
  }

  const ScoringContext context_;
  Gate& gate_;
  TopK& top_;
  std::vector<Term> terms_;
  std::vector<Term*> order_;
};

}  // namespace

void search_any_by_wand(const ScoringContext& context,
                        std::span<const ScoredTerm> terms,
                        Gate& gate,
                        TopK& top) {
  Wand(context, terms, gate, top).run();
}

}  // namespace hearth::bench
