#include "packs/knowledge/engine/memory.hpp"

#include <algorithm>
#include <cmath>
#include <utility>

#include "packs/knowledge/engine/entries.hpp"
#include "packs/knowledge/engine/filter.hpp"
#include "packs/knowledge/engine/rows.hpp"
#include "packs/knowledge/engine/search.hpp"

namespace hearth::packs::knowledge {
namespace {

constexpr double episodic_decay = 0.02;  // a day
constexpr double semantic_decay = 0.005;
constexpr double half_life_days = 30;
constexpr double ms_of_a_day = 86'400'000;
constexpr double lesson = 0.2;  // of a feedback

// Of memories that are ranked anew, beyond those asked for.
constexpr std::size_t looked_at_beyond = 100;
// Less relevant than this is not about the query.
constexpr double least_relevance = 0.1;

struct Traits {
  std::int64_t n = 0;
  bool is_episodic = false;
  double salience = 0;
  double days = 0;
};

constexpr std::string_view traits_columns =
    "e.n, e.memory, e.salience, max(e.updated_ms, coalesce(e.recalled_ms, 0))";

Traits read_traits(const store::Rows& rows, std::int64_t now_ms) {
  return {.n = rows.integer(0),
          .is_episodic = rows.text(1) == memory_episodic,
          .salience = rows.real(2),
          .days = std::max(0.0, static_cast<double>(now_ms - rows.integer(3)) / ms_of_a_day)};
}

Memory rate(const Traits& traits, std::optional<double> relevance, const RecallWeights& weights) {
  Memory memory;
  memory.relevance = relevance.value_or(0);
  memory.salience = faded_salience(traits.salience, traits.is_episodic, traits.days);
  memory.recency = recency(traits.days);
  const double of_relevance = relevance ? weights.relevance : 0;
  const double all = of_relevance + weights.salience + weights.recency;
  memory.score = all <= 0 ? 0
                          : (of_relevance * memory.relevance + weights.salience * memory.salience +
                             weights.recency * memory.recency) /
                                all;
  return memory;
}

struct Rated {
  std::int64_t n = 0;
  Memory memory;
};

// All memories that pass the filter, relevant to nothing in particular.
Result<std::vector<Rated>> rate_all(store::Database& reader,
                                    const RecallRequest& request,
                                    std::int64_t now_ms) {
  const auto filter = clean_filter(request.filter);
  if (!filter) return std::unexpected(filter.error());
  auto rows = reader.query(
      "SELECT " + std::string(traits_columns) + " FROM live e WHERE true" + filter_sql(*filter),
      filter_parameters(*filter));
  std::vector<Rated> rated;
  while (rows.next()) {
    const Traits traits = read_traits(rows, now_ms);
    rated.push_back({traits.n, rate(traits, std::nullopt, request.weights)});
  }
  if (!rows.ok()) return std::unexpected(rows.error());
  return rated;
}

Result<std::vector<Rated>> rate_found(KnowledgeStore& store,
                                      store::Database& reader,
                                      const RecallRequest& request,
                                      std::int64_t now_ms,
                                      const std::stop_token& stop,
                                      Recollection& answer) {
  SearchRequest search;
  search.query = request.query;
  search.vector = request.vector;
  search.filter = request.filter;
  search.least_score = least_relevance;
  auto found = find_candidates(store, reader, search,
                               static_cast<std::size_t>(request.limit) + looked_at_beyond, stop);
  if (!found) return std::unexpected(std::move(found.error()));
  answer.degraded = std::move(found->degraded);
  answer.is_unverified = found->is_unverified;
  answer.is_more = !found->is_all;
  std::vector<Rated> rated;
  for (const Candidate& each : found->best_first) {
    auto rows = reader.query("SELECT " + std::string(traits_columns) + " FROM live e WHERE e.n = ?",
                             each.n);
    if (rows.next()) {
      rated.push_back({each.n, rate(read_traits(rows, now_ms), each.score, request.weights)});
    }
    if (!rows.ok()) return std::unexpected(rows.error());
  }
  return rated;
}

Result<void> check(const RecallWeights& weights) {
  const bool is_negative = weights.relevance < 0 || weights.salience < 0 || weights.recency < 0;
  if (is_negative || weights.relevance + weights.salience + weights.recency <= 0) {
    return fail(Errc::invalid_args, "weights: none may be negative, and one must be positive");
  }
  return {};
}

}  // namespace

double faded_salience(double salience, bool is_episodic, double days) {
  return salience * std::exp(-(is_episodic ? episodic_decay : semantic_decay) * days);
}

double recency(double days) {
  return std::exp2(-days / half_life_days);
}

Result<Recollection> recall(KnowledgeStore& store,
                            store::Database& reader,
                            const RecallRequest& request,
                            WallTime now,
                            const std::stop_token& stop) {
  if (auto fits = check(request.weights); !fits) return std::unexpected(std::move(fits.error()));
  RecallRequest wanted = request;
  if (!wanted.filter.memory) wanted.filter.memory = any_memory;
  Recollection answer;
  const bool is_about_something = !wanted.query.empty() || !wanted.vector.empty();
  auto rated = is_about_something ? rate_found(store, reader, wanted, to_ms(now), stop, answer)
                                  : rate_all(reader, wanted, to_ms(now));
  if (!rated) return std::unexpected(std::move(rated.error()));
  std::erase_if(*rated, [&](const Rated& each) { return each.memory.score < request.least_score; });
  std::ranges::sort(*rated, [](const Rated& a, const Rated& b) {
    return a.memory.score != b.memory.score ? a.memory.score > b.memory.score : a.n > b.n;
  });
  const auto limit = static_cast<std::size_t>(request.limit);
  if (rated->size() > limit) {
    answer.is_more = true;
    rated->resize(limit);
  }
  for (Rated& each : *rated) {
    auto stored = load_entry(reader, each.n);
    if (!stored && stored.error().code == Errc::not_found) continue;  // gone since
    if (!stored) return std::unexpected(std::move(stored.error()));
    each.memory.entry = std::move(stored->entry);
    answer.memories.push_back(std::move(each.memory));
  }
  return answer;
}

Result<Entry> give_feedback(store::Database& database,
                            std::string_view name,
                            Feedback feedback,
                            WallTime now,
                            std::optional<std::int64_t> expected_version) {
  auto stored = find_stored(database, name);
  if (!stored) return std::unexpected(std::move(stored.error()));
  if (auto is = check_version(stored->entry, expected_version); !is) {
    return std::unexpected(std::move(is.error()));
  }
  double& salience = stored->entry.salience;
  switch (feedback) {
    case Feedback::useful:
      salience += lesson * (1 - salience);
      break;
    case Feedback::useless:
      salience -= lesson * salience;
      break;
    case Feedback::wrong:
      salience /= 2;
      break;
  }
  std::optional<std::int64_t> recalled;
  if (feedback == Feedback::useful) recalled = to_ms(now);
  auto done = database.run(
      "UPDATE entries SET salience = ?, recalled_ms = coalesce(?, recalled_ms) WHERE n = ?",
      salience, recalled, stored->n);
  if (done) done = touch_row(database, stored->n);
  if (!done) return std::unexpected(std::move(done.error()));
  return std::move(stored->entry);
}

Result<Pruned> prune(store::Database& database, const PruneRequest& request, WallTime now) {
  auto filter = clean_filter(request.filter);
  if (!filter) return std::unexpected(std::move(filter.error()));
  if (!filter->memory) filter->memory = any_memory;
  std::vector<Traits> faded;  // their salience as it is left
  {
    auto rows = database.query(
        "SELECT " + std::string(traits_columns) + " FROM live e WHERE true" + filter_sql(*filter),
        filter_parameters(*filter));
    while (rows.next()) {
      Traits traits = read_traits(rows, to_ms(now));
      traits.salience = faded_salience(traits.salience, traits.is_episodic, traits.days);
      if (traits.salience < request.below) faded.push_back(traits);
    }
    if (!rows.ok()) return std::unexpected(rows.error());
  }
  std::ranges::sort(faded, {}, [](const Traits& each) { return std::pair(each.salience, each.n); });
  Pruned pruned;
  if (!request.is_dry_run && faded.size() > most_pruned_at_once) {
    pruned.remaining = static_cast<std::int64_t>(faded.size() - most_pruned_at_once);
    faded.resize(most_pruned_at_once);
  }
  pruned.count = static_cast<std::int64_t>(faded.size());
  for (const Traits& each : faded) {
    if (pruned.some.size() < most_pruned_shown) {
      auto stored = load_entry(database, each.n);
      if (!stored) return std::unexpected(std::move(stored.error()));
      stored->entry.salience = each.salience;
      pruned.some.push_back(std::move(stored->entry));
    }
    if (request.is_dry_run) continue;
    auto done = hide_row(database, each.n, to_ms(now));
    if (!done) return std::unexpected(std::move(done.error()));
  }
  return pruned;
}

}  // namespace hearth::packs::knowledge
