// What the tools that search take and give, as records of JSON.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "base/result.hpp"
#include "json/record.hpp"
#include "packs/knowledge/engine/search.hpp"

namespace hearth::packs::knowledge::wire {

struct SearchQuery {
  std::string query;
  std::string mode = "hybrid";
  std::int64_t limit = 10;
  std::int64_t offset = 0;
  std::optional<std::string> kind;
  std::vector<std::string> tags;
  std::optional<json::Raw> properties;
  std::optional<std::string> since;
  std::optional<std::string> before;
  double min_score = default_least_score;
  bool superseded = false;
  std::string fusion = "confidence";
  std::optional<std::vector<double>> vector;
};
BOOST_DESCRIBE_STRUCT(SearchQuery,
                      (),
                      (query,
                       mode,
                       limit,
                       offset,
                       kind,
                       tags,
                       properties,
                       since,
                       before,
                       min_score,
                       superseded,
                       fusion,
                       vector))
json::Notes notes(const SearchQuery*);

struct SearchHit {
  std::string id;
  std::string title;
  std::string kind;
  std::string snippet;
  double score = 0;
  std::optional<double> by_words;
  std::optional<double> by_meaning;
  std::vector<std::string> tags;
  std::optional<std::string> source;
  std::optional<bool> superseded;
  std::string updated_at;
};
BOOST_DESCRIBE_STRUCT(
    SearchHit,
    (),
    (id, title, kind, snippet, score, by_words, by_meaning, tags, source, superseded, updated_at))
json::Notes notes(const SearchHit*);

struct SearchAnswer {
  std::vector<SearchHit> hits;
  std::optional<std::int64_t> total;
  bool truncated = false;
  std::optional<std::int64_t> next_offset;
  std::optional<bool> unverified;
  std::optional<std::string> degraded;
};
BOOST_DESCRIBE_STRUCT(SearchAnswer, (), (hits, total, truncated, next_offset, unverified, degraded))
json::Notes notes(const SearchAnswer*);

struct SimilarQuery {
  std::string id;
  std::int64_t limit = 10;
  std::optional<std::string> kind;
  std::vector<std::string> tags;
  double min_score = default_least_score;
};
BOOST_DESCRIBE_STRUCT(SimilarQuery, (), (id, limit, kind, tags, min_score))
json::Notes notes(const SimilarQuery*);

struct SuggestQuery {
  std::string typed;
  std::int64_t limit = 10;
};
BOOST_DESCRIBE_STRUCT(SuggestQuery, (), (typed, limit))
json::Notes notes(const SuggestQuery*);

struct Suggestion {
  std::string id;
  std::string title;
  std::string kind;
  double score = 0;
};
BOOST_DESCRIBE_STRUCT(Suggestion, (), (id, title, kind, score))
json::Notes notes(const Suggestion*);

struct SuggestAnswer {
  std::vector<Suggestion> entries;
  bool truncated = false;
  std::optional<std::string> degraded;
};
BOOST_DESCRIBE_STRUCT(SuggestAnswer, (), (entries, truncated, degraded))
json::Notes notes(const SuggestAnswer*);

struct ReindexRequest {
  std::string index = "all";
};
BOOST_DESCRIBE_STRUCT(ReindexRequest, (), (index))
json::Notes notes(const ReindexRequest*);

struct ReindexAnswer {
  std::vector<std::string> started;
};
BOOST_DESCRIBE_STRUCT(ReindexAnswer, (), (started))
json::Notes notes(const ReindexAnswer*);

[[nodiscard]] Result<SearchRequest> to_search(const SearchQuery& query, std::int64_t now_ms);
[[nodiscard]] SearchAnswer to_answer(SearchPage page, std::int64_t offset, std::int64_t limit);
[[nodiscard]] SuggestAnswer to_suggestions(SearchPage page);

}  // namespace hearth::packs::knowledge::wire
