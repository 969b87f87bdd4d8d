// Integers until the last step; see the header. The build forbids the compiler to fuse the
// multiplications and additions of this file, which would round differently on other machines.
#include "packs/knowledge/engine/builtin_embedder.hpp"

#include <algorithm>
#include <array>
#include <bit>
#include <cmath>
#include <cstdint>
#include <string>

#include "search/text/analyzer.hpp"

namespace hearth::packs::knowledge {
namespace {

using search::text::Token;
using search::text::TokenKind;
using search::text::TokenStream;

constexpr std::size_t dimensions = BuiltinEmbedder::dimensions;
using Sums = std::array<std::int64_t, dimensions>;

// What features weigh, beside each other: found by trying what puts sections of 150 documents
// behind their headings, without losing typos and forms of words.
constexpr double unit = 4096;  // the fixed point
constexpr double word_weight = 0.4;
constexpr double stem_weight = 0.7;
constexpr double pieces_weight = 0.9;  // of all pieces of a word together
constexpr double pair_weight = 0.25;
constexpr double common_weight = 0.08;      // of a word that English texts are full of, to others
constexpr double title_weight = 0.7;        // of the title beside the text, both of length 1
constexpr std::size_t longest_title = 200;  // bytes; a longer first line is text

// Measured by BuiltinEmbedder.UnrelatedTextsAreAsFarAsItSays.
constexpr float unrelated_mean = 0.02F;
constexpr float unrelated_deviation = 0.065F;

// Sorted.
constexpr std::array<std::string_view, 152> common_words{
    "a",       "about", "above", "after",   "again",   "against", "all",     "also",    "am",
    "an",      "and",   "any",   "are",     "as",      "at",      "be",      "because", "been",
    "before",  "being", "below", "between", "both",    "but",     "by",      "can",     "could",
    "d",       "did",   "do",    "does",    "doing",   "don",     "down",    "during",  "each",
    "either",  "else",  "etc",   "even",    "ever",    "every",   "few",     "for",     "from",
    "further", "get",   "gets",  "had",     "has",     "have",    "having",  "he",      "her",
    "here",    "hers",  "him",   "his",     "how",     "i",       "if",      "in",      "into",
    "is",      "it",    "its",   "itself",  "just",    "let",     "like",    "ll",      "m",
    "many",    "may",   "me",    "might",   "more",    "most",    "much",    "must",    "my",
    "no",      "nor",   "not",   "now",     "of",      "off",     "on",      "once",    "one",
    "only",    "or",    "other", "others",  "our",     "out",     "over",    "own",     "per",
    "re",      "s",     "same",  "shall",   "she",     "should",  "since",   "so",      "some",
    "such",    "t",     "than",  "that",    "the",     "their",   "them",    "then",    "there",
    "these",   "they",  "this",  "those",   "through", "to",      "too",     "under",   "until",
    "up",      "upon",  "us",    "use",     "used",    "uses",    "ve",      "very",    "via",
    "was",     "we",    "were",  "what",    "when",    "where",   "which",   "while",   "who",
    "whom",    "whose", "why",   "will",    "with",    "within",  "without", "would"};

// FNV-1a over bytes, so that the machine's byte order does not matter.
constexpr std::uint64_t hash_seed = 0xCBF29CE484222325;
constexpr std::uint64_t hash_step(std::uint64_t hash, char byte) {
  return (hash ^ static_cast<unsigned char>(byte)) * 0x100000001B3;
}
std::uint64_t hash_of(std::string_view text, std::uint64_t hash = hash_seed) {
  for (const char byte : text) hash = hash_step(hash, byte);
  return hash;
}
// Makes every bit depend on all (the finalizer of MurmurHash3, public domain).
std::uint64_t mixed(std::uint64_t hash) {
  hash = (hash ^ (hash >> 33)) * 0xFF51AFD7ED558CCD;
  hash = (hash ^ (hash >> 33)) * 0xC4CEB9FE1A85EC53;
  return hash ^ (hash >> 33);
}

// What a feature is made of is part of its hash: the word "ing" is not the piece "ing".
enum class Feature : std::uint64_t { word = 1, stem = 2, piece = 3, nothing = 4 };

// Adds a feature at its six places, each 8 bits of place and one of sign.
void add(Sums& sums, Feature feature, std::uint64_t hash, double weight) {
  const auto amount = static_cast<std::int64_t>(weight * unit);
  std::uint64_t bits = mixed(hash + static_cast<std::uint64_t>(feature) * 0x9E3779B97F4A7C15);
  for (int i = 0; i < 6; ++i, bits >>= 9) {
    sums[bits & 0xFF] += (bits & 0x100) != 0 ? amount : -amount;
  }
}

bool is_common(std::string_view word) {
  return word.size() <= 7 && std::ranges::binary_search(common_words, word);
}

// The common words are the short ones, in every language that is written with letters.
double rarity(std::string_view word, TokenKind kind) {
  if (kind == TokenKind::single) return 0.3;
  if (kind == TokenKind::bigram) return 1;
  if (is_common(word)) return common_weight;
  return 0.6 + 0.1 * static_cast<double>(std::min<std::size_t>(word.size(), 8));
}

// Takes the usual endings of English off. It only has to give the forms of a word the same rest,
// not a word. True stems of more languages would need the analyzer's.
std::string_view rough_stem(std::string_view word) {
  const auto ends = [&](std::string_view ending, std::size_t least) {
    return word.size() >= ending.size() + least && word.ends_with(ending);
  };
  const auto without = [&](std::size_t count) { return word.substr(0, word.size() - count); };
  if (ends("'s", 2)) word = without(2);
  if (ends("ies", 2)) return without(3);
  if (ends("sses", 2)) return without(2);
  if (ends("s", 3) && !ends("ss", 1) && !ends("us", 1)) word = without(1);
  for (const std::string_view ending : {"ing", "ed", "er", "ly"}) {
    if (!ends(ending, 3)) continue;
    word = without(ending.size());
    // running, run
    if (word.size() > 3 && word[word.size() - 1] == word[word.size() - 2] && word.back() != 's' &&
        word.back() != 'l')
      word = without(1);
    break;
  }
  if (ends("e", 2) || ends("y", 2)) word = without(1);
  return word;
}

// Words of one part of a text, each once, and what they add to its vector.
class Words final {
 public:
  void clear() {
    entries_.clear();
    terms_.clear();
    std::ranges::fill(slots_, 0U);
  }
  [[nodiscard]] bool empty() const { return entries_.empty(); }

  void read(std::string_view text);
  void add_to(Sums& sums);

 private:
  struct Entry {
    std::uint64_t hash;
    std::uint32_t count;
    std::uint32_t term;  // in terms_; a pair has none
    std::uint32_t size;
    TokenKind kind;
  };
  void count(std::uint64_t hash, std::string_view term, TokenKind kind);
  void grow();
  void add_pieces(Sums& sums, std::string_view word, double weight);

  TokenStream tokens_;
  std::vector<Entry> entries_;
  std::vector<std::uint32_t> slots_ = std::vector<std::uint32_t>(1024);  // number in entries_ + 1
  std::string terms_;
  std::string marked_;
  std::vector<std::uint32_t> letters_;  // where each begins in marked_
};

void Words::read(std::string_view text) {
  tokens_.reset(text);
  Token token;
  std::uint64_t before = 0;  // the word before this one, unless that is common
  while (tokens_.next(token)) {
    const std::uint64_t hash = hash_of(token.term);
    count(hash, token.term, token.kind);
    if (token.kind == TokenKind::whole) continue;
    if (token.kind != TokenKind::word) {
      before = 0;
    } else if (is_common(token.term)) {
      continue;  // "size of the file" has the pair "size file"
    } else {
      // The hash of both in one: "file size", "fileSize" and "filesize" share it.
      if (before != 0) count(hash_of(token.term, before), {}, TokenKind::word);
      before = hash;
    }
  }
}

void Words::count(std::uint64_t hash, std::string_view term, TokenKind kind) {
  if (entries_.size() * 2 >= slots_.size()) grow();
  const std::size_t mask = slots_.size() - 1;
  for (std::size_t at = mixed(hash) & mask;; at = (at + 1) & mask) {
    if (slots_[at] == 0) {
      entries_.push_back({hash, 1, static_cast<std::uint32_t>(terms_.size()),
                          static_cast<std::uint32_t>(term.size()), kind});
      terms_ += term;
      slots_[at] = static_cast<std::uint32_t>(entries_.size());
      return;
    }
    Entry& entry = entries_[slots_[at] - 1];
    if (entry.hash == hash) {
      ++entry.count;
      return;
    }
  }
}

void Words::grow() {
  slots_.assign(slots_.size() * 2, 0);
  const std::size_t mask = slots_.size() - 1;
  for (std::size_t i = 0; i < entries_.size(); ++i) {
    std::size_t at = mixed(entries_[i].hash) & mask;
    while (slots_[at] != 0) at = (at + 1) & mask;
    slots_[at] = static_cast<std::uint32_t>(i + 1);
  }
}

void Words::add_to(Sums& sums) {
  for (const Entry& entry : entries_) {
    const auto count = static_cast<double>(entry.count);
    const double often = std::sqrt(count * std::sqrt(count));
    const std::string_view term = std::string_view(terms_).substr(entry.term, entry.size);
    if (term.empty() || entry.kind == TokenKind::whole) {
      add(sums, Feature::word, entry.hash, pair_weight * often);
      continue;
    }
    const double weight = rarity(term, entry.kind) * often;
    if (entry.kind != TokenKind::word) {
      add(sums, Feature::word, entry.hash, weight);
      continue;
    }
    add(sums, Feature::word, entry.hash, word_weight * weight);
    add(sums, Feature::stem, hash_of(rough_stem(term)), stem_weight * weight);
    if (!is_common(term)) add_pieces(sums, term, pieces_weight * weight);
  }
}

// All runs of three to five letters, with a mark at both ends of the word.
void Words::add_pieces(Sums& sums, std::string_view word, double weight) {
  marked_.assign(1, '<').append(word).append(1, '>');
  letters_.clear();
  for (std::uint32_t i = 0; i < marked_.size(); ++i) {
    if ((static_cast<unsigned char>(marked_[i]) & 0xC0) != 0x80) letters_.push_back(i);
  }
  const std::size_t count = letters_.size();
  letters_.push_back(static_cast<std::uint32_t>(marked_.size()));
  if (count < 3) return;
  const std::size_t pieces =
      (count - 2) + (count > 3 ? count - 3 : 0) + (count > 4 ? count - 4 : 0);
  const double each = weight / std::sqrt(static_cast<double>(pieces));
  for (std::size_t begin = 0; begin + 3 <= count; ++begin) {
    std::uint64_t hash = hash_seed;
    for (std::size_t end = begin + 1; end <= std::min(begin + 5, count); ++end) {
      for (std::uint32_t at = letters_[end - 1]; at < letters_[end]; ++at)
        hash = hash_step(hash, marked_[at]);
      // Endings are what words have in common that have nothing in common.
      if (end - begin >= 3) add(sums, Feature::piece, hash, end == count ? each / 2 : each);
    }
  }
}

double length_of(const Sums& sums) {
  double squares = 0;
  for (const std::int64_t sum : sums)
    squares += static_cast<double>(sum) * static_cast<double>(sum);
  return std::sqrt(squares);
}

// Adds `weight` times the direction of `sums`. False when it has none.
bool add_direction(std::array<double, dimensions>& vector, const Sums& sums, double weight) {
  const double length = length_of(sums);
  if (length == 0) return false;
  const double factor = weight / length;
  for (std::size_t i = 0; i < dimensions; ++i) {
    vector[i] += static_cast<double>(sums[i]) * factor;
  }
  return true;
}

class Maker final {
 public:
  void make(std::string_view text, std::span<float, dimensions> out) {
    const auto line_end = std::min(text.find('\n'), text.size());
    const bool has_title = line_end <= longest_title;
    std::array<double, dimensions> vector{};
    bool has_words = false;
    if (has_title) has_words = add_part(vector, text.substr(0, line_end), title_weight);
    const std::string_view body = has_title ? text.substr(line_end) : text;
    has_words = add_part(vector, body, 1) || has_words;
    if (!has_words) add_nothing(vector);
    double squares = 0;
    for (const double each : vector) squares += each * each;
    // The title may, once in the life of the universe, be the opposite of the text.
    if (squares < 1e-12) {
      add_nothing(vector);
      squares = 1;
    }
    const double factor = 1 / std::sqrt(squares);
    for (std::size_t i = 0; i < dimensions; ++i) out[i] = static_cast<float>(vector[i] * factor);
  }

 private:
  bool add_part(std::array<double, dimensions>& vector, std::string_view text, double weight) {
    words_.clear();
    words_.read(text);
    if (words_.empty()) return false;
    Sums sums{};
    words_.add_to(sums);
    return add_direction(vector, sums, weight);
  }
  static void add_nothing(std::array<double, dimensions>& vector) {
    Sums sums{};
    add(sums, Feature::nothing, 0, 1);
    vector.fill(0);
    (void)add_direction(vector, sums, 1);
  }

  Words words_;
};

}  // namespace

Result<EmbeddingModel> BuiltinEmbedder::model() const {
  return EmbeddingModel{.name = "builtin-1",
                        .dimensions = dimensions,
                        .unrelated_mean = unrelated_mean,
                        .unrelated_deviation = unrelated_deviation};
}

Result<std::vector<float>> BuiltinEmbedder::embed(std::span<const std::string_view> texts,
                                                  Purpose /*purpose*/,
                                                  const std::stop_token& stop) {
  std::vector<float> vectors(texts.size() * dimensions);
  Maker maker;
  for (std::size_t i = 0; i < texts.size(); ++i) {
    if (stop.stop_requested()) return fail(Errc::cancelled, "making vectors was stopped");
    maker.make(texts[i], std::span<float, dimensions>(vectors.data() + i * dimensions, dimensions));
  }
  return vectors;
}

bool BuiltinEmbedder::has_words(std::string_view text) {
  TokenStream tokens(text);
  Token token;
  return tokens.next(token);
}

}  // namespace hearth::packs::knowledge
