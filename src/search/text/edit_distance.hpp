// The distance of one word to many terms: insertions, deletions and substitutions of characters and
// swaps of neighbours, each 1 (optimal string alignment; Damerau 1964).
//
// The rows of the dynamic programme are kept for what a term shares with the one before it, so that
// a sorted dictionary costs what its trie would.
#pragma once

#include <cstddef>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "search/text/unicode.hpp"

namespace hearth::search::text {

class EditDistance final {
 public:
  EditDistance(std::string_view word, unsigned most);

  [[nodiscard]] std::size_t characters() const { return word_.size(); }
  // Nothing beyond `most`. Then `too_far` is how many bytes of the term, whatever follows them, are
  // beyond it; 0 if only the whole is.
  [[nodiscard]] std::optional<unsigned> to(std::string_view term, std::size_t& too_far);

 private:
  struct Row {
    std::vector<unsigned> distances;  // to the beginnings of the word
    std::size_t end;                  // of the beginning of the term, in bytes
    char32_t code;                    // that ends there
  };
  void add_row(DecodedCode next);

  std::vector<char32_t> word_;
  unsigned most_;
  std::vector<Row> rows_;  // one for each character of the term, and one before
  std::string last_;
};

}  // namespace hearth::search::text
