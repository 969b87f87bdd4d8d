#include "packs/sql/transfer/json_numbers.hpp"

#include <algorithm>
#include <cstddef>

namespace hearth::packs::sql {
namespace {

constexpr std::size_t longest_name = 1024;

bool is_digit(char c) {
  return c >= '0' && c <= '9';
}

bool is_part_of_number(char c) {
  return is_digit(c) || c == '.' || c == '-' || c == '+' || c == 'e' || c == 'E';
}

std::size_t whole_digits(std::string_view number) {
  if (number.starts_with('-')) number.remove_prefix(1);
  return std::min(number.find_first_not_of("0123456789"), number.size());
}

bool has_point_or_power(std::string_view number) {
  return number.find_first_of(".eE") != std::string_view::npos;
}

}  // namespace

void NumberQuoter::add(std::string_view piece, std::string& to) {
  for (const char c : piece) {
    if (options_.is_lines && c == '\n') {
      end_number(to);
      within_.clear();
      is_in_string_ = is_escaped_ = false;
    } else if (is_in_string_) {
      take_in_string(c);
    } else if (is_digit(c) || c == '-' || (!number_.empty() && is_part_of_number(c))) {
      number_.push_back(c);
      continue;
    } else {
      end_number(to);
      take(c);
    }
    to.push_back(c);
  }
}

void NumberQuoter::take_in_string(char c) {
  if (is_escaped_) {
    is_escaped_ = false;
  } else if (c == '\\') {
    is_escaped_ = true;
  } else if (c == '"') {
    is_in_string_ = false;
    return;
  }
  if (text_.size() < longest_name) text_.push_back(c);
}

void NumberQuoter::take(char c) {
  if (c == '"') {
    is_in_string_ = true;
    text_.clear();
  } else if (c == '{' || c == '[') {
    within_.push_back(c);
  } else if ((c == '}' || c == ']') && !within_.empty()) {
    within_.pop_back();
  }
}

bool NumberQuoter::stays() const {
  if (is_exact(number_, options_.largest)) return true;
  return options_.spares_parts && !is_member_of_row() && has_point_or_power(number_) &&
         whole_digits(number_) <= digits_kept;
}

void NumberQuoter::end_number(std::string& to) {
  if (number_.empty()) return;
  if (stays()) {
    to += number_;
  } else {
    to.append("\"").append(number_).append("\"");
    has_quoted_ = true;
    if (is_member_of_row()) members_.insert(text_);
  }
  number_.clear();
}

// A run of so many has a byte at a multiple of that number.
void LongNumberSearch::add(std::string_view piece) {
  const auto is_part = [](char c) { return is_digit(c) || c == '.'; };
  std::size_t run = at_end_;
  std::size_t at = 0;
  while (at < piece.size() && is_part(piece[at])) ++at;
  run += at;
  has_found_ = has_found_ || run >= fewest;
  const auto run_around = [&](std::size_t place) {
    std::size_t begin = place;
    std::size_t end = place;
    while (begin > 0 && is_part(piece[begin - 1])) --begin;
    while (end < piece.size() && is_part(piece[end])) ++end;
    return end - begin;
  };
  for (std::size_t place = 0; place < piece.size() && !has_found_; place += fewest)
    has_found_ = is_part(piece[place]) && run_around(place) >= fewest;
  std::size_t last = piece.size();
  while (last > 0 && is_part(piece[last - 1])) --last;
  at_end_ = last == 0 ? run : piece.size() - last;
}

}  // namespace hearth::packs::sql
