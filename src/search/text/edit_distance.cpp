#include "search/text/edit_distance.hpp"

#include <algorithm>
#include <utility>

namespace hearth::search::text {
namespace {

std::vector<char32_t> codes_of(std::string_view text) {
  std::vector<char32_t> codes;
  while (!text.empty()) {
    const DecodedCode decoded = decode_utf8(text);
    codes.push_back(decoded.code);
    text.remove_prefix(decoded.size);
  }
  return codes;
}

}  // namespace

EditDistance::EditDistance(std::string_view word, unsigned most)
    : word_(codes_of(word)), most_(most) {
  std::vector<unsigned> row(word_.size() + 1);
  for (std::size_t i = 0; i < row.size(); ++i) row[i] = static_cast<unsigned>(i);
  rows_.push_back({std::move(row), 0, 0});
}

std::optional<unsigned> EditDistance::to(std::string_view term, std::size_t& too_far) {
  const auto differ = std::ranges::mismatch(term, last_);
  const auto shared = static_cast<std::size_t>(differ.in1 - term.begin());
  while (rows_.back().end > shared) rows_.pop_back();
  last_.assign(term);
  too_far = 0;
  while (rows_.back().end < term.size()) {
    // No row below one that is beyond the limit comes back: a swap, too, goes through this row.
    if (std::ranges::min(rows_.back().distances) > most_) {
      too_far = rows_.back().end;
      return std::nullopt;
    }
    add_row(decode_utf8(term.substr(rows_.back().end)));
  }
  const unsigned distance = rows_.back().distances.back();
  return distance <= most_ ? std::optional(distance) : std::nullopt;
}

void EditDistance::add_row(DecodedCode next) {
  const std::size_t size = word_.size() + 1;
  const Row& above = rows_.back();
  std::vector<unsigned> row(size);
  row[0] = above.distances[0] + 1;
  for (std::size_t i = 1; i < size; ++i) {
    const unsigned substituted = above.distances[i - 1] + (word_[i - 1] == next.code ? 0U : 1U);
    row[i] = std::min({above.distances[i] + 1, row[i - 1] + 1, substituted});
    if (i > 1 && rows_.size() > 1 && word_[i - 1] == above.code && word_[i - 2] == next.code) {
      row[i] = std::min(row[i], rows_[rows_.size() - 2].distances[i - 2] + 1);
    }
  }
  const std::size_t end = above.end + next.size;
  rows_.push_back({std::move(row), end, next.code});
}

}  // namespace hearth::search::text
