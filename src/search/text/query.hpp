// What to look for, as a tree; and the way there from what people and models type.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "search/text/stemmer.hpp"

namespace hearth::search::text {

struct Query {
  enum class Kind : std::uint8_t {
    nothing,  // fits no document
    term,
    phrase,   // its words at these distances; scored as its words are
    prefix,   // every term that begins so
    fuzzy,    // every term within `edits` insertions, deletions, substitutions and swaps
    boolean,  // all of `must` and none of `must_not`; without `must`, one of `should`
  };
  struct Word {
    std::string term;
    std::uint32_t offset = 0;
    friend bool operator==(const Word&, const Word&) = default;
  };

  Kind kind = Kind::nothing;
  std::string term;  // of term, prefix, fuzzy
  unsigned edits = 0;
  std::vector<Word> words;  // of phrase
  std::vector<Query> must;
  std::vector<Query> should;  // beside `must`, these only add to the score
  std::vector<Query> must_not;

  friend bool operator==(const Query&, const Query&) = default;

  [[nodiscard]] static Query of_term(std::string term);
  [[nodiscard]] static Query of_phrase(std::vector<Word> words);
  [[nodiscard]] static Query of_prefix(std::string term);
  [[nodiscard]] static Query of_fuzzy(std::string term, unsigned edits);
  [[nodiscard]] static Query any_of(std::vector<Query> queries);
  [[nodiscard]] static Query all_of(std::vector<Query> queries);
};

// A form for messages and tests: +a "b c" -(d* e~1).
[[nodiscard]] std::string print(const Query& query);

enum class Joined : std::uint8_t { any, all };  // what words side by side mean

struct ParsedQuery {
  Query query;
  std::string wanted;        // the text without its operators and what they exclude
  std::size_t left_out = 0;  // words and phrases beyond most_clauses
};

inline constexpr std::size_t most_clauses = 64;

// Any text is a query: what makes no sense as an operator is text, what has no letter or digit is
// left out, and a text of nothing else finds nothing.
//
//   one two     either or both, as `joined` says     "one two"   side by side
//   +one -two   with, without                        one*        words that begin so
//   a AND b, a OR b, NOT a, ( … )                    one~ one~2  words like it
//
// Operators are upper case. OR binds least. A word that gives several terms (foo-bar, fooBar,
// scripts without blanks) is a phrase of them. `stemming` is that of the index.
[[nodiscard]] ParsedQuery parse_query(std::string_view text,
                                      Joined joined = Joined::any,
                                      Stemming stemming = Stemming::none);

}  // namespace hearth::search::text
