#include "search/text/search.hpp"

#include <algorithm>
#include <optional>
#include <utility>

#include "search/text/conjunction.hpp"
#include "search/text/max_score.hpp"
#include "search/text/resolve.hpp"
#include "search/text/segment_builder.hpp"

namespace hearth::search::text {
namespace {

constexpr unsigned steps_between_stops = 4096;
// A filter that admits this much fewer documents than a query visits leads the walk.
constexpr std::uint64_t leading_filter = 16;

bool are_terms(const std::vector<ResolvedQuery>& queries) {
  return std::ranges::all_of(
      queries, [](const ResolvedQuery& each) { return each.kind == ResolvedQuery::Kind::term; });
}

// The terms of a query that is nothing but words, any or all of them, in one part.
struct Words {
  std::vector<ScoredTerm> terms;
  bool all = false;
};

std::optional<Words> words_of(const ResolvedQuery& query, std::size_t part) {
  Words words;
  const auto add = [&](const ResolvedTerm& term) {
    const TermEntry& entry = term.entries[part];
    if (entry.documents != 0) words.terms.push_back({entry, term.weight});
    return entry.documents != 0;
  };
  if (query.kind == ResolvedQuery::Kind::term) {
    add(query.terms.front());
    return words;
  }
  if (query.kind != ResolvedQuery::Kind::boolean || !query.must_not.empty()) return std::nullopt;
  if (query.must.empty() && are_terms(query.should)) {
    for (const ResolvedQuery& each : query.should) add(each.terms.front());
    return words;
  }
  if (!query.should.empty() || !are_terms(query.must)) return std::nullopt;
  words.all = true;
  for (const ResolvedQuery& each : query.must) {
    if (add(each.terms.front())) continue;
    words.terms.clear();
    break;
  }
  return words;
}

std::uint64_t cost_of(const Words& words) {
  std::uint64_t sum = 0;
  std::uint64_t least = UINT64_MAX;
  for (const ScoredTerm& term : words.terms) {
    sum += term.entry.documents;
    least = std::min<std::uint64_t>(least, term.entry.documents);
  }
  return words.all ? least : sum;
}

// Documents with one of the facets; null where the part has none.
WalkPtr walk_facets(const std::vector<std::string>& facets, const ScoringContext& context) {
  std::vector<WalkPtr> walks;
  for (const std::string& facet : facets) {
    const auto entry = context.segment.find_term(facet_mark + facet);
    if (entry) walks.push_back(walk_term(context, *entry, 0));
  }
  return walks.empty() ? nullptr : walk_any(std::move(walks));
}

// The most selective of the filter's facets.
WalkPtr leading_facets(const Filter& filter, const ScoringContext& context) {
  WalkPtr best;
  for (const std::vector<std::string>& facets : filter.facets) {
    WalkPtr walk = walk_facets(facets, context);
    if (walk && (!best || walk->cost() < best->cost())) best = std::move(walk);
  }
  return best;
}

class Searcher {
 public:
  Searcher(const Snapshot& snapshot,
           const Query& query,
           const Filter& filter,
           const std::stop_token& stop)
      : snapshot_(snapshot),
        filter_(filter),
        stop_(stop),
        resolution_(resolve(snapshot, query)),
        bm25_(collection_of(snapshot)) {}

  [[nodiscard]] std::size_t expansions_left_out() const { return resolution_.expansions_left_out; }

  void search(TopK& top) {
    for (std::size_t part : largest_first()) {
      if (stop_.stop_requested()) return;
      search_part(part, top);
    }
  }

  // Use(part, document), for all that fit.
  template <typename Use>
  void visit(Use use) {
    for (std::size_t part = 0; part < snapshot_.parts.size(); ++part) {
      if (stop_.stop_requested()) return;
      walk_part(part, [&](DocId document, Walk&) { use(snapshot_.parts[part], document); });
    }
  }

  void score(std::span<const Key> keys, std::span<float> found) const {
    std::vector<std::pair<DocId, std::size_t>> wanted;  // ascending, as a walk goes
    for (std::size_t part = 0; part < snapshot_.parts.size(); ++part) {
      wanted.clear();
      for (std::size_t i = 0; i < keys.size(); ++i) {
        if (const auto document = snapshot_.parts[part].find(keys[i])) {
          wanted.emplace_back(*document, i);
        }
      }
      WalkPtr walk = wanted.empty() ? nullptr : walk_of(resolution_.query, part, context_of(part));
      if (!walk) continue;
      std::ranges::sort(wanted);
      for (const auto& [document, i] : wanted) {
        walk->seek(document);
        if (walk->document() == document) found[i] = walk->score();
      }
    }
  }

 private:
  // So that the answer's last place is soon hard to reach.
  [[nodiscard]] std::vector<std::size_t> largest_first() const {
    std::vector<std::size_t> order;
    for (std::size_t i = 0; i < snapshot_.parts.size(); ++i) order.push_back(i);
    std::ranges::sort(order, [&](std::size_t a, std::size_t b) {
      const std::uint32_t in_a = snapshot_.parts[a].visible;
      const std::uint32_t in_b = snapshot_.parts[b].visible;
      return in_a != in_b ? in_a > in_b : a < b;
    });
    return order;
  }

  [[nodiscard]] ScoringContext context_of(std::size_t part) const {
    return {segment_of(snapshot_.parts[part]), bm25_};
  }

  void search_part(std::size_t part, TopK& top) {
    const ScoringContext context = context_of(part);
    const auto words = words_of(resolution_.query, part);
    if (words && words->terms.empty()) return;
    bool filter_leads = false;
    if (words && !filter_.facets.empty()) {
      const WalkPtr facets = leading_facets(filter_, context);
      filter_leads = !facets || facets->cost() * leading_filter < cost_of(*words);
    }
    if (words && !filter_leads) {
      Gate gate(snapshot_.parts[part], filter_);
      if (gate.is_closed()) return;
      (words->all ? search_all : search_any)(context, words->terms, gate, top, stop_);
      return;
    }
    walk_part(part, [&](DocId document, Walk& walk) {
      top.offer(context.segment.key(document), walk.score());
    });
  }

  template <typename Use>
  void walk_part(std::size_t part, Use use) {
    const ScoringContext context = context_of(part);
    Gate gate(snapshot_.parts[part], filter_);
    WalkPtr walk = walk_of(resolution_.query, part, context);
    if (gate.is_closed() || !walk) return;
    if (WalkPtr facets = leading_facets(filter_, context)) {
      std::vector<WalkPtr> both;
      both.push_back(std::move(walk));
      both.push_back(std::move(facets));
      walk = walk_all(std::move(both));
    }
    unsigned steps = 0;
    for (; walk->document() != no_document; walk->next()) {
      if (++steps % steps_between_stops == 0 && stop_.stop_requested()) return;
      if (gate.admits(walk->document())) use(walk->document(), *walk);
    }
  }

  const Snapshot& snapshot_;
  const Filter& filter_;
  const std::stop_token& stop_;
  const Resolution resolution_;
  const Bm25 bm25_;
};

}  // namespace

Result<SearchAnswer> search(const Snapshot& snapshot,
                            const Query& query,
                            const Filter& filter,
                            std::size_t limit,
                            std::size_t offset,
                            const std::stop_token& stop) {
  Searcher searcher(snapshot, query, filter, stop);
  const std::size_t wanted = limit > SIZE_MAX - offset ? SIZE_MAX : limit + offset;
  TopK top(wanted);
  searcher.search(top);
  if (stop.stop_requested()) return fail(Errc::cancelled, "search: stopped");
  SearchAnswer answer;
  answer.hits = top.take();
  const auto first = static_cast<std::ptrdiff_t>(std::min(offset, answer.hits.size()));
  answer.hits.erase(answer.hits.begin(), answer.hits.begin() + first);
  answer.expansions_left_out = searcher.expansions_left_out();
  answer.trust = snapshot.trust();
  return answer;
}

std::vector<float> scores(const Snapshot& snapshot, const Query& query, std::span<const Key> keys) {
  std::vector<float> found(keys.size());
  const Filter all;
  const std::stop_token never;
  Searcher(snapshot, query, all, never).score(keys, found);
  return found;
}

Result<void> match(const Snapshot& snapshot,
                   const Query& query,
                   const std::function<void(Key)>& take,
                   const std::stop_token& stop) {
  const Filter all;
  Searcher searcher(snapshot, query, all, stop);
  searcher.visit([&](const Part& part, DocId document) { take(segment_of(part).key(document)); });
  if (stop.stop_requested()) return fail(Errc::cancelled, "match: stopped");
  return {};
}

Result<std::uint64_t> count(const Snapshot& snapshot,
                            const Query& query,
                            const Filter& filter,
                            const std::stop_token& stop) {
  Searcher searcher(snapshot, query, filter, stop);
  std::uint64_t counted = 0;
  searcher.visit([&](const Part&, DocId) { ++counted; });
  if (stop.stop_requested()) return fail(Errc::cancelled, "count: stopped");
  return counted;
}

}  // namespace hearth::search::text
