#include "search/text/max_score.hpp"

#include <algorithm>
#include <array>
#include <utility>
#include <vector>

#include "search/text/run_scores.hpp"

namespace hearth::search::text {
namespace {

constexpr DocId window_size = 4096;
constexpr DocId strip_size = 32;
constexpr unsigned windows_between_stops = 64;

class MaxScore {
 public:
  MaxScore(const ScoringContext& context, std::span<const ScoredTerm> terms, Gate& gate, TopK& top)
      : context_(context), gate_(gate), top_(top), documents_(context.segment.documents()) {
    terms_.reserve(terms.size());
    for (const ScoredTerm& term : terms) {
      Term& made = terms_.emplace_back(context.segment.postings(term.entry), term.weight);
      if (made.cursor.document() == no_document) {
        terms_.pop_back();
        continue;
      }
      made.bound = context.bm25.at_most(term.weight, made.cursor.list_bound());
    }
    std::ranges::sort(terms_, {}, &Term::bound);
    float sum = 0;
    for (Term& term : terms_) term.sum = sum += term.bound;
  }

  void run(const std::stop_token& stop) {
    unsigned windows = 0;
    while (start_ < documents_) {
      if (++windows % windows_between_stops == 0 && stop.stop_requested()) return;
      while (essential_ < terms_.size() && terms_[essential_].sum <= top_.threshold()) ++essential_;
      if (essential_ == terms_.size()) return;
      if (essential_ + 1 == terms_.size()) {
        block_of_one();
      } else {
        window();
      }
    }
  }

 private:
  struct Term {
    Term(const PostingCursor& postings, float its_weight) : cursor(postings), weight(its_weight) {}
    PostingCursor cursor;
    float weight;
    float bound = 0;       // the most it adds to any score
    float sum = 0;         // of the bounds up to its own
    float window_sum = 0;  // the same in the current window
  };

  [[nodiscard]] float sum_below(std::size_t term) const {
    return term == 0 ? 0 : terms_[term - 1].sum;
  }

  // One essential word: block after block of its list.
  void block_of_one() {
    Term& term = terms_[essential_];
    if (!term.cursor.look_ahead(start_)) {
      start_ = documents_;
      return;
    }
    const DocId end = term.cursor.ahead_last();
    const float below = sum_below(essential_);
    const float most = context_.bm25.at_most(term.weight, term.cursor.ahead_bound()) + below;
    if (most > top_.threshold()) walk_one(term, end, below);
    start_ = end + 1;
  }

  void walk_one(Term& term, DocId end, float below) {
    term.cursor.seek(start_);
    for (auto run = term.cursor.run_until(end); run.size != 0; run = term.cursor.run_until(end)) {
      score_run(context_.bm25, context_.segment, run, term.weight, run_scores_);
      for (std::size_t i = 0; i < run.size; ++i) {
        const float score = run_scores_[i];
        if (score + below > top_.threshold()) complete(run.documents[i], score, essential_);
      }
      term.cursor.advance(run.size);
    }
  }

  void window() {
    const DocId end = std::min(start_ + (window_size - 1), documents_ - 1);
    // What the essential words can add here; and which of them are essential here.
    std::size_t first = essential_;
    float sum = sum_below(essential_);
    bool has_any = false;
    for (std::size_t i = essential_; i < terms_.size(); ++i) {
      Term& term = terms_[i];
      if (term.cursor.look_ahead(start_)) {
        sum += context_.bm25.at_most(term.weight, term.cursor.ahead_bound_until(end));
        has_any = true;
      }
      term.window_sum = sum;
      if (sum <= top_.threshold()) first = i + 1;
    }
    if (!has_any) {
      start_ = documents_;
      return;
    }
    if (first + 1 == terms_.size()) {
      const float below = first == essential_ ? sum_below(first) : terms_[first - 1].window_sum;
      const std::size_t kept = std::exchange(essential_, first);
      walk_one(terms_[first], end, below);
      essential_ = kept;
    } else if (first < terms_.size()) {
      if (const DocId nearest = go_to_start(first); nearest > end) {
        start_ = first == essential_ ? nearest : end + 1;
        return;
      }
      add_up(first, end);
      const float below = first == essential_ ? sum_below(first) : terms_[first - 1].window_sum;
      collect(first, below);
    }
    start_ = end + 1;
  }

  DocId go_to_start(std::size_t first) {
    DocId nearest = no_document;
    for (std::size_t i = first; i < terms_.size(); ++i) {
      terms_[i].cursor.seek(start_);
      nearest = std::min(nearest, terms_[i].cursor.document());
    }
    return std::min(nearest, documents_);
  }

  void add_up(std::size_t first, DocId end) {
    for (std::size_t i = first; i < terms_.size(); ++i) {
      PostingCursor& cursor = terms_[i].cursor;
      for (auto run = cursor.run_until(end); run.size != 0; run = cursor.run_until(end)) {
        score_run(context_.bm25, context_.segment, run, terms_[i].weight, run_scores_);
        for (std::size_t posting = 0; posting < run.size; ++posting) {
          // Outside of the window only in a damaged list.
          const DocId place = std::min(run.documents[posting] - start_, window_size);
          scores_[place] += run_scores_[posting];
        }
        cursor.advance(run.size);
      }
    }
  }

  // A strip at a time: most have nothing that may get in, and the comparison is one of vectors.
  void collect(std::size_t first, float below) {
    for (DocId strip = 0; strip < window_size; strip += strip_size) {
      const float least = std::max(top_.threshold() - below, 0.0F);
      float best = 0;
      for (DocId i = 0; i < strip_size; ++i) best = std::max(best, scores_[strip + i]);
      if (best <= least) continue;
      for (DocId place = strip; place < strip + strip_size; ++place) {
        const float score = scores_[place];
        if (score > 0 && score + below > top_.threshold()) complete(start_ + place, score, first);
      }
    }
    scores_.fill(0);
  }

  // Adds what the words before `first` give, as long as the document may get in.
  void complete(DocId document, float score, std::size_t first) {
    for (std::size_t i = first; i-- > 0;) {
      Term& term = terms_[i];
      const float below = sum_below(i);
      if (score + below + term.bound <= top_.threshold()) return;
      if (!term.cursor.look_ahead(document)) continue;
      const float here = context_.bm25.at_most(term.weight, term.cursor.ahead_bound());
      if (score + below + here <= top_.threshold()) return;
      term.cursor.seek(document);
      if (term.cursor.document() != document) continue;
      score += context_.bm25.score(term.weight, term.cursor.frequency(),
                                   context_.segment.length(document));
    }
    if (score > top_.threshold() && gate_.admits(document)) {
      top_.offer(context_.segment.key(document), score);
    }
  }

  const ScoringContext context_;
  Gate& gate_;
  TopK& top_;
  const DocId documents_;
  std::vector<Term> terms_;  // by ascending bound
  std::size_t essential_ = 0;
  DocId start_ = 0;
  std::array<float, window_size + 1> scores_{};  // of the window; the last is nobody's
  RunScores run_scores_{};
};

}  // namespace

void search_any(const ScoringContext& context,
                std::span<const ScoredTerm> terms,
                Gate& gate,
                TopK& top,
                const std::stop_token& stop) {
  MaxScore(context, terms, gate, top).run(stop);
}

}  // namespace hearth::search::text
