#include "search/corpus.hpp"

#include <algorithm>
#include <cmath>
#include <numbers>
#include <unordered_set>

namespace hearth::bench {
namespace {

constexpr std::size_t vocabulary_size = 50'000;
constexpr std::uint64_t vocabulary_seed = 20260728;  // the same words for every seed
constexpr int words_of_title = 6;
constexpr int words_of_text = 60;
constexpr int fewest_words = 8;

// SplitMix64 (Steele, Lea & Flood 2014).
std::uint64_t next_random(std::uint64_t& state) {
  std::uint64_t z = state += 0x9E3779B97F4A7C15U;
  z = (z ^ (z >> 30)) * 0xBF58476D1CE4E5B9U;
  z = (z ^ (z >> 27)) * 0x94D049BB133111EBU;
  return z ^ (z >> 31);
}

}  // namespace

Corpus::Corpus(std::uint64_t seed) : state_(vocabulary_seed) {
  static constexpr std::string_view consonants = "bcdfghjklmnprstvz";
  static constexpr std::string_view vowels = "aeiou";
  std::unordered_set<std::string> known;
  while (vocabulary_.size() < vocabulary_size) {
    std::string made;
    for (std::uint64_t i = 2 + next_random(state_) % 3; i > 0; --i) {
      made += consonants[next_random(state_) % consonants.size()];
      made += vowels[next_random(state_) % vowels.size()];
    }
    if (known.insert(made).second) vocabulary_.push_back(std::move(made));
  }
  double sum = 0;
  for (std::size_t rank = 0; rank < vocabulary_size; ++rank) {
    cumulative_.push_back(sum += 1.0 / (static_cast<double>(rank) + 2.7));
  }
  state_ = seed;
}

double Corpus::uniform() {
  return static_cast<double>(next_random(state_) >> 11) * 0x1.0p-53;
}

double Corpus::normal() {  // Box & Muller 1958
  return std::sqrt(-2 * std::log(1 - uniform())) * std::cos(2 * std::numbers::pi * uniform());
}

const std::string& Corpus::word() {
  const double drawn = uniform() * cumulative_.back();
  const auto at = std::ranges::lower_bound(cumulative_, drawn) - cumulative_.begin();
  return vocabulary_[std::min(static_cast<std::size_t>(at), vocabulary_size - 1)];
}

void Corpus::fill(std::string& text, int count) {
  text.clear();
  for (int i = 0; i < count; ++i) {
    if (i != 0) text += ' ';
    text += word();
  }
}

void Corpus::next(Document& document) {
  fill(document.title, words_of_title);
  const double words = words_of_text + normal() * words_of_text / 4;
  fill(document.text, std::max(fewest_words, static_cast<int>(words)));
}

std::vector<std::string> Corpus::query(int count) {
  std::vector<std::string> words;
  while (std::ssize(words) < count) {
    const std::string& drawn = word();
    if (std::ranges::find(words, drawn) == words.end()) words.push_back(drawn);
  }
  return words;
}

}  // namespace hearth::bench
