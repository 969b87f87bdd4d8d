// Memories: entries that fade. What matters and is fresh comes back before what does not and is
// old.
//
//   score = (w_r · relevance + w_s · salience now + w_t · recency) / (w_r + w_s + w_t)
//   salience now = salience · e^(-λ · days)      λ = 0.02 episodic, 0.005 semantic
//   recency      = 2^(-days / 30)
//
// Days are counted from the last change, or from the last time that the memory was of use. The
// decay is the forgetting curve of Ebbinghaus (1885) in its simplest form, weighted as Park et al.
// (2023, "Generative Agents", §4.1) weigh relevance, importance and recency.
#pragma once

#include <cstdint>
#include <optional>
#include <stop_token>
#include <string>
#include <vector>

#include "base/clock.hpp"
#include "base/result.hpp"
#include "packs/knowledge/engine/entry.hpp"
#include "packs/knowledge/engine/knowledge_store.hpp"
#include "store/sqlite.hpp"

namespace hearth::packs::knowledge {

struct RecallWeights {
  double relevance = 0.7;
  double salience = 0.2;
  double recency = 0.1;
};

struct RecallRequest {
  std::string query;          // empty: whatever matters now
  std::vector<float> vector;  // of the caller's own model; empty: the query is embedded
  Filter filter;
  RecallWeights weights;
  std::int64_t limit = 10;
  double least_score = 0;
};

struct Memory {
  Entry entry;
  double score = 0;  // 0 … 1
  double relevance = 0;
  double salience = 0;  // as faded as it is now
  double recency = 0;
};

struct Recollection {
  std::vector<Memory> memories;  // best first
  bool is_more = false;
  bool is_unverified = false;
  std::vector<std::string> degraded;
};

[[nodiscard]] double faded_salience(double salience, bool is_episodic, double days);
[[nodiscard]] double recency(double days);

// `invalid_args` when all weights are 0, or one is negative.
[[nodiscard]] Result<Recollection> recall(KnowledgeStore& store,
                                          store::Database& reader,
                                          const RecallRequest& request,
                                          WallTime now,
                                          const std::stop_token& stop = {});

enum class Feedback : std::uint8_t { useful, useless, wrong };
// Inside a transaction of the writer. Useful memories matter a fifth of the rest to 1 more, useless
// ones a fifth less, wrong ones half as much.
[[nodiscard]] Result<Entry> give_feedback(store::Database& database,
                                          std::string_view name,
                                          Feedback feedback,
                                          WallTime now,
                                          std::optional<std::int64_t> expected_version = {});

struct PruneRequest {
  Filter filter;
  double below = 0.1;  // of the salience as it has faded
  bool is_dry_run = false;
};
struct Pruned {
  std::int64_t count = 0;      // forgotten, or in a dry run all that have faded
  std::int64_t remaining = 0;  // faded, too, and left for the next call
  std::vector<Entry> some;  // at most most_pruned_shown of them; only id, title, kind and salience
};
inline constexpr std::size_t most_pruned_shown = 100;
// Of one call, so that it does not hold the writer for long.
inline constexpr std::size_t most_pruned_at_once = 5'000;
// Softly deletes the memories that have faded, most faded first. Inside a transaction of the
// writer.
[[nodiscard]] Result<Pruned> prune(store::Database& database,
                                   const PruneRequest& request,
                                   WallTime now);

}  // namespace hearth::packs::knowledge
