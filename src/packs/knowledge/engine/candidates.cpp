#include "packs/knowledge/engine/candidates.hpp"

#include <algorithm>
#include <bit>
#include <memory>
#include <unordered_map>
#include <utility>

#include "packs/knowledge/engine/filter.hpp"
#include "packs/knowledge/engine/lexical.hpp"
#include "packs/knowledge/engine/semantic.hpp"

namespace hearth::packs::knowledge {
namespace {

// Listed by a leg at first, beyond what is wanted: what one ranks low the other may rank high.
constexpr std::size_t listed_beyond = 16;
constexpr std::size_t least_words = 128;
constexpr std::size_t least_vectors = 64;  // these cost more
// A list grows by this, up to the most; what is then still open, many entries that fit alike, is
// left open.
constexpr std::size_t growth = 4;
constexpr std::size_t most_listed = 4096;

constexpr double rrf_k = 60;  // Cormack, Clarke & Büttcher 2009

// What the evidence of vectors counts beside that of words when an embedder knows only how words
// are written: it sees again what the words have shown, and where they have shown nothing it is
// mostly wrong (tests/data/judged).
constexpr double trust_in_spelling = 0.4;

const char* const damaged_vectors =
    "the index of vectors is damaged and being made again; hits may be missing";

// What a leg found when it was asked for that many.
template <typename Hits>
struct Listed {
  std::size_t asked = 0;
  Hits found;
};

// By how sure both legs are together.
class Fused {
 public:
  using Leg = std::optional<double> Candidate::*;

  // What a leg has listed.
  void list(const std::vector<search::Hit>& hits, Leg leg) {
    std::size_t rank = 0;
    for (const search::Hit& hit : hits) {
      note(hit.key, hit.score, leg);
      ranks_[hit.key] += 1.0 / (rrf_k + static_cast<double>(++rank));
    }
  }
  // Those that only the other leg has listed.
  [[nodiscard]] std::vector<search::Key> without(Leg leg) const {
    std::vector<search::Key> keys;
    for (const auto& [key, candidate] : candidates_) {
      if (!(candidate.*leg)) keys.push_back(key);
    }
    return keys;
  }
  void note(search::Key key, float sure, Leg leg) {
    Candidate& candidate = candidates_[key];
    candidate.n = static_cast<std::int64_t>(key);
    candidate.*leg = std::max<double>(sure, (candidate.*leg).value_or(0));
  }
  // `trust` is what the evidence of vectors counts.
  std::vector<Candidate> take(Fusion fusion, double trust, double least_score) {
    std::vector<Candidate> all;
    for (auto& [key, candidate] : candidates_) {
      candidate.score =
          1 - (1 - candidate.by_words.value_or(0)) * (1 - trust * candidate.by_vector.value_or(0));
      for (const Leg leg : {&Candidate::by_words, &Candidate::by_vector}) {
        if (candidate.*leg == 0.0) (candidate.*leg).reset();  // that is no evidence
      }
      if (candidate.score >= least_score) all.push_back(candidate);
    }
    const auto value = [&](const Candidate& each) {
      return fusion == Fusion::ranks ? ranks_.at(static_cast<search::Key>(each.n)) : each.score;
    };
    std::ranges::sort(all, [&](const Candidate& a, const Candidate& b) {
      const double of_a = value(a);
      const double of_b = value(b);
      return of_a != of_b ? of_a > of_b : a.n < b.n;
    });
    return all;
  }

 private:
  std::unordered_map<search::Key, Candidate> candidates_;
  std::unordered_map<search::Key, double> ranks_;
};

// The query's vector, or why there is none. That of a caller was checked.
Result<std::vector<float>> query_vector(KnowledgeStore& store,
                                        const EmbeddingModel& model,
                                        const SearchRequest& request,
                                        const std::string& text,
                                        const std::stop_token& stop) {
  if (!request.vector.empty()) return request.vector;
  auto vector = store.embed_query(text, stop);
  if (vector && vector->size() != model.dimensions) {
    return fail(Errc::unavailable, "the model answers with " + std::to_string(vector->size()) +
                                       " dimensions now, and the index has " +
                                       std::to_string(model.dimensions) +
                                       "; restart the daemon to take the new ones");
  }
  return vector;
}

// What vectors must be of, beside the filter: entries with the words that must be there, and
// without those that must not.
Result<void> bind_operators(const search::Snapshot& texts,
                            const Binding& binding,
                            KeyFilter& keys,
                            const std::stop_token& stop) {
  using search::text::Query;
  const auto narrow = [&](const Query& query, bool is_wanted) -> Result<void> {
    if (query.kind == Query::Kind::nothing) return {};
    const auto set = std::make_shared<EntrySet>(keys.newest);
    auto done = search::text::match(
        texts, query, [&](search::Key key) { set->add(static_cast<std::int64_t>(key)); }, stop);
    if (!done) return done;
    keys.vectors = [set, is_wanted, allows = std::move(keys.vectors)](search::Key key) {
      return set->contains(static_cast<std::int64_t>(key)) == is_wanted && (!allows || allows(key));
    };
    return {};
  };
  auto done = narrow(binding.must, true);
  return done ? narrow(binding.must_not, false) : done;
}

Result<void> check(const SearchRequest& request, const VectorLeg* vectors) {
  if (vectors == nullptr || request.vector.empty()) return {};
  const EmbeddingModel& model = vectors->kind().model;
  if (request.vector.size() == model.dimensions) return {};
  return fail(Errc::invalid_args, "vector: has " + std::to_string(request.vector.size()) +
                                      " numbers; those of " + model.name + " have " +
                                      std::to_string(model.dimensions));
}

// The leg of vectors, if it can answer. That it cannot is told, and no error, but for a call that
// is wrong or was stopped.
Result<std::optional<SemanticQuery>> vector_leg(KnowledgeStore& store,
                                                const SearchRequest& request,
                                                const search::Snapshot& texts,
                                                const Binding& binding,
                                                KeyFilter& keys,
                                                const std::stop_token& stop,
                                                Candidates& answer) {
  const auto vectors = store.vectors();
  if (auto fits = check(request, vectors.get()); !fits) {
    return std::unexpected(std::move(fits.error()));
  }
  if (const auto lacks = store.vectors_lack()) {
    answer.degraded.push_back((vectors ? "by meaning only in part: " : "not by meaning: ") +
                              *lacks);
  }
  if (!vectors || (request.vector.empty() && binding.wanted.empty())) return std::nullopt;
  auto vector = query_vector(store, vectors->kind().model, request, binding.wanted, stop);
  if (stop.stop_requested()) return fail(Errc::cancelled, "search: stopped");
  if (!vector) {
    answer.degraded.push_back("not by meaning: " + vector.error().message);
    return std::nullopt;
  }
  if (auto done = bind_operators(texts, binding, keys, stop); !done) {
    return std::unexpected(std::move(done.error()));
  }
  SemanticQuery query{.index = vectors->index(),
                      .among = {},
                      // Its measure of the unrelated may have grown better since it was opened.
                      .model = store.embedder()->model().value_or(vectors->kind().model),
                      .vector = std::move(*vector)};
  if (keys.vectors) query.among = query.index->select(keys.vectors);
  return query;
}

// One search at work.
class Search {
 public:
  Search(KnowledgeStore& store, const SearchRequest& request, const std::stop_token& stop)
      : store_(store), request_(request), stop_(stop) {}

  Result<Candidates> run(store::Database& reader, std::size_t most) {
    if (auto done = begin(reader); !done) return std::unexpected(std::move(done.error()));
    const std::size_t length = std::bit_ceil(most + listed_beyond);
    Lengths lengths{.words = std::max(length, least_words),
                    .vectors = std::max(length, least_vectors)};
    do {
      auto best = list(lengths);
      if (!best) return std::unexpected(std::move(best.error()));
      answer_.best_first = std::move(*best);
    } while (!is_enough(most) && grow(lengths, most));
    if (uses_texts_) note_trust(store_, texts_->trust(), damaged_text, answer_);
    if (by_vector_) note_trust(store_, by_vector_->found.trust, damaged_vectors, answer_);
    if (const std::size_t left_out = words_left_out(); left_out > 0) {
      answer_.degraded.push_back(
          "a beginning of words (*) stands for more words than are looked for: " +
          std::to_string(left_out) + " were left out");
    }
    return std::move(answer_);
  }

 private:
  struct Lengths {
    std::size_t words = 0;
    std::size_t vectors = 0;
  };

  Result<void> begin(store::Database& reader) {
    const auto filter = clean_filter(request_.filter);
    if (!filter) return std::unexpected(filter.error());
    if (auto done = store_.begin_search(reader); !done) return done;
    const bool is_by_words = request_.mode != SearchMode::vectors;
    const bool is_by_vectors = request_.mode != SearchMode::words;
    texts_ = store_.text().index()->snapshot();
    Binding binding;
    if (request_.is_text) {
      binding.wanted = request_.query;
    } else {
      auto parsed = parse_words(request_.query);
      binding = binding_of(parsed, request_.query);
      if (is_by_words) words_ = lexical_query(*texts_, std::move(parsed), request_.query);
    }
    auto keys = key_filter(store_, reader, *filter, *texts_, is_by_vectors);
    if (!keys) return std::unexpected(std::move(keys.error()));
    keys_ = std::move(*keys);
    uses_texts_ = is_by_words || keys_.is_of_text_index;
    if (const auto lacks = uses_texts_ ? store_.text_lacks() : std::nullopt) {
      answer_.degraded.push_back(*lacks);
    }
    if (words_ && words_->left_out > 0) {
      answer_.degraded.push_back("the query is long: its last " + std::to_string(words_->left_out) +
                                 " words were not looked for");
    }
    if (!is_by_vectors) return {};
    auto leg = vector_leg(store_, request_, *texts_, binding, keys_, stop_, answer_);
    if (!leg) return std::unexpected(std::move(leg.error()));
    vectors_ = std::move(*leg);
    return {};
  }

  [[nodiscard]] double trust() const {
    const bool knows_spelling_only =
        store_.embedder() != nullptr && store_.embedder()->source() == VectorSource::immediate;
    return request_.mode == SearchMode::hybrid && knows_spelling_only ? trust_in_spelling : 1;
  }

  // A list that has not grown is kept.
  Result<std::vector<Candidate>> list(const Lengths& lengths) {
    Fused fused;
    answer_.is_all = true;
    if (words_) {
      if (!by_words_ || by_words_->asked != lengths.words) {
        auto found = search_words(*texts_, *words_, keys_.words, lengths.words, stop_);
        if (!found) return std::unexpected(std::move(found.error()));
        by_words_ = {lengths.words, std::move(*found)};
      }
      answer_.is_all = by_words_->found.is_all;
      fused.list(by_words_->found.hits, &Candidate::by_words);
    }
    if (vectors_) {
      if (!by_vector_ || by_vector_->asked != lengths.vectors) {
        auto found = search_vectors(*vectors_, lengths.vectors);
        if (!found) return std::unexpected(std::move(found.error()));
        by_vector_ = {lengths.vectors, std::move(*found)};
      }
      answer_.is_all = answer_.is_all && by_vector_->found.is_all;
      fused.list(by_vector_->found.hits, &Candidate::by_vector);
    }
    if (words_ && vectors_) {
      if (auto done = ask_each_other(fused); !done) return std::unexpected(std::move(done.error()));
    }
    return fused.take(request_.fusion, trust(), request_.least_score);
  }

  Result<void> ask_each_other(Fused& fused) const {
    const auto of_vectors = fused.without(&Candidate::by_words);
    const auto of_words = fused.without(&Candidate::by_vector);
    const auto by_words = score_words(*texts_, *words_, of_vectors);
    const auto by_vector = score_vectors(*vectors_, of_words);
    if (!by_vector) return std::unexpected(by_vector.error());
    for (std::size_t i = 0; i < of_vectors.size(); ++i) {
      fused.note(of_vectors[i], by_words[i], &Candidate::by_words);
    }
    for (std::size_t i = 0; i < of_words.size(); ++i) {
      fused.note(of_words[i], (*by_vector)[i], &Candidate::by_vector);
    }
    return {};
  }

  // What is not listed is at most so sure.
  [[nodiscard]] double most_unseen() const {
    const double by_words = by_words_ ? by_words_->found.best_unseen : 0;
    return 1 - (1 - by_words) * (1 - most_unseen_by_vector());
  }
  [[nodiscard]] double most_unseen_by_vector() const {
    return by_vector_ ? trust() * by_vector_->found.best_unseen : 0;
  }
  [[nodiscard]] std::size_t words_left_out() const {
    return by_words_ ? by_words_->found.words_left_out : 0;
  }
  // What is not listed must be less sure than that to be none of the best `most`.
  [[nodiscard]] double bar(std::size_t most) const {
    const auto& best = answer_.best_first;
    return most > 0 && best.size() >= most ? best[most - 1].score : request_.least_score;
  }

  // Whether what is not listed could not be among the best `most`.
  bool is_enough(std::size_t most) {
    if (answer_.is_all) return true;
    if (most_unseen() < request_.least_score) {
      answer_.is_all = words_left_out() == 0;
      return true;
    }
    return request_.fusion == Fusion::ranks || most_unseen() < bar(most);
  }

  // Lengthens the lists that leave too much unseen; false when none may grow.
  [[nodiscard]] bool grow(Lengths& lengths, std::size_t most) const {
    const bool is_for_vectors = most_unseen_by_vector() >= bar(most);
    std::size_t& length = is_for_vectors ? lengths.vectors : lengths.words;
    if (length >= most_listed) return false;
    length *= growth;
    return true;
  }

  KnowledgeStore& store_;
  const SearchRequest& request_;
  const std::stop_token& stop_;
  std::shared_ptr<const search::Snapshot> texts_;
  KeyFilter keys_;
  std::optional<LexicalQuery> words_;     // the legs that answer
  std::optional<SemanticQuery> vectors_;  //
  bool uses_texts_ = false;
  std::optional<Listed<LexicalHits>> by_words_;
  std::optional<Listed<SemanticHits>> by_vector_;
  Candidates answer_;
};

}  // namespace

void note_trust(KnowledgeStore& store,
                search::Trust trust,
                const char* damaged,
                Candidates& answer) {
  if (trust == search::Trust::unverified) answer.is_unverified = true;
  if (trust != search::Trust::damaged) return;
  answer.degraded.emplace_back(damaged);
  store.look_after_indexes();
}

Result<Candidates> find_candidates(KnowledgeStore& store,
                                   store::Database& reader,
                                   const SearchRequest& request,
                                   std::size_t most,
                                   const std::stop_token& stop) {
  return Search(store, request, stop).run(reader, most);
}

}  // namespace hearth::packs::knowledge
