// Texts and queries for the property tests: few words, so that lists are long and phrases happen.
#pragma once

#include <random>
#include <string>
#include <vector>

#include "search/text/query.hpp"

namespace hearth::search::text {

class RandomText {
 public:
  explicit RandomText(unsigned seed, std::size_t vocabulary = 60) : random_(seed) {
    static constexpr std::string_view syllables[] = {"ba", "be", "ka", "ko",
                                                     "mi", "no", "ru", "ta"};
    while (words_.size() < vocabulary) {
      std::string word;
      for (std::size_t i = 0, n = 1 + below(3); i < n; ++i) word += syllables[below(8)];
      words_.push_back(word);
    }
  }

  std::size_t below(std::size_t limit) {
    return std::uniform_int_distribution<std::size_t>(0, limit - 1)(random_);
  }
  // The first words are the most frequent.
  const std::string& word() {
    const std::size_t range = 1 + below(words_.size());
    return words_[below(range)];
  }
  std::string text(std::size_t most) {
    std::string text;
    for (std::size_t i = 0, n = below(most + 1); i < n; ++i) text += word() + " ";
    return text;
  }
  std::string facet() { return "f" + std::to_string(below(4)); }

  Query query(int depth = 2) {
    const std::size_t kind = below(depth == 0 ? 6 : 10);
    if (kind < 2) return Query::of_term(word());
    if (kind == 2) return Query::of_phrase({{word(), 0}, {word(), 1}});
    if (kind == 3) return Query::of_prefix(word().substr(0, 2 + below(2)));
    if (kind == 4) return Query::of_fuzzy(word(), 1 + static_cast<unsigned>(below(2)));
    if (kind == 5) return words_query(1 + below(4), below(2) == 0);
    Query query;
    query.kind = Query::Kind::boolean;
    for (std::size_t i = below(3); i > 0; --i) query.must.push_back(this->query(depth - 1));
    for (std::size_t i = below(4); i > 0; --i) query.should.push_back(this->query(depth - 1));
    for (std::size_t i = below(2); i > 0; --i) query.must_not.push_back(this->query(depth - 1));
    return query;
  }

  Query words_query(std::size_t count, bool all) {
    std::vector<Query> terms;
    for (std::size_t i = 0; i < count; ++i) terms.push_back(Query::of_term(word()));
    return all ? Query::all_of(std::move(terms)) : Query::any_of(std::move(terms));
  }

 private:
  std::mt19937 random_;
  std::vector<std::string> words_;
};

}  // namespace hearth::search::text
