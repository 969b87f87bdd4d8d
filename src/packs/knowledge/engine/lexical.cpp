#include "packs/knowledge/engine/lexical.hpp"

#include <algorithm>
#include <cmath>
#include <ranges>
#include <string>
#include <unordered_map>
#include <unordered_set>
#include <utility>

#include "packs/knowledge/engine/text_leg.hpp"
#include "search/text/bm25.hpp"
#include "search/text/expansion.hpp"
#include "search/text/resolve.hpp"
#include "search/text/snapshot.hpp"
#include "search/text/snippet.hpp"

namespace hearth::packs::knowledge {
namespace {

using search::Snapshot;
using search::text::Query;
using search::text::ResolvedQuery;

// Words that questions are made of and hardly any entry is about.
constexpr std::string_view common_words =
    "a about all am an and any are as at be been but by can could did do does for from get had has "
    "have how i if in into is it its may me must my need no not of on or our should so than that "
    "the their then there these they this to us use used was we were what when where which while "
    "who whose why will with would you your";

const std::unordered_set<std::string>& common_terms() {
  static const std::unordered_set<std::string> terms = [] {
    std::unordered_set<std::string> all;
    // One at a time: a query has at most so many words.
    for (const auto word : std::views::split(common_words, ' ')) {
      all.insert(parse_words(std::string_view(word.begin(), word.end())).query.term);
    }
    return all;
  }();
  return terms;
}

bool is_common(const Query& query) {
  return query.kind == Query::Kind::term && common_terms().contains(query.term);
}

// What all occurrences of all its words could add up to.
float best_of(const ResolvedQuery& query) {
  float best = 0;
  for (const auto& term : query.terms) best += term.weight;
  for (const ResolvedQuery& each : query.must) best += best_of(each);
  // Of the ways in which a word is spelt an entry has one.
  float way = 0;
  for (const ResolvedQuery& each : query.should) way = std::max(way, best_of(each));
  return best + way;
}

bool is_known(const Snapshot& snapshot, const std::string& term) {
  return std::ranges::any_of(snapshot.parts, [&](const search::Part& part) {
    return search::text::segment_of(part).find_term(term).has_value();
  });
}

bool is_ascii(std::string_view term) {
  return std::ranges::all_of(term, [](char c) { return (c & 0x80) == 0; });
}

// Short words have too many neighbours.
unsigned edits_of(const std::string& term) {
  if (!is_ascii(term) || term.size() < 4) return 0;
  return term.size() < 8 ? 1 : 2;
}
bool may_be_a_beginning(const std::string& term) {
  return term.size() >= (is_ascii(term) ? 5 : 8);
}

// The words that somebody may have meant by one that no entry has: those that begin as it was typed
// (`whole`; stems begin more words: recipe, recipient), or else those that are spelt most like it
// and begin with its first letter. Whoever mistypes a word seldom mistypes that one, and what
// differs there is mostly another word (empress, compress).
std::vector<std::string> guesses_of(const Snapshot& snapshot,
                                    const std::string& term,
                                    const std::string& whole) {
  std::vector<std::string> guesses;
  if (may_be_a_beginning(whole)) {
    for (auto& each : search::text::expand_prefix(snapshot, whole).terms) {
      guesses.push_back(std::move(each.term));
    }
  }
  if (!guesses.empty() || edits_of(term) == 0) return guesses;
  float nearest = 0;
  for (auto& each : search::text::expand_fuzzy(snapshot, term, edits_of(term)).terms) {
    if (each.term.front() != term.front() || common_terms().contains(each.term)) continue;
    nearest = std::max(nearest, each.boost);
    if (each.boost == nearest) guesses.push_back(std::move(each.term));
  }
  return guesses;
}

struct Typed {
  Query query;
  std::string whole;  // the word without stemming; empty where it is no single word
};

// What a query is made of, without its common words unless there is nothing else.
std::vector<Typed> typed_words(Query query, std::string_view text, bool is_plain) {
  const Query unstemmed = search::text::parse_query(text, search::text::Joined::any).query;
  std::vector<Typed> words;
  if (query.kind != Query::Kind::boolean || !is_plain) {
    words.push_back({std::move(query), unstemmed.term});
    return words;
  }
  const bool is_aligned = unstemmed.should.size() == query.should.size();
  for (std::size_t i = 0; i < query.should.size(); ++i) {
    words.push_back({std::move(query.should[i]), is_aligned ? unstemmed.should[i].term : ""});
  }
  if (!std::ranges::all_of(words, is_common, &Typed::query)) {
    std::erase_if(words, [](const Typed& each) { return is_common(each.query); });
  }
  return words;
}

enum class Found : std::uint8_t { known, guessed, unknown };

// Puts what may have been meant in the place of a word that no entry has.
Found look_up(const Snapshot& snapshot, Typed& word) {
  Query& query = word.query;
  if (query.kind != Query::Kind::term || is_known(snapshot, query.term)) return Found::known;
  std::vector<Query> ways;
  for (std::string& each : guesses_of(snapshot, query.term, word.whole)) {
    ways.push_back(Query::of_term(std::move(each)));
  }
  if (ways.empty()) return Found::unknown;
  query = Query::any_of(std::move(ways));
  return Found::guessed;
}

// What an entry could score that has all the words of a query. It counts more what is a guess or
// is not there at all: a query about something else has a word in common with some entry easily.
class Best {
 public:
  explicit Best(const Snapshot& snapshot)
      : of_unknown_(search::text::bm25_weight(search::text::bm25_idf(
                        search::text::collection_of(snapshot).documents, 0)) *
                    doubt) {}
  void add(Found found, float best) {
    if (found == Found::unknown) {
      ++unknown_;
      return;
    }
    const float counted = found == Found::guessed ? best * doubt : best;
    sum_ += counted;
    most_ = std::max(most_, counted);
  }
  [[nodiscard]] float score() const {
    const float each = most_ > 0 ? std::min(of_unknown_, most_of_unknown * most_) : of_unknown_;
    return sum_ + static_cast<float>(unknown_) * each;
  }

 private:
  static constexpr float doubt = 1.4F;
  static constexpr float most_of_unknown = 2;  // times the rarest word that is there
  const float of_unknown_;
  float sum_ = 0;
  float most_ = 0;
  std::size_t unknown_ = 0;
};

// From BM25, as a share of the best there could be, to how sure: fitted to how many hits of a share
// are right (tests/data/judged). Half the words of a query, once in an entry of average length, are
// a share of 0.23, all of them 0.45, and more in a title.
constexpr float evens = 0.31F;
constexpr float step = 0.05F;  // for each, the odds grow by e

// What is left of the doubt when an entry has every word of a query: of several, the only one, and
// all those that any entry has. No entry with some of several words is as sure as one with all.
constexpr float doubt_with_all = 0.1F;
constexpr float doubt_with_the_one = 0.4F;
constexpr float doubt_with_all_known = 0.75F;
constexpr float most_with_some = 0.9F;

enum class Has : std::uint8_t { some, all_known, all };

float confidence(float score, const LexicalQuery& query, Has has) {
  const float share = query.best_score <= 0 ? 0.0F : std::min(score / query.best_score, 1.0F);
  const float doubt = 1.0F / (1.0F + std::exp((share - evens) / step));
  if (has == Has::all) {
    return 1.0F - (query.is_one_word ? doubt_with_the_one : doubt_with_all) * doubt;
  }
  return most_with_some * (1.0F - (has == Has::all_known ? doubt_with_all_known : 1.0F) * doubt);
}

// What a hit of query.any has, and one of query.all.
Has has_any(const LexicalQuery& query) {
  return query.is_one_word && !query.has_unknown ? Has::all : Has::some;
}
Has has_with_all(const LexicalQuery& query) {
  return query.has_unknown ? Has::all_known : Has::all;
}

// Without a + or - at its top: all entries may be found.
bool is_plain(const Query& query) {
  return query.kind != Query::Kind::boolean || (query.must.empty() && query.must_not.empty());
}

}  // namespace

search::text::ParsedQuery parse_words(std::string_view text) {
  return search::text::parse_query(text, search::text::Joined::any, stemming);
}

std::string excerpt(std::string_view text, const search::text::Query& query) {
  return search::text::snippet(text, query, {}, stemming);
}

Binding binding_of(const search::text::ParsedQuery& parsed, std::string_view text) {
  Binding binding;
  const Query& query = parsed.query;
  if (query.kind == Query::Kind::nothing) return binding;
  if (is_plain(query)) {
    binding.wanted = text;
    return binding;
  }
  if (!query.must.empty()) binding.must = Query::all_of(query.must);
  if (!query.must_not.empty()) binding.must_not = Query::any_of(query.must_not);
  binding.wanted = parsed.wanted;
  return binding;
}

LexicalQuery lexical_query(const Snapshot& snapshot,
                           search::text::ParsedQuery parsed,
                           std::string_view text) {
  LexicalQuery result;
  result.left_out = parsed.left_out;
  result.is_empty = parsed.query.kind == Query::Kind::nothing;
  if (result.is_empty) return result;
  const bool finds_all = is_plain(parsed.query);
  std::vector<Query> words;
  std::vector<Query> known;
  Best best(snapshot);
  for (Typed& each : typed_words(std::move(parsed.query), text, finds_all)) {
    const Found found = look_up(snapshot, each);
    best.add(found, best_of(search::text::resolve(snapshot, each.query).query));
    if (found == Found::known) known.push_back(each.query);
    words.push_back(std::move(each.query));
  }
  result.best_score = best.score();
  result.has_unknown = known.size() < words.size();
  if (finds_all && known.size() > 1) result.all = Query::all_of(std::move(known));
  result.is_one_word = words.size() == 1;
  result.any = Query::any_of(std::move(words));
  return result;
}

Result<LexicalHits> search_words(const Snapshot& snapshot,
                                 const LexicalQuery& query,
                                 const search::text::Filter& filter,
                                 std::size_t most,
                                 const std::stop_token& stop) {
  LexicalHits found;
  if (query.is_empty) {
    found.is_all = true;
    return found;
  }
  auto any = search::text::search(snapshot, query.any, filter, most, 0, stop);
  if (!any) return std::unexpected(std::move(any.error()));
  found.trust = any->trust;
  found.is_all = any->hits.size() < most;
  found.words_left_out = any->expansions_left_out;
  if (found.words_left_out > 0) found.is_all = false;
  const Has has = has_any(query);
  if (!found.is_all) found.best_unseen = confidence(any->hits.back().score, query, has);
  std::unordered_map<search::Key, float> scores;
  for (const search::Hit& hit : any->hits) scores[hit.key] = confidence(hit.score, query, has);
  if (query.all.kind != Query::Kind::nothing) {
    auto all = search::text::search(snapshot, query.all, filter, most, 0, stop);
    if (!all) return std::unexpected(std::move(all.error()));
    const Has has_all = has_with_all(query);
    for (const search::Hit& hit : all->hits) {
      // With the guesses it may have more.
      float& score = scores[hit.key];
      score = std::max(score, confidence(hit.score, query, has_all));
    }
    if (all->hits.size() == most) {
      found.best_unseen =
          std::max(found.best_unseen, confidence(all->hits.back().score, query, has_all));
    }
  }
  for (const auto& [key, score] : scores) found.hits.push_back({key, score});
  std::ranges::sort(found.hits, search::is_better);
  return found;
}

std::vector<float> score_words(const Snapshot& snapshot,
                               const LexicalQuery& query,
                               std::span<const search::Key> keys) {
  std::vector<float> sure(keys.size());
  const auto raise = [&](const Query& words, Has has) {
    const auto scores = search::text::scores(snapshot, words, keys);
    for (std::size_t i = 0; i < keys.size(); ++i) {
      if (scores[i] > 0) sure[i] = std::max(sure[i], confidence(scores[i], query, has));
    }
  };
  raise(query.any, has_any(query));
  if (query.all.kind != Query::Kind::nothing) raise(query.all, has_with_all(query));
  return sure;
}

}  // namespace hearth::packs::knowledge
