// Numbers in JSON that a reader would round, as strings: most readers, DuckDB's among them, keep
// what a double of IEEE 754 holds.
#pragma once

#include <cstdint>
#include <set>
#include <string>
#include <string_view>

#include "packs/sql/engine/exact_number.hpp"

namespace hearth::packs::sql {

// Rewrites JSON that comes in pieces. What is no JSON is left as it is.
class NumberQuoter final {
 public:
  struct Options {
    std::uint64_t largest;  // whole number that stays one
    // Within lists and objects of a row, fractions stay numbers however many digits follow the
    // point: such are measurements.
    bool spares_parts = false;
    bool is_lines = false;      // one value a line: what is wrong in one does not matter to others
    bool is_any_depth = false;  // where rows are: each object is taken for one
  };
  explicit NumberQuoter(Options options) : options_(options) {}

  void add(std::string_view piece, std::string& to);
  void finish(std::string& to) { end_number(to); }

  [[nodiscard]] bool has_quoted() const { return has_quoted_; }
  // The members, of rows, whose numbers became strings. As they are
  // written: with escapes.
  [[nodiscard]] const std::set<std::string, std::less<>>& members() const { return members_; }

 private:
  void take_in_string(char c);
  void take(char c);
  void end_number(std::string& to);
  [[nodiscard]] bool stays() const;
  [[nodiscard]] bool is_member_of_row() const {
    return options_.is_any_depth ? within_.ends_with('{') : within_ == "{" || within_ == "[{";
  }

  Options options_;
  std::string within_;  // the brackets that are open
  std::string number_;  // that may go on
  std::string text_;    // the last string; of a value, too
  bool is_in_string_ = false;
  bool is_escaped_ = false;
  bool has_quoted_ = false;
  std::set<std::string, std::less<>> members_;
};

// Whether so many digits stand side by side that a number may be among them that is not kept.
class LongNumberSearch final {
 public:
  void add(std::string_view piece);
  [[nodiscard]] bool has_found() const { return has_found_; }

 private:
  static constexpr std::size_t fewest = 16;
  std::size_t at_end_ = 0;  // of the last piece
  bool has_found_ = false;
};

}  // namespace hearth::packs::sql
