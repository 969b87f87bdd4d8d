#include "packs/sql/transfer/changed_values.hpp"

#include <algorithm>
#include <utility>

#include "base/ascii.hpp"
#include "packs/sql/transfer/column_types.hpp"

namespace hearth::packs::sql {
namespace {

constexpr std::size_t timestamp_behind_colon = 6;

bool is_letter(unsigned char c) {
  return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z');
}

// Whether `c` makes a value one for SQL to decide about. What the reader refuses anyway need not be
// among them.
bool is_suspicious(unsigned char c, Exactness exactness, bool is_behind_colon) {
  switch (exactness) {
    case Exactness::whole:
      return c == '.' || c == 'e' || c == 'E';
    case Exactness::date:
      return c == ':' || is_letter(c);
    case Exactness::time:
      return c == '+' || c == '-' || is_letter(c);
    case Exactness::zoned_time:
      return c > ' ' && c != '"' && c != '\'';
    case Exactness::timestamp:
      // 2024-01-01T10:00: the T is common, and nothing else before the colon is a letter but BC.
      return c == 'B' || c == 'b' || (is_behind_colon && (c == '+' || c == '-' || is_letter(c)));
    case Exactness::other:
      break;
  }
  return false;
}

}  // namespace

Exactness exactness_of(std::string_view type) {
  static constexpr std::array<std::string_view, 22> wholes{
      "BIGINT",   "INT8",    "LONG",     "INTEGER",  "INT",       "INT4",    "SIGNED", "INT64",
      "SMALLINT", "INT2",    "SHORT",    "INT16",    "TINYINT",   "INT1",    "INT32",  "HUGEINT",
      "OID",      "UBIGINT", "UHUGEINT", "UINTEGER", "USMALLINT", "UTINYINT"};
  const std::string known = ascii_upper(type);
  if (is_zoned_time_type(known)) return Exactness::zoned_time;
  if (std::ranges::find(wholes, known) != wholes.end()) return Exactness::whole;
  if (known == "DATE") return Exactness::date;
  if (known == "TIME" || known == "TIME WITHOUT TIME ZONE") return Exactness::time;
  const bool is_timestamp = known == "TIMESTAMP" || known == "DATETIME" ||
                            known == "TIMESTAMP WITHOUT TIME ZONE" || known == "TIMESTAMP_S" ||
                            known == "TIMESTAMP_MS" || known == "TIMESTAMP_NS";
  return is_timestamp ? Exactness::timestamp : Exactness::other;
}

namespace {

// Z and an offset of nothing stay allowed: they go without a change of the digits. So do digits
// behind the sixth of a second, which nobody measures.
std::string condition_of(const std::string& column, Exactness exactness) {
  constexpr const char* clock = "[0-9]{1,2}:[0-9]{2}(:[0-9]{2}([.][0-9]*)?)?\\s*";
  constexpr const char* universal = "(Z|UTC|[+-]00(:?00)?)?\\s*";
  const auto unlike = [&](const std::string& pattern) {
    return "NOT regexp_full_match(" + column + ", '(?i)\\s*" + pattern + "')";
  };
  switch (exactness) {
    case Exactness::whole:
      return "(contains(" + column + ", '.') OR contains(lower(" + column + "), 'e')) AND " +
             unlike("[-+]?[0-9_]*([.]0*)?(e[+]?[0-9]+)?\\s*") + " AND " +
             unlike("0x[0-9a-f_]+\\s*");
    case Exactness::date:
      return "(contains(" + column + ", ':') OR contains(lower(" + column + "), 'bc')) AND " +
             unlike("[^:]*?([(]BC[)])?([ T]+00:00(:00([.]0*)?)?)?\\s*" + std::string(universal)) +
             " OR regexp_matches(" + column + ", '(?i)[0-9]\\s+BC')";
    case Exactness::time:
      return "regexp_matches(" + column + ", '[0-9]:[0-9]') AND " +
             unlike(clock + std::string(universal));
    case Exactness::zoned_time:
      return unlike(clock + std::string("([+-][0-9]{1,2}(:?[0-9]{2}){0,2}|Z)?\\s*"));
    case Exactness::timestamp:
      return "(contains(" + column + ", ':') AND " +
             unlike("[^:]*?[ T]+" + std::string(clock) + universal) + ") OR regexp_matches(" +
             column + ", '(?i)[0-9]\\s*BC')";
    case Exactness::other:
      break;
  }
  return "false";
}

}  // namespace

std::string is_changed_sql(const std::string& column, std::string_view type) {
  const Exactness exactness = exactness_of(type);
  const std::string is_changed = "(" + condition_of(column, exactness) + ")";
  if (exactness == Exactness::zoned_time || exactness == Exactness::other) return is_changed;
  return "(" + is_changed + " AND TRY_CAST(" + column + " AS " + std::string(type) +
         ") IS NOT NULL)";
}

// ---- The search --------------------------------------------------------------------------------

ChangedValueSearch::ChangedValueSearch(char delimiter,
                                       char quote,
                                       std::int64_t lines,
                                       std::vector<Exactness> columns)
    : delimiter_(delimiter), quote_(quote), lines_(lines), columns_(std::move(columns)) {
  for (std::size_t i = 0; i < stops_.size(); ++i) {
    const bool is_behind_colon = i == timestamp_behind_colon;
    const auto exactness = is_behind_colon ? Exactness::timestamp : static_cast<Exactness>(i);
    stops_[i] = stops_for(exactness, is_behind_colon);
  }
}

ChangedValueSearch::Stops ChangedValueSearch::stops_for(Exactness exactness,
                                                        bool is_behind_colon) const {
  Stops stops{};
  for (unsigned c = 0; c < stops.size(); ++c) {
    const auto byte = static_cast<unsigned char>(c);
    stops[c] = is_suspicious(byte, exactness, is_behind_colon) ||
               (exactness == Exactness::timestamp && byte == ':');
  }
  for (const char c : {delimiter_, quote_, '\n'}) stops[static_cast<unsigned char>(c)] = true;
  return stops;
}

const ChangedValueSearch::Stops& ChangedValueSearch::stops() const {
  const bool is_row = lines_ <= 0 && column_ < columns_.size();
  if (!is_row) return stops_[0];
  const Exactness exactness = columns_[column_];
  const bool is_late = exactness == Exactness::timestamp && is_behind_colon_;
  return stops_[is_late ? timestamp_behind_colon : static_cast<std::size_t>(exactness)];
}

void ChangedValueSearch::take(char c) {
  if (c == quote_ && quote_ != '\0') {
    is_quoted_ = !is_quoted_;
  } else if (c == '\n' && !is_quoted_) {
    --lines_;
    column_ = 0;
    is_behind_colon_ = false;
  } else if (c == delimiter_ && !is_quoted_) {
    ++column_;
    is_behind_colon_ = false;
  } else {
    const Exactness exactness =
        lines_ <= 0 && column_ < columns_.size() ? columns_[column_] : Exactness::other;
    has_found_ = is_suspicious(static_cast<unsigned char>(c), exactness, is_behind_colon_);
    is_behind_colon_ = is_behind_colon_ || c == ':';
  }
}

void ChangedValueSearch::add(std::string_view piece) {
  const char* at = piece.data();
  const char* const end = at + piece.size();
  while (!has_found_) {
    const Stops& stops = this->stops();
    while (at != end && !stops[static_cast<unsigned char>(*at)]) ++at;
    if (at == end) return;
    take(*at++);
  }
}

void LineOfRow::add(std::string_view piece) {
  for (const char c : piece) {
    if (line_) return;
    const bool is_end = c == '\n' && !is_quoted_;
    if (lines_ > 0) {
      if (is_end) --lines_;
    } else if (!has_begun_ && c != '\n' && c != '\r') {
      has_begun_ = true;
      if (--row_ == 0) line_ = at_;
    }
    if (c == quote_ && quote_ != '\0') is_quoted_ = !is_quoted_;
    if (is_end) has_begun_ = false;
    if (c == '\n') ++at_;
  }
}

}  // namespace hearth::packs::sql
