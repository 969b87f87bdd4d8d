// The plainest implementation of what the text index does: all documents in a map, every query
// answered by looking at each of them. Slow, and meant to be obviously right.
#pragma once

#include <algorithm>
#include <cmath>
#include <cstdint>
#include <map>
#include <optional>
#include <set>
#include <string>
#include <vector>

#include "search/text/analyzer.hpp"
#include "search/text/query.hpp"
#include "search/text/segment_builder.hpp"

namespace hearth::search::text {

class Reference {
 public:
  struct Doc {
    std::vector<std::string> fields;
    std::vector<std::string> facets;
  };

  explicit Reference(std::vector<std::uint16_t> weights) : weights_(std::move(weights)) {}

  void put(Key key, Doc doc) {
    Analysed analysed;
    std::uint32_t first = 0;
    for (std::size_t field = 0; field < doc.fields.size(); ++field) {
      TokenStream stream(doc.fields[field]);
      Token token;
      std::uint32_t words = 0;
      while (stream.next(token)) {
        words = token.position + 1;
        analysed.frequency[std::string(token.term)] += weights_[field];
        analysed.places[std::string(token.term)].insert(first + token.position);
      }
      analysed.length += words * weights_[field];
      first += words + 64;
    }
    analysed.facets = {doc.facets.begin(), doc.facets.end()};
    erase(key);
    for (const auto& [term, frequency] : analysed.frequency) ++having_[term];
    length_ += analysed.length;
    docs_[key] = std::move(analysed);
  }
  void erase(Key key) {
    const auto found = docs_.find(key);
    if (found == docs_.end()) return;
    for (const auto& [term, frequency] : found->second.frequency) --having_[term];
    length_ -= found->second.length;
    docs_.erase(found);
  }
  [[nodiscard]] std::size_t size() const { return docs_.size(); }
  [[nodiscard]] std::vector<Key> keys() const {
    std::vector<Key> all;
    for (const auto& [key, doc] : docs_) all.push_back(key);
    return all;
  }

  // Every document that fits, with its score.
  [[nodiscard]] std::map<Key, double> search(const Query& query,
                                             const std::vector<std::string>& facets = {}) const {
    std::map<Key, double> found;
    for (const auto& [key, doc] : docs_) {
      const bool is_admitted = std::ranges::all_of(
          facets, [&](const std::string& facet) { return doc.facets.contains(facet); });
      if (const auto scored = score(doc, query); scored && is_admitted) found[key] = *scored;
    }
    return found;
  }

  // Of optimal string alignment, on bytes: the tests that use it are ASCII.
  [[nodiscard]] static unsigned distance(const std::string& a, const std::string& b) {
    std::vector<std::vector<unsigned>> d(a.size() + 1, std::vector<unsigned>(b.size() + 1));
    for (unsigned i = 0; i <= a.size(); ++i) d[i][0] = i;
    for (unsigned j = 0; j <= b.size(); ++j) d[0][j] = j;
    for (std::size_t i = 1; i <= a.size(); ++i) {
      for (std::size_t j = 1; j <= b.size(); ++j) {
        d[i][j] = std::min(
            {d[i - 1][j] + 1, d[i][j - 1] + 1, d[i - 1][j - 1] + (a[i - 1] == b[j - 1] ? 0U : 1U)});
        if (i > 1 && j > 1 && a[i - 1] == b[j - 2] && a[i - 2] == b[j - 1]) {
          d[i][j] = std::min(d[i][j], d[i - 2][j - 2] + 1);
        }
      }
    }
    return d[a.size()][b.size()];
  }

 private:
  struct Analysed {
    std::map<std::string, std::uint32_t> frequency;
    std::map<std::string, std::set<std::uint32_t>> places;
    std::set<std::string> facets;
    std::uint32_t length = 0;
  };

  [[nodiscard]] std::optional<double> score_term(const Analysed& doc,
                                                 const std::string& term,
                                                 double boost = 1) const {
    const auto found = doc.frequency.find(term);
    if (found == doc.frequency.end()) return std::nullopt;
    const double having = having_.at(term);
    const auto all = static_cast<double>(docs_.size());
    const double idf = std::log(1 + (all - having + 0.5) / (having + 0.5));
    const double tf = found->second;
    const double norm = 1.2 * (1 - 0.75 + 0.75 * doc.length / std::max(1.0, length_ / all));
    return boost * idf * 2.2 * tf / (tf + norm);
  }

  [[nodiscard]] std::optional<double> score(const Analysed& doc, const Query& query) const {
    switch (query.kind) {
      case Query::Kind::nothing:
        return std::nullopt;
      case Query::Kind::term:
        return score_term(doc, query.term);
      case Query::Kind::phrase:
        return score_phrase(doc, query);
      case Query::Kind::prefix:
      case Query::Kind::fuzzy:
        return score_like(doc, query);
      case Query::Kind::boolean:
        return score_boolean(doc, query);
    }
    return std::nullopt;
  }

  [[nodiscard]] std::optional<double> score_phrase(const Analysed& doc, const Query& query) const {
    double sum = 0;
    for (const Query::Word& word : query.words) {
      const auto scored = score_term(doc, word.term);
      if (!scored) return std::nullopt;
      sum += *scored;
    }
    for (const std::uint32_t place : doc.places.at(query.words.front().term)) {
      const bool fits = std::ranges::all_of(query.words, [&](const Query::Word& word) {
        return doc.places.at(word.term).contains(place - query.words.front().offset + word.offset);
      });
      if (fits) return sum;
    }
    return std::nullopt;
  }

  [[nodiscard]] std::optional<double> score_like(const Analysed& doc, const Query& query) const {
    std::optional<double> sum;
    for (const auto& [term, frequency] : doc.frequency) {
      double boost = 1;
      if (query.kind == Query::Kind::fuzzy) {
        const unsigned edits = distance(query.term, term);
        if (edits > query.edits) continue;
        boost = 1 - edits / static_cast<double>(query.term.size() + edits);
      } else if (!term.starts_with(query.term)) {
        continue;
      }
      sum = sum.value_or(0) + *score_term(doc, term, boost);
    }
    return sum;
  }

  [[nodiscard]] std::optional<double> score_boolean(const Analysed& doc, const Query& query) const {
    double sum = 0;
    for (const Query& each : query.must_not) {
      if (score(doc, each)) return std::nullopt;
    }
    for (const Query& each : query.must) {
      const auto scored = score(doc, each);
      if (!scored) return std::nullopt;
      sum += *scored;
    }
    bool has_one = !query.must.empty();
    for (const Query& each : query.should) {
      const auto scored = score(doc, each);
      has_one = has_one || scored;
      sum += scored.value_or(0);
    }
    return has_one ? std::optional(sum) : std::nullopt;
  }

  const std::vector<std::uint16_t> weights_;
  std::map<Key, Analysed> docs_;
  std::map<std::string, std::uint32_t> having_;  // documents with the term
  double length_ = 0;                            // of all documents
};

}  // namespace hearth::search::text
