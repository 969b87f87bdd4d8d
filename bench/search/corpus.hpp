// Documents and queries as ../shared/data/gen_docs.py makes them, natively: words of two to four
// syllables, the r-th of them drawn with a probability of 1 / (r + 2.7), titles of 6 words, texts
// of about `words_of_text`. Deterministic.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

namespace hearth::bench {

class Corpus final {
 public:
  explicit Corpus(std::uint64_t seed);

  struct Document {
    std::string title;
    std::string text;
  };
  // Overwrites `document`, so that its memory is used again.
  void next(Document& document);
  // `count` different words, each drawn as those of the texts.
  [[nodiscard]] std::vector<std::string> query(int count);

 private:
  [[nodiscard]] double uniform();
  [[nodiscard]] double normal();
  [[nodiscard]] const std::string& word();
  void fill(std::string& text, int count);

  std::uint64_t state_;
  std::vector<std::string> vocabulary_;
  std::vector<double> cumulative_;
};

}  // namespace hearth::bench
