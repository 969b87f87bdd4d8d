#include "packs/knowledge/engine/lexical.hpp"

#include <algorithm>
#include <cmath>
#include <string>
#include <unordered_map>
#include <unordered_set>
#include <utility>

#include "packs/knowledge/engine/text_leg.hpp"
#include "search/text/bm25.hpp"
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
    "a about am an and are as at be been but by can did do does for from had has have how i if in "
    "into is it its me my of on or our so than that the their then there these they this to was we "
    "were what when where which who why will with would you your";

const std::unordered_set<std::string>& common_terms() {
  static const std::unordered_set<std::string> terms = [] {
    std::unordered_set<std::string> all;
    for (const Query& each : parse_words(common_words).query.should) {
      all.insert(each.term);
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

// Words of three letters and less have too many neighbours.
unsigned edits_of(const std::string& term) {
  const bool is_ascii = std::ranges::all_of(term, [](char c) { return (c & 0x80) == 0; });
  if (!is_ascii || term.size() < 4) return 0;
  return term.size() < 8 ? 1 : 2;
}

void forgive_spelling(const Snapshot& snapshot, Query& query) {
  if (query.kind != Query::Kind::term || is_known(snapshot, query.term)) return;
  if (const unsigned edits = edits_of(query.term); edits > 0) {
    query = Query::of_fuzzy(query.term, edits);
  }
}

// From BM25 to how sure: half the words of a query once in an entry of average length are worth
// about 0.4, all of them 0.75, and all of them in the title 0.9.
constexpr float steepness = 3.0F;
// What is left of the doubt when an entry has every word.
constexpr float doubt_with_all = 0.75F;

float confidence(float score, float best) {
  return best <= 0 ? 0.0F : 1.0F - std::exp(-steepness * std::min(score / best, 1.0F));
}

}  // namespace

search::text::ParsedQuery parse_words(std::string_view text) {
  return search::text::parse_query(text, search::text::Joined::any, stemming);
}

std::string excerpt(std::string_view text, const search::text::Query& query) {
  return search::text::snippet(text, query, {}, stemming);
}

LexicalQuery lexical_query(const Snapshot& snapshot, std::string_view text) {
  auto parsed = parse_words(text);
  LexicalQuery result;
  result.left_out = parsed.left_out;
  Query& query = parsed.query;
  result.is_empty = query.kind == Query::Kind::nothing;
  if (result.is_empty) return result;
  const bool is_plain =
      query.kind != Query::Kind::boolean || (query.must.empty() && query.must_not.empty());
  if (query.kind == Query::Kind::boolean && is_plain &&
      !std::ranges::all_of(query.should, is_common)) {
    std::erase_if(query.should, is_common);
  }
  std::vector<Query> words;
  if (query.kind == Query::Kind::boolean && is_plain) {
    words = std::move(query.should);
  } else {
    words.push_back(std::move(query));
  }
  const float of_unknown = search::text::bm25_weight(
      search::text::bm25_idf(search::text::collection_of(snapshot).documents, 0));
  for (Query& word : words) {
    forgive_spelling(snapshot, word);
    const float best = best_of(search::text::resolve(snapshot, word).query);
    result.best_score += best > 0 ? best : of_unknown;
  }
  if (is_plain && words.size() > 1) result.all = Query::all_of(words);
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
  std::unordered_map<search::Key, float> scores;
  for (const search::Hit& hit : any->hits) {
    scores[hit.key] = confidence(hit.score, query.best_score);
  }
  if (query.all.kind != Query::Kind::nothing) {
    auto all = search::text::search(snapshot, query.all, filter, most, 0, stop);
    if (!all) return std::unexpected(std::move(all.error()));
    for (const search::Hit& hit : all->hits) {
      const float doubt = 1.0F - confidence(hit.score, query.best_score);
      scores[hit.key] = 1.0F - doubt * doubt_with_all;
    }
  }
  for (const auto& [key, score] : scores) found.hits.push_back({key, score});
  std::ranges::sort(found.hits, search::is_better);
  return found;
}

}  // namespace hearth::packs::knowledge
