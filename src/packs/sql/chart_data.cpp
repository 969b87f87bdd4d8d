#include "packs/sql/chart_data.hpp"

#include <algorithm>
#include <array>
#include <charconv>
#include <chrono>
#include <cmath>
#include <limits>

#include "base/ascii.hpp"
#include "base/closest.hpp"
#include "packs/sql/transfer/column_types.hpp"

namespace hearth::packs::sql {
namespace {

using chart::Data;
using chart::Field;
using chart::FieldKind;
using chart::Mark;

constexpr double nan = std::numeric_limits<double>::quiet_NaN();

bool begins_with(std::string_view type, std::string_view name) {
  return equals_ignoring_case(type.substr(0, name.size()), name);
}

FieldKind kind_of(const Column& column, const Batch& rows, std::size_t at) {
  if (!column.type.ends_with(']')) {  // a list of them is none
    if (begins_with(column.type, "TIMESTAMP") || begins_with(column.type, "DATE"))
      return FieldKind::time;
    // Not by its cells, which may be texts: NaN, and what is beyond 2^53.
    if (is_number_type(column.type)) return FieldKind::number;
  }
  // A type of another engine that is not known by name.
  for (std::size_t row = 0; row < rows.rows(); ++row) {
    const CellKind kind = rows.at(row, at).kind;
    if (kind == CellKind::null) continue;
    const bool is_numeric = kind == CellKind::integer || kind == CellKind::real;
    return is_numeric ? FieldKind::number : FieldKind::category;
  }
  return FieldKind::category;
}

double real_of(std::string_view text) {
  double number = nan;
  const auto [end, code] = std::from_chars(text.data(), text.data() + text.size(), number);
  const bool is_whole = code == std::errc() && end == text.data() + text.size();
  return is_whole && std::isfinite(number) ? number : nan;  // there is no place for the infinite
}

Field field_of(const std::vector<Column>& header, const Batch& rows, std::size_t at) {
  Field field{
      .name = header[at].name, .kind = kind_of(header[at], rows, at), .numbers = {}, .texts = {}};
  for (std::size_t row = 0; row < rows.rows(); ++row) {
    const Batch::View cell = rows.at(row, at);
    const bool is_null = cell.kind == CellKind::null;
    switch (field.kind) {
      case FieldKind::category:
        field.texts.emplace_back(is_null ? "(null)" : cell.text);
        break;
      case FieldKind::number:
        field.numbers.push_back(is_null ? nan : real_of(cell.text));
        break;
      case FieldKind::time:
        field.numbers.push_back(is_null ? nan : seconds_of(cell.text).value_or(nan));
        break;
    }
  }
  return field;
}

Result<std::size_t> find(const std::vector<Column>& header, const std::string& name) {
  const auto found = std::ranges::find(header, name, &Column::name);
  if (found != header.end()) return static_cast<std::size_t>(found - header.begin());
  std::vector<std::string> names;
  for (const Column& column : header) names.push_back(column.name);
  std::vector<std::string> advice = closest_names(name, names);
  if (advice.empty()) advice = std::move(names);
  return fail(Errc::not_found, "the query gives no column \"" + name + "\"", std::move(advice));
}

// What was not named, by what the columns hold: the first that is no number along x, numbers along
// y.
void choose(Mark mark, std::vector<Field>& rest, Data& data) {
  const auto take = [&rest](auto fits) -> std::optional<Field> {
    const auto found = std::ranges::find_if(rest, fits);
    if (found == rest.end()) return std::nullopt;
    Field field = std::move(*found);
    rest.erase(found);
    return field;
  };
  const auto is_number = [](const Field& field) { return field.kind == FieldKind::number; };
  const auto is_label = [](const Field& field) { return field.kind != FieldKind::number; };
  const auto any = [](const Field&) { return true; };
  if (mark == Mark::histogram) {
    if (!data.x) data.x = take(is_number);
    return;
  }
  if (mark == Mark::box) {
    if (!data.x && data.y.size() < 2) data.x = take(is_label);
    if (data.y.empty()) {
      if (auto y = take(is_number)) data.y.push_back(std::move(*y));
    }
    return;
  }
  if (!data.x && mark != Mark::scatter) data.x = take(is_label);
  if (!data.x) data.x = take(any);
  if (mark == Mark::heat_map) {
    if (data.y.empty()) {
      auto y = take(is_label);
      if (!y) y = take(any);
      if (y) data.y.push_back(std::move(*y));
    }
    if (!data.value) data.value = take(is_number);
    return;
  }
  if (!data.y.empty()) return;
  while (auto y = take(is_number)) {
    data.y.push_back(std::move(*y));
    if (data.group) return;
  }
  if (data.y.size() == 1 && !data.group) data.group = take(is_label);
}

}  // namespace

std::optional<double> seconds_of(std::string_view text) {
  const auto part = [&text](std::size_t digits, char before) -> std::optional<int> {
    if (before != '\0') {
      if (text.empty() || text[0] != before) return std::nullopt;
      text.remove_prefix(1);
    }
    int value = 0;
    if (text.size() < digits) return std::nullopt;
    const std::string_view head = text.substr(0, digits);
    const auto [end, code] = std::from_chars(head.data(), head.data() + head.size(), value);
    if (code != std::errc() || end != head.data() + head.size()) return std::nullopt;
    text.remove_prefix(digits);
    return value;
  };
  const auto year = part(4, '\0');
  const auto month = part(2, '-');
  const auto day = part(2, '-');
  if (!year || !month || !day) return std::nullopt;
  const std::chrono::year_month_day date{std::chrono::year(*year),
                                         std::chrono::month(static_cast<unsigned>(*month)),
                                         std::chrono::day(static_cast<unsigned>(*day))};
  if (!date.ok()) return std::nullopt;
  double seconds =
      86'400.0 * static_cast<double>(std::chrono::sys_days(date).time_since_epoch().count());
  if (text.empty()) return seconds;
  const auto hour = part(2, text[0] == ' ' ? ' ' : 'T');
  const auto minute = part(2, ':');
  const auto second = part(2, ':');
  if (!hour || !minute || !second) return std::nullopt;
  seconds += *hour * 3'600.0 + *minute * 60.0 + *second;
  if (!text.empty() && text[0] == '.') {
    double fraction = 0;
    const auto [end, code] = std::from_chars(text.data(), text.data() + text.size(), fraction);
    if (code == std::errc()) seconds += fraction;
    text.remove_prefix(static_cast<std::size_t>(end - text.data()));
  }
  if (text.empty() || text == "Z") return seconds;
  const double sign = text[0] == '-' ? 1 : -1;
  const auto hours = part(2, text[0] == '-' ? '-' : '+');
  if (!hours) return std::nullopt;
  const auto minutes = text.empty() ? std::optional(0) : part(2, ':');
  if (!minutes) return std::nullopt;
  return seconds + sign * (*hours * 3'600.0 + *minutes * 60.0);
}

Result<Data> chart_data(Mark mark,
                        const ChartColumns& columns,
                        const std::vector<Column>& header,
                        const Batch& rows) {
  Data data;
  std::vector<bool> is_named(header.size(), false);
  const auto named = [&](const std::string& name) -> Result<Field> {
    const auto at = find(header, name);
    if (!at) return std::unexpected(at.error());
    is_named[*at] = true;
    return field_of(header, rows, *at);
  };
  for (const auto& [from, to] :
       {std::pair(&columns.x, &data.x), std::pair(&columns.group, &data.group),
        std::pair(&columns.value, &data.value)}) {
    if (!*from) continue;
    auto field = named(**from);
    if (!field) return std::unexpected(std::move(field.error()));
    *to = std::move(*field);
  }
  for (const std::string& name : columns.y) {
    auto field = named(name);
    if (!field) return std::unexpected(std::move(field.error()));
    data.y.push_back(std::move(*field));
  }
  const bool is_count = mark == Mark::bar && columns.x && columns.y.empty();
  std::vector<Field> rest;
  for (std::size_t at = 0; at < header.size(); ++at) {
    if (!is_named[at]) rest.push_back(field_of(header, rows, at));
  }
  const bool has_numbers =
      std::ranges::any_of(rest, [](const Field& field) { return field.kind == FieldKind::number; });
  if (!is_count || has_numbers) choose(mark, rest, data);
  return data;
}

}  // namespace hearth::packs::sql
