// From words to stems: running, runs and run are one word to a search.
//
// Snowball's stemmers (Porter 2001, "Snowball: A language for stemming algorithms"), on what the
// analyzer gives as words, parts of identifiers too. Documents have both, the stem and at the same
// place the word as it is written, where that differs. Words and phrases of a query are looked up
// as stems. Prefixes and misspelt words are looked up among both, since what somebody types of a
// word is what they have read: runnin* finds "running", whose stem is "run", and "run" finds
// "running".
#pragma once

#include <cstdint>
#include <memory>
#include <string_view>

#include "search/text/analyzer.hpp"

struct sb_stemmer;

namespace hearth::search::text {

enum class Stemming : std::uint8_t { none, english };

// Made in 0.1 µs; a stem takes as long. One thread's at a time.
class Stemmer final {
 public:
  explicit Stemmer(Stemming stemming);

  // What a token is searched by: its stem if it is a word, or else its term. Valid until the next
  // call, and as long as the token.
  [[nodiscard]] std::string_view stem_of(const Token& token) const;
  [[nodiscard]] bool does_nothing() const { return snowball_ == nullptr; }

 private:
  struct Delete {
    void operator()(sb_stemmer* stemmer) const;
  };
  std::unique_ptr<sb_stemmer, Delete> snowball_;  // null without stemming
};

}  // namespace hearth::search::text
