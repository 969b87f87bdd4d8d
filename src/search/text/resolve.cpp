#include "search/text/resolve.hpp"

#include <algorithm>
#include <utility>

#include "search/text/expansion.hpp"

namespace hearth::search::text {
namespace {

class Resolver {
 public:
  explicit Resolver(const Snapshot& snapshot)
      : snapshot_(snapshot), documents_(collection_of(snapshot).documents) {}

  ResolvedQuery resolve(const Query& query) {
    switch (query.kind) {
      case Query::Kind::nothing:
        return {};
      case Query::Kind::term:
        return of_term(query.term, 1);
      case Query::Kind::phrase:
        return of_phrase(query.words);
      case Query::Kind::prefix:
        return of_expansion(expand_prefix(snapshot_, query.term, most_));
      case Query::Kind::fuzzy:
        return of_expansion(expand_fuzzy(snapshot_, query.term, query.edits, most_));
      case Query::Kind::boolean:
        return of_boolean(query);
    }
    return {};
  }

  [[nodiscard]] std::size_t left_out() const { return left_out_; }

 private:
  ResolvedTerm look_up(const std::string& term, float boost) const {
    ResolvedTerm found;
    std::uint64_t having = 0;
    for (const Part& part : snapshot_.parts) {
      found.entries.push_back(segment_of(part).find_term(term).value_or(TermEntry{}));
      having += found.entries.back().documents;
    }
    found.weight = bm25_weight(bm25_idf(documents_, having)) * boost;
    return found;
  }

  ResolvedQuery of_term(const std::string& term, float boost) const {
    ResolvedQuery query;
    query.kind = ResolvedQuery::Kind::term;
    query.terms.push_back(look_up(term, boost));
    return query;
  }

  ResolvedQuery of_phrase(const std::vector<Query::Word>& words) const {
    ResolvedQuery query;
    query.kind = ResolvedQuery::Kind::phrase;
    for (const Query::Word& word : words) {
      query.terms.push_back(look_up(word.term, 1));
      query.terms.back().offset = word.offset;
    }
    return query;
  }

  ResolvedQuery of_expansion(const Expansion& expansion) {
    left_out_ += expansion.left_out;
    ResolvedQuery query;
    query.kind = ResolvedQuery::Kind::boolean;
    for (const Expansion::Term& each : expansion.terms) {
      query.should.push_back(of_term(each.term, each.boost));
    }
    return query;
  }

  ResolvedQuery of_boolean(const Query& query) {
    using Kind = ResolvedQuery::Kind;
    ResolvedQuery resolved;
    resolved.kind = Kind::boolean;
    for (const Query& each : query.must) {
      ResolvedQuery inner = resolve(each);
      // All of all is all.
      if (inner.kind == Kind::boolean && !inner.must.empty() && inner.should.empty() &&
          inner.must_not.empty()) {
        std::ranges::move(inner.must, std::back_inserter(resolved.must));
        continue;
      }
      resolved.must.push_back(std::move(inner));
    }
    for (const Query& each : query.should) {
      ResolvedQuery inner = resolve(each);
      if (inner.kind == Kind::boolean && inner.must.empty() && inner.must_not.empty()) {
        std::ranges::move(inner.should, std::back_inserter(resolved.should));
        continue;
      }
      resolved.should.push_back(std::move(inner));
    }
    const std::size_t most = std::exchange(most_, most_excluding_expansions);
    for (const Query& each : query.must_not) resolved.must_not.push_back(resolve(each));
    most_ = most;
    return resolved;
  }

  const Snapshot& snapshot_;
  const std::uint64_t documents_;
  std::size_t most_ = most_expansions;
  std::size_t left_out_ = 0;
};

std::vector<WalkPtr> walks_of(const std::vector<ResolvedQuery>& queries,
                              std::size_t part,
                              const ScoringContext& context) {
  std::vector<WalkPtr> walks;
  for (const ResolvedQuery& each : queries) {
    if (WalkPtr walk = walk_of(each, part, context)) walks.push_back(std::move(walk));
  }
  return walks;
}

WalkPtr walk_of_boolean(const ResolvedQuery& query,
                        std::size_t part,
                        const ScoringContext& context) {
  std::vector<WalkPtr> must = walks_of(query.must, part, context);
  if (must.size() != query.must.size()) return nullptr;
  std::vector<WalkPtr> should = walks_of(query.should, part, context);
  WalkPtr walk;
  if (must.empty()) {
    if (should.empty()) return nullptr;
    walk = walk_any(std::move(should));
  } else {
    walk = walk_all(std::move(must));
    if (!should.empty()) walk = walk_with(std::move(walk), walk_any(std::move(should)));
  }
  std::vector<WalkPtr> less = walks_of(query.must_not, part, context);
  if (!less.empty()) walk = walk_without(std::move(walk), walk_any(std::move(less)));
  return walk;
}

WalkPtr walk_of_phrase(const ResolvedQuery& query,
                       std::size_t part,
                       const ScoringContext& context) {
  std::vector<PhraseTerm> terms;
  for (const ResolvedTerm& term : query.terms) {
    if (term.entries[part].documents == 0) return nullptr;
    terms.push_back({term.entries[part], term.weight, term.offset});
  }
  return walk_phrase(context, terms);
}

}  // namespace

Resolution resolve(const Snapshot& snapshot, const Query& query) {
  Resolver resolver(snapshot);
  Resolution resolution;
  resolution.query = resolver.resolve(query);
  resolution.expansions_left_out = resolver.left_out();
  return resolution;
}

WalkPtr walk_of(const ResolvedQuery& query, std::size_t part, const ScoringContext& context) {
  switch (query.kind) {
    case ResolvedQuery::Kind::nothing:
      return nullptr;
    case ResolvedQuery::Kind::term: {
      const ResolvedTerm& term = query.terms.front();
      if (term.entries[part].documents == 0) return nullptr;
      return walk_term(context, term.entries[part], term.weight);
    }
    case ResolvedQuery::Kind::phrase:
      return walk_of_phrase(query, part, context);
    case ResolvedQuery::Kind::boolean:
      return walk_of_boolean(query, part, context);
  }
  return nullptr;
}

}  // namespace hearth::search::text
