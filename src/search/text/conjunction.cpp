#include "search/text/conjunction.hpp"

#include <algorithm>
#include <vector>

#include "search/text/run_scores.hpp"

namespace hearth::search::text {
namespace {

constexpr unsigned blocks_between_stops = 256;

class Conjunction {
 public:
  Conjunction(const ScoringContext& context,
              std::span<const ScoredTerm> terms,
              Gate& gate,
              TopK& top)
      : context_(context), gate_(gate), top_(top) {
    terms_.reserve(terms.size());
    for (const ScoredTerm& term : terms) {
      terms_.push_back({context.segment.postings(term.entry), term.weight});
    }
    std::ranges::sort(terms_, {}, [](const Term& term) { return term.cursor.count(); });
  }

  // Block after block of the rarest list.
  void run(const std::stop_token& stop) {
    unsigned blocks = 0;
    PostingCursor& lead = terms_.front().cursor;
    for (DocId from = 0; lead.look_ahead(from);) {
      if (++blocks % blocks_between_stops == 0 && stop.stop_requested()) return;
      const DocId end = lead.ahead_last();
      if (!bound_terms(from, end)) return;
      const float most =
          context_.bm25.at_most(terms_.front().weight, lead.ahead_bound()) + terms_.front().rest;
      if (most > top_.threshold() && !walk_block(from, end)) return;
      from = end + 1;
    }
  }

 private:
  struct Term {
    PostingCursor cursor;
    float weight;
    float rest = 0;  // the most that all terms after it add in this block
  };

  // False when one of the lists has ended.
  bool bound_terms(DocId from, DocId end) {
    float rest = 0;
    for (std::size_t i = terms_.size(); i-- > 0;) {
      terms_[i].rest = rest;
      if (i == 0) break;
      if (!terms_[i].cursor.look_ahead(from)) return false;
      rest += context_.bm25.at_most(terms_[i].weight, terms_[i].cursor.ahead_bound_until(end));
    }
    return true;
  }

  // False when one of the lists has ended.
  bool walk_block(DocId from, DocId end) {
    Term& lead = terms_.front();
    lead.cursor.seek(from);
    DocId next = 0;  // the first document that the others may hold
    for (auto run = lead.cursor.run_until(end); run.size != 0; run = lead.cursor.run_until(end)) {
      score_run(context_.bm25, context_.segment, run, lead.weight, run_scores_);
      for (std::size_t i = 0; i < run.size; ++i) {
        const DocId document = run.documents[i];
        if (document < next || run_scores_[i] + lead.rest <= top_.threshold()) continue;
        next = ask_others(document, run_scores_[i]);
        if (next == no_document) return false;
      }
      lead.cursor.advance(run.size);
    }
    return true;
  }

  // Offers the document if all have it; gives the first document that may come after it.
  DocId ask_others(DocId document, float score) {
    const std::uint32_t length = context_.segment.length(document);
    for (std::size_t i = 1; i < terms_.size(); ++i) {
      Term& term = terms_[i];
      if (!term.cursor.look_ahead(document)) return no_document;
      const float here = context_.bm25.at_most(term.weight, term.cursor.ahead_bound());
      if (score + here + term.rest <= top_.threshold()) return document + 1;
      term.cursor.seek(document);
      if (term.cursor.document() != document) return term.cursor.document();
      score += context_.bm25.score(term.weight, term.cursor.frequency(), length);
    }
    if (score > top_.threshold() && gate_.admits(document)) {
      top_.offer(context_.segment.key(document), score);
    }
    return document + 1;
  }

  const ScoringContext context_;
  Gate& gate_;
  TopK& top_;
  std::vector<Term> terms_;
  RunScores run_scores_{};
};

}  // namespace

void search_all(const ScoringContext& context,
                std::span<const ScoredTerm> terms,
                Gate& gate,
                TopK& top,
                const std::stop_token& stop) {
  if (!terms.empty()) Conjunction(context, terms, gate, top).run(stop);
}

}  // namespace hearth::search::text
