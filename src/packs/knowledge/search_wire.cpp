#include "packs/knowledge/search_wire.hpp"

#include <utility>

#include "packs/knowledge/common_wire.hpp"

namespace hearth::packs::knowledge::wire {

using json::defaulted;
using json::Notes;
using json::one_of;
using json::range;

namespace {

constexpr const char* score_text = "How sure, 0 to 1; comparable between queries";
constexpr std::int64_t most_offset = 10'000;
constexpr const char* min_score_text = "Leave out what is less sure; 0 keeps all";

}  // namespace

Notes notes(const SearchQuery*) {
  return {
      {"query",
       "What to find, in your own words. \"quoted words\" stand side by side, word* fits any "
       "ending, +word must and -word must not be there; AND, OR, NOT and ( ) work too",
       range(1, 4096)},
      {"mode", "hybrid: by words and by meaning; or only one of these",
       one_of({"hybrid", "words", "meaning"}) | defaulted},
      {"limit", "Most hits to return", range(1, 100) | defaulted},
      {"offset", "Hits to skip, for the next page", range(0, most_offset) | defaulted},
      {"kind", kind_filter_text, label_limits()},
      {"tags", tags_filter_text, tag_list_limits() | defaulted},
      {"properties", properties_filter_text},
      {"since", since_text},
      {"before", before_text},
      {"min_score", min_score_text, range(0, 1) | defaulted},
      {"superseded", "Also find what another entry has taken the place of", defaulted},
      {"fusion", "How both are joined: confidence, or ranks (reciprocal rank fusion) for the order",
       one_of({"confidence", "ranks"}) | defaulted},
      {"vector", "The query's vector, where the embedder takes the caller's", range(1, 8192)}};
}
Notes notes(const SearchHit*) {
  return {{"id", "Id for knowledge_get"},
          {"title", ""},
          {"kind", ""},
          {"snippet", "Passage of the text, the words found between ** and **"},
          {"score", score_text},
          {"by_words", "The evidence of its words; absent when it has none"},
          {"by_meaning", "The evidence of its meaning; absent when it has none"},
          {"tags", ""},
          {"source", source_text},
          {"superseded", "Present and true when another entry has taken its place"},
          {"updated_at", time_text}};
}
Notes notes(const SearchAnswer*) {
  return {{"hits", "Best first; empty when nothing is sure enough"},
          {"total", "Hits there are; absent when not all were looked at"},
          {"truncated", "Whether there are more hits after these"},
          {"next_offset", "The offset of the next page, if there is one that can be asked for"},
          {"unverified", unverified_text},
          {"degraded", degraded_text}};
}
Notes notes(const SimilarQuery*) {
  return {{"id", id_text, id_limits()},
          {"limit", "Most hits to return", range(1, 100) | defaulted},
          {"kind", kind_filter_text, label_limits()},
          {"tags", tags_filter_text, tag_list_limits() | defaulted},
          {"min_score", min_score_text, range(0, 1) | defaulted}};
}
Notes notes(const SuggestQuery*) {
  return {{"typed", "What was typed so far: the last word may be unfinished, others misspelt",
           range(1, 500)},
          {"limit", "Most entries to return", range(1, 50) | defaulted}};
}
Notes notes(const Suggestion*) {
  return {{"id", "Id for knowledge_get"},
          {"title", ""},
          {"kind", ""},
          {"score", "Of the best of this answer, 0 to 1"}};
}
Notes notes(const SuggestAnswer*) {
  return {{"entries", "Likeliest first; those with it in their title before others"},
          {"truncated", "Whether there are more"},
          {"degraded", degraded_text}};
}
Notes notes(const ReindexRequest*) {
  return {{"index", "Which index to make again", one_of({"all", "words", "meaning"}) | defaulted}};
}
Notes notes(const ReindexAnswer*) {
  return {{"started", "Indexes that are made again now, in the background"}};
}

Result<SearchRequest> to_search(const SearchQuery& query, std::int64_t now_ms) {
  auto filter =
      to_filter({query.kind, query.tags, query.properties, query.since, query.before}, now_ms);
  if (!filter) return std::unexpected(std::move(filter.error()));
  filter->with_superseded = query.superseded;
  SearchRequest request;
  request.query = query.query;
  if (query.vector) request.vector = to_floats(*query.vector);
  request.mode = query.mode == "words"     ? SearchMode::words
                 : query.mode == "meaning" ? SearchMode::vectors
                                           : SearchMode::hybrid;
  request.fusion = query.fusion == "ranks" ? Fusion::ranks : Fusion::confidence;
  request.filter = std::move(*filter);
  request.limit = query.limit;
  request.offset = query.offset;
  request.least_score = query.min_score;
  return request;
}

SearchAnswer to_answer(SearchPage page, std::int64_t offset, std::int64_t limit) {
  SearchAnswer answer;
  answer.total = page.total;
  answer.truncated = page.is_more;
  if (page.is_unverified) answer.unverified = true;
  answer.degraded = joined(page.degraded);
  if (page.is_more && offset + limit <= most_offset) answer.next_offset = offset + limit;
  for (Hit& hit : page.hits) {
    answer.hits.push_back({.id = std::move(hit.id),
                           .title = std::move(hit.title),
                           .kind = std::move(hit.kind),
                           .snippet = std::move(hit.snippet),
                           .score = hit.score,
                           .by_words = hit.by_words,
                           .by_meaning = hit.by_vector,
                           .tags = std::move(hit.tags),
                           .source = std::move(hit.source),
                           .superseded = hit.is_superseded ? std::optional(true) : std::nullopt,
                           .updated_at = time_of(hit.updated_ms)});
  }
  return answer;
}

SuggestAnswer to_suggestions(SearchPage page) {
  SuggestAnswer answer;
  answer.truncated = page.is_more;
  answer.degraded = joined(page.degraded);
  for (Hit& hit : page.hits) {
    answer.entries.push_back(
        {std::move(hit.id), std::move(hit.title), std::move(hit.kind), hit.score});
  }
  return answer;
}

}  // namespace hearth::packs::knowledge::wire
