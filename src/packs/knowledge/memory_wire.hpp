// What the tools for memories take and give, as records of JSON.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "base/result.hpp"
#include "json/record.hpp"
#include "packs/knowledge/engine/memory.hpp"

namespace hearth::packs::knowledge::wire {

struct RememberRequest {
  std::string text;
  std::optional<std::string> title;
  std::string kind = "note";
  std::vector<std::string> tags;
  json::Raw properties;
  double salience = 0.5;
  std::string memory = memory_semantic;
  std::optional<std::string> source;
  std::optional<std::vector<double>> vector;
  std::optional<std::string> key;
};
BOOST_DESCRIBE_STRUCT(RememberRequest,
                      (),
                      (text, title, kind, tags, properties, salience, memory, source, vector, key))
json::Notes notes(const RememberRequest*);

struct RememberAnswer {
  std::string id;
  bool created = true;
  std::string title;
  std::string kind;
  std::int64_t version = 1;
  std::string created_at;
};
BOOST_DESCRIBE_STRUCT(RememberAnswer, (), (id, created, title, kind, version, created_at))
json::Notes notes(const RememberAnswer*);

struct Weights {
  double relevance = RecallWeights().relevance;
  double salience = RecallWeights().salience;
  double recency = RecallWeights().recency;
};
BOOST_DESCRIBE_STRUCT(Weights, (), (relevance, salience, recency))
json::Notes notes(const Weights*);

struct RecallQuery {
  std::optional<std::string> query;
  std::int64_t limit = 10;
  std::optional<std::string> memory;
  std::optional<std::string> kind;
  std::vector<std::string> tags;
  std::optional<std::string> since;
  std::optional<std::string> before;
  Weights weights;
  double min_score = 0;
  std::int64_t most_text = 1000;
  bool breakdown = false;
  std::optional<std::vector<double>> vector;
};
BOOST_DESCRIBE_STRUCT(RecallQuery,
                      (),
                      (query,
                       limit,
                       memory,
                       kind,
                       tags,
                       since,
                       before,
                       weights,
                       min_score,
                       most_text,
                       breakdown,
                       vector))
json::Notes notes(const RecallQuery*);

struct Breakdown {
  double relevance = 0;
  double salience = 0;
  double recency = 0;
};
BOOST_DESCRIBE_STRUCT(Breakdown, (), (relevance, salience, recency))
json::Notes notes(const Breakdown*);

struct RecalledEntry {
  std::string id;
  std::string title;
  std::string kind;
  std::string text;
  std::optional<bool> cut;
  double score = 0;
  std::optional<Breakdown> breakdown;
  std::vector<std::string> tags;
  std::optional<std::string> source;
  std::string updated_at;
};
BOOST_DESCRIBE_STRUCT(RecalledEntry,
                      (),
                      (id, title, kind, text, cut, score, breakdown, tags, source, updated_at))
json::Notes notes(const RecalledEntry*);

struct RecallAnswer {
  std::vector<RecalledEntry> memories;
  bool truncated = false;
  std::optional<bool> unverified;
  std::optional<std::string> degraded;
};
BOOST_DESCRIBE_STRUCT(RecallAnswer, (), (memories, truncated, unverified, degraded))
json::Notes notes(const RecallAnswer*);

struct FeedbackRequest {
  std::string id;
  std::string signal;
  std::optional<std::int64_t> expected_version;
  std::optional<std::string> key;
};
BOOST_DESCRIBE_STRUCT(FeedbackRequest, (), (id, signal, expected_version, key))
json::Notes notes(const FeedbackRequest*);

struct FeedbackAnswer {
  std::string id;
  std::string title;
  double salience = 0;
};
BOOST_DESCRIBE_STRUCT(FeedbackAnswer, (), (id, title, salience))
json::Notes notes(const FeedbackAnswer*);

struct PruneQuery {
  double below = 0.1;
  std::optional<std::string> memory;
  std::optional<std::string> kind;
  std::vector<std::string> tags;
  std::optional<std::string> before;
  bool dry_run = false;
  std::optional<std::string> key;
};
BOOST_DESCRIBE_STRUCT(PruneQuery, (), (below, memory, kind, tags, before, dry_run, key))
json::Notes notes(const PruneQuery*);

struct PrunedEntry {
  std::string id;
  std::string title;
  double salience = 0;
};
BOOST_DESCRIBE_STRUCT(PrunedEntry, (), (id, title, salience))
json::Notes notes(const PrunedEntry*);

struct PruneAnswer {
  std::int64_t count = 0;
  bool deleted = false;
  std::vector<PrunedEntry> entries;
  bool truncated = false;
  std::int64_t remaining = 0;
};
BOOST_DESCRIBE_STRUCT(PruneAnswer, (), (count, deleted, entries, truncated, remaining))
json::Notes notes(const PruneAnswer*);

[[nodiscard]] NewEntry to_new_entry(const RememberRequest& request);
[[nodiscard]] Result<RecallRequest> to_recall(const RecallQuery& query, std::int64_t now_ms);
[[nodiscard]] Feedback to_feedback(const FeedbackRequest& request);
[[nodiscard]] Result<PruneRequest> to_prune(const PruneQuery& query, std::int64_t now_ms);

[[nodiscard]] RememberAnswer to_remembered(const Entry& entry);
[[nodiscard]] RecallAnswer to_answer(Recollection recollection, const RecallQuery& query);
[[nodiscard]] PruneAnswer to_answer(const Pruned& pruned, bool is_dry_run);

// A stored reply to `remember` that another call is answered with: the entry was there already.
[[nodiscard]] std::string as_not_created(const std::string& stored);

}  // namespace hearth::packs::knowledge::wire
