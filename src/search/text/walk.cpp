#include "search/text/walk.hpp"

#include <algorithm>
#include <utility>

namespace hearth::search::text {
namespace {

class TermWalk final : public Walk {
 public:
  TermWalk(const ScoringContext& context, const TermEntry& entry, float weight)
      : context_(context), cursor_(context.segment.postings(entry)), weight_(weight) {}
  DocId document() const override { return cursor_.document(); }
  void next() override { cursor_.next(); }
  void seek(DocId target) override { cursor_.seek(target); }
  float score() override {
    if (weight_ == 0) return 0;
    return context_.bm25.score(weight_, cursor_.frequency(),
                               context_.segment.length(cursor_.document()));
  }
  std::uint64_t cost() const override { return cursor_.count(); }

 private:
  const ScoringContext context_;
  PostingCursor cursor_;
  const float weight_;
};

// The rarest leads; the others are asked for its documents.
class AllWalk final : public Walk {
 public:
  explicit AllWalk(std::vector<WalkPtr> walks) : walks_(std::move(walks)) {
    std::ranges::sort(walks_, {}, &Walk::cost);
    agree();
  }
  DocId document() const override { return walks_.front()->document(); }
  void next() override {
    walks_.front()->next();
    agree();
  }
  void seek(DocId target) override {
    walks_.front()->seek(target);
    agree();
  }
  float score() override {
    float sum = 0;
    for (const WalkPtr& walk : walks_) sum += walk->score();
    return sum;
  }
  std::uint64_t cost() const override { return walks_.front()->cost(); }

 private:
  void agree() {
    for (std::size_t i = 1; i < walks_.size();) {
      const DocId target = walks_.front()->document();
      if (target == no_document) return;
      walks_[i]->seek(target);
      if (walks_[i]->document() == target) {
        ++i;
        continue;
      }
      walks_.front()->seek(walks_[i]->document());
      i = 1;
    }
  }

  std::vector<WalkPtr> walks_;
};

class AnyWalk final : public Walk {
 public:
  explicit AnyWalk(std::vector<WalkPtr> walks) : walks_(std::move(walks)) { find_least(); }
  DocId document() const override { return document_; }
  void next() override {
    const DocId here = document_;
    for (const WalkPtr& walk : walks_) {
      if (walk->document() == here) walk->next();
    }
    find_least();
  }
  void seek(DocId target) override {
    if (document_ >= target) return;
    for (const WalkPtr& walk : walks_) walk->seek(target);
    find_least();
  }
  float score() override {
    float sum = 0;
    for (const WalkPtr& walk : walks_) {
      if (walk->document() == document_) sum += walk->score();
    }
    return sum;
  }
  std::uint64_t cost() const override {
    std::uint64_t sum = 0;
    for (const WalkPtr& walk : walks_) sum += walk->cost();
    return sum;
  }

 private:
  void find_least() {
    std::erase_if(walks_, [](const WalkPtr& walk) { return walk->document() == no_document; });
    document_ = no_document;
    for (const WalkPtr& walk : walks_) document_ = std::min(document_, walk->document());
  }

  std::vector<WalkPtr> walks_;
  DocId document_ = no_document;
};

class WithWalk final : public Walk {
 public:
  WithWalk(WalkPtr walk, WalkPtr more) : walk_(std::move(walk)), more_(std::move(more)) {}
  DocId document() const override { return walk_->document(); }
  void next() override { walk_->next(); }
  void seek(DocId target) override { walk_->seek(target); }
  float score() override {
    const DocId here = walk_->document();
    more_->seek(here);
    return walk_->score() + (more_->document() == here ? more_->score() : 0);
  }
  std::uint64_t cost() const override { return walk_->cost(); }

 private:
  WalkPtr walk_;
  WalkPtr more_;
};

class WithoutWalk final : public Walk {
 public:
  WithoutWalk(WalkPtr walk, WalkPtr less) : walk_(std::move(walk)), less_(std::move(less)) {
    leave_out();
  }
  DocId document() const override { return walk_->document(); }
  void next() override {
    walk_->next();
    leave_out();
  }
  void seek(DocId target) override {
    walk_->seek(target);
    leave_out();
  }
  float score() override { return walk_->score(); }
  std::uint64_t cost() const override { return walk_->cost(); }

 private:
  void leave_out() {
    for (;; walk_->next()) {
      const DocId here = walk_->document();
      if (here == no_document) return;
      less_->seek(here);
      if (less_->document() != here) return;
    }
  }

  WalkPtr walk_;
  WalkPtr less_;
};

class PhraseWalk final : public Walk {
 public:
  PhraseWalk(const ScoringContext& context, std::span<const PhraseTerm> terms) : context_(context) {
    for (const PhraseTerm& term : terms) {
      words_.push_back({context.segment.postings(term.entry),
                        context.segment.positions(term.entry),
                        term.weight,
                        term.offset,
                        {}});
    }
    // The rarest leads.
    std::ranges::sort(words_, {}, [](const Word& word) { return word.postings.count(); });
    find();
  }
  DocId document() const override { return words_.front().postings.document(); }
  void next() override {
    words_.front().postings.next();
    find();
  }
  void seek(DocId target) override {
    if (document() >= target) return;
    words_.front().postings.seek(target);
    find();
  }
  float score() override {
    float sum = 0;
    const std::uint32_t length = context_.segment.length(document());
    for (Word& word : words_) {
      sum += context_.bm25.score(word.weight, word.postings.frequency(), length);
    }
    return sum;
  }
  std::uint64_t cost() const override { return words_.front().postings.count(); }

 private:
  struct Word {
    PostingCursor postings;
    PositionCursor positions;
    float weight;
    std::uint32_t offset;
    std::vector<std::uint32_t> places;
  };

  void find() {
    for (;;) {
      const DocId here = document();
      if (here == no_document) return;
      DocId there = here;
      for (std::size_t i = 1; i < words_.size() && there == here; ++i) {
        words_[i].postings.seek(here);
        there = words_[i].postings.document();
      }
      if (there != here) {
        words_.front().postings.seek(there);
      } else if (has_phrase()) {
        return;
      } else {
        words_.front().postings.next();
      }
    }
  }

  bool has_phrase() {
    for (Word& word : words_) {
      if (!word.positions.read(word.postings.index(), word.places)) {
        context_.segment.generation().report_damage();
        return false;
      }
    }
    const Word& lead = words_.front();
    return std::ranges::any_of(lead.places, [&](std::uint32_t place) {
      return place >= lead.offset && std::ranges::all_of(words_, [&](const Word& word) {
               return std::ranges::binary_search(word.places, place - lead.offset + word.offset);
             });
    });
  }

  const ScoringContext context_;
  std::vector<Word> words_;
};

}  // namespace

WalkPtr walk_term(const ScoringContext& context, const TermEntry& entry, float weight) {
  return std::make_unique<TermWalk>(context, entry, weight);
}

WalkPtr walk_all(std::vector<WalkPtr> walks) {
  if (walks.size() == 1) return std::move(walks.front());
  return std::make_unique<AllWalk>(std::move(walks));
}

WalkPtr walk_any(std::vector<WalkPtr> walks) {
  if (walks.size() == 1) return std::move(walks.front());
  return std::make_unique<AnyWalk>(std::move(walks));
}

WalkPtr walk_with(WalkPtr walk, WalkPtr more) {
  return std::make_unique<WithWalk>(std::move(walk), std::move(more));
}

WalkPtr walk_without(WalkPtr walk, WalkPtr less) {
  return std::make_unique<WithoutWalk>(std::move(walk), std::move(less));
}

WalkPtr walk_phrase(const ScoringContext& context, std::span<const PhraseTerm> terms) {
  return std::make_unique<PhraseWalk>(context, terms);
}

}  // namespace hearth::search::text
