#include "cli/render.hpp"

#include <algorithm>
#include <array>
#include <chrono>
#include <cstdint>
#include <cstdio>

#include "base/clock.hpp"
#include "base/terminal_text.hpp"

namespace hearth::cli {
namespace {

constexpr std::string_view bold = "\x1b[1m";
constexpr std::string_view plain = "\x1b[0m";
constexpr std::string_view column_gap = "  ";
constexpr std::size_t narrowest_column = 6;

bool is_nested(const json::Value& value) {
  return value.is_object() || value.is_array();
}

bool is_list_of_scalars(const json::Value& value) {
  return value.is_array() && std::ranges::none_of(value.get_array(), is_nested);
}

bool is_list_of_objects(const json::Value& value) {
  return value.is_array() && !value.get_array().empty() &&
         std::ranges::all_of(value.get_array(), [](const json::Value& v) { return v.is_object(); });
}

std::string scalar_text(const json::Value& value, Lines lines) {
  if (value.is_string()) return printable(value.get_string(), lines);
  if (value.is_null()) return "-";
  return json::dump(value);
}

// What fits into one cell or line; compact JSON for what has structure.
std::string short_text(const json::Value& value, Lines lines) {
  if (is_list_of_scalars(value)) {
    if (value.get_array().empty()) return "none";
    std::string text;
    for (const json::Value& item : value.get_array())
      text += (text.empty() ? "" : ", ") + scalar_text(item, Lines::join);
    return text;
  }
  return is_nested(value) ? printable(json::dump(value), Lines::join) : scalar_text(value, lines);
}

std::string heading_of(std::string_view key) {
  std::string text = printable(key, Lines::join);
  std::ranges::replace(text, '_', ' ');
  return text;
}

std::string emphasised(const std::string& text, const Look& look) {
  return look.color ? std::string(bold) + text + std::string(plain) : text;
}

// `text` without our own color sequences: how long it looks.
std::string without_color(std::string text) {
  for (const std::string_view sequence : {bold, plain}) {
    for (std::size_t at = text.find(sequence); at != std::string::npos; at = text.find(sequence))
      text.erase(at, sequence.size());
  }
  return text;
}

// One table before it is laid out.
struct Grid {
  std::vector<std::string> headings;
  std::vector<std::vector<std::string>> rows;
  std::vector<std::size_t> widths;  // natural, then fitted
  std::vector<bool> can_shrink;     // columns of prose and paths, rather than ids and numbers
  bool has_marks = true;            // cells may hold the marks of snippets
};

constexpr std::size_t narrowest_prose = 14;

Grid make_grid(std::vector<std::string> headings, std::vector<std::vector<std::string>> rows) {
  Grid grid{std::move(headings), std::move(rows), {}, {}};
  for (std::size_t i = 0; i < grid.headings.size(); ++i) {
    std::size_t width = display_width(grid.headings[i]);
    bool is_prose = false;
    for (const auto& row : grid.rows) {
      width = std::max(width, display_width(row[i]));
      is_prose = is_prose || row[i].find_first_of(" /") != std::string::npos;
    }
    grid.widths.push_back(width);
    grid.can_shrink.push_back(is_prose && width > 16);
  }
  return grid;
}

std::size_t total_width(const Grid& grid) {
  std::size_t sum = column_gap.size() * (grid.widths.size() - 1);
  for (const std::size_t width : grid.widths) sum += width;
  return sum;
}

// Shrinks columns, the widest first: those of prose down to a width that still says something,
// then, if `must_fit`, any. Whether a row now fits.
bool fit(Grid& grid, std::size_t available, bool must_fit) {
  std::size_t sum = total_width(grid);
  const auto shrink = [&](bool prose_only, std::size_t narrowest) {
    while (sum > available) {
      std::size_t widest = grid.widths.size();
      for (std::size_t i = 0; i < grid.widths.size(); ++i) {
        if (grid.widths[i] <= narrowest || (prose_only && !grid.can_shrink[i])) continue;
        if (widest == grid.widths.size() || grid.widths[i] > grid.widths[widest]) widest = i;
      }
      if (widest == grid.widths.size()) return;
      --grid.widths[widest];
      --sum;
    }
  };
  shrink(true, narrowest_prose);
  if (must_fit) shrink(false, narrowest_column);
  return sum <= available;
}

std::string print_grid(const Grid& grid, const Look& look) {
  std::string out;
  const auto append = [&](const std::vector<std::string>& row, bool is_heading) {
    std::string line;
    for (std::size_t i = 0; i < row.size(); ++i) {
      const std::size_t width = grid.widths[i];
      const std::string cell = clip(row[i], width);
      const std::string shown = is_heading || !grid.has_marks ? cell : highlight(cell, look);
      const std::size_t lost = cell.size() - std::min(cell.size(), without_color(shown).size());
      const std::size_t missing = width - std::min(width, display_width(cell)) + lost;
      line += is_heading ? emphasised(cell, look) : shown;
      if (i + 1 < row.size()) line.append(missing, ' ').append(column_gap);
    }
    while (line.ends_with(' ')) line.pop_back();
    out += line + "\n";
  };
  append(grid.headings, true);
  for (const auto& row : grid.rows) append(row, false);
  return out;
}

// "2026-11-21T10:27:38.094Z" → "2026-11-21 10:27"; other texts as they are.
std::string short_time(const std::string& text) {
  const bool is_time = text.size() >= 20 && text[4] == '-' && text[7] == '-' && text[10] == 'T' &&
                       text[13] == ':' && text.back() == 'Z';
  return is_time ? text.substr(0, 10) + " " + text.substr(11, 5) : text;
}

// Whether a member is a time in milliseconds since the Unix epoch, as their names say; 0 is none.
bool is_time(std::string_view key, const json::Value& value) {
  constexpr std::int64_t end_of_year_9999_ms = 253'402'300'799'999;
  const bool is_named_so = key == "ts" || key.ends_with("_ts") || key.ends_with("_unix_ms");
  return is_named_so && value.is_int64() && value.get_int64() > 0 &&
         value.get_int64() <= end_of_year_9999_ms;
}

// Such a time to the minute.
std::string time_of_ms(std::int64_t ms) {
  const auto time = std::chrono::floor<std::chrono::minutes>(
      std::chrono::sys_time<std::chrono::milliseconds>(std::chrono::milliseconds(ms)));
  const auto day = std::chrono::floor<std::chrono::days>(time);
  const std::chrono::year_month_day date(day);
  const std::chrono::hh_mm_ss clock(time - day);
  std::array<char, 48> text{};
  const int size = std::snprintf(
      text.data(), text.size(), "%04d-%02u-%02u %02d:%02d", static_cast<int>(date.year()),
      static_cast<unsigned>(date.month()), static_cast<unsigned>(date.day()),
      static_cast<int>(clock.hours().count()), static_cast<int>(clock.minutes().count()));
  return {text.data(), static_cast<std::size_t>(size)};
}

// Rows of a query: columns with their names, and an array of values a row.
bool is_result_set(const json::Object& object) {
  const json::Value* columns = object.if_contains("columns");
  const json::Value* rows = object.if_contains("rows");
  if (columns == nullptr || rows == nullptr || !is_list_of_objects(*columns) || !rows->is_array()) {
    return false;
  }
  const std::size_t width = columns->get_array().size();
  return std::ranges::all_of(
             columns->get_array(),
             [](const json::Value& v) { return json::find(v, "name") != nullptr; }) &&
         std::ranges::all_of(rows->get_array(), [&](const json::Value& row) {
           return row.is_array() && row.get_array().size() == width;
         });
}

// A cell for a terminal: times to the minute, fractions to three digits.
std::string cell_text(const json::Value& value, const Look& look) {
  if (look.width == 0) return short_text(value, Lines::join);
  if (value.is_double()) {
    std::array<char, 32> text{};
    const int size = std::snprintf(text.data(), text.size(), "%.3g", value.get_double());
    return {text.data(), static_cast<std::size_t>(size)};
  }
  return short_time(short_text(value, Lines::join));
}

// On a terminal to the minute, elsewhere whole.
std::string time_text(const json::Value& ms, const Look& look) {
  if (look.width != 0) return time_of_ms(ms.get_int64());
  return format_rfc3339(WallTime(std::chrono::milliseconds(ms.get_int64())));
}

class Renderer {
 public:
  explicit Renderer(const Look& look) : look_(look) {}

  void value(const json::Value& value, std::size_t indent) {
    if (value.is_object()) {
      object(value.get_object(), indent);
    } else if (is_list_of_objects(value)) {
      table(value.get_array(), indent);
    } else if (value.is_array()) {
      for (const json::Value& item : value.get_array()) line(indent, short_text(item, Lines::join));
    } else {
      line(indent, scalar_text(value, Lines::keep));
    }
  }

  std::string take() { return std::move(out_); }

 private:
  void line(std::size_t indent, const std::string& text) {
    out_.append(indent, ' ').append(text).push_back('\n');
  }

  // Things of many rows first, so that totals and notes end up below, where the eye is.
  void object(const json::Object& object, std::size_t indent) {
    if (is_result_set(object)) return result_set(object, indent);
    std::size_t label = 0;
    for (const auto& member : object) {
      if (is_inline(member.value()))
        label = std::max(label, display_width(heading_of(member.key())));
    }
    const std::size_t lists = static_cast<std::size_t>(
        std::ranges::count_if(object, [](const auto& m) { return is_list_of_objects(m.value()); }));
    for (const auto& member : object) {
      if (!is_list_of_objects(member.value())) continue;
      const std::size_t count = member.value().get_array().size();
      if (lists > 1) {
        line(indent,
             emphasised(heading_of(member.key()) + " (" + std::to_string(count) + ")", look_));
      }
      table(member.value().get_array(), indent);
      out_ += '\n';
    }
    for (const auto& member : object) {
      if (is_inline(member.value())) labelled(member, indent, label);
    }
    for (const auto& member : object) {
      if (is_inline(member.value()) || is_list_of_objects(member.value())) continue;
      line(indent, emphasised(heading_of(member.key()), look_));
      value(member.value(), indent + 2);
    }
  }

  // Values as they are: nothing is rounded.
  void result_set(json::Object object, std::size_t indent) {
    std::vector<std::string> headings;
    for (const json::Value& column : object.at("columns").get_array()) {
      headings.push_back(short_text(*json::find(column, "name"), Lines::join));
    }
    std::vector<std::vector<std::string>> rows;
    for (const json::Value& values : object.at("rows").get_array()) {
      auto& row = rows.emplace_back();
      for (const json::Value& value : values.get_array()) {
        const bool is_text = !value.is_null() && !is_nested(value);
        row.push_back(value.is_null() ? "NULL"
                      : is_text       ? scalar_text(value, Lines::join)
                                      : printable(json::dump(value), Lines::join));
      }
    }
    Grid grid = make_grid(std::move(headings), std::move(rows));
    grid.has_marks = false;
    if (look_.width != 0) (void)fit(grid, look_.width - std::min(indent, look_.width), true);
    block(print_grid(grid, look_), indent);
    out_ += '\n';
    object.erase("columns");
    object.erase("rows");
    this->object(object, indent);
  }

  static bool is_inline(const json::Value& value) {
    if (value.is_object()) return value.get_object().empty();
    return !is_nested(value) || is_list_of_scalars(value) ||
           (value.is_array() && !is_list_of_objects(value));
  }

  void labelled(const json::Object::value_type& member, std::size_t indent, std::size_t label) {
    std::string key = heading_of(member.key()) + ":";
    std::string text = is_time(member.key(), member.value())
                           ? time_text(member.value(), look_)
                           : short_text(member.value(), Lines::keep);
    if (member.key() == "snippet") text = highlight(std::move(text), look_);
    if (text.find('\n') != std::string::npos) {  // a block of its own keeps the lines as they are
      line(indent, emphasised(key, look_));
      block(text, indent + 2);
      return;
    }
    key.append(label + 1 - std::min(label + 1, display_width(key)), ' ');
    line(indent, key + " " + text);
  }

  void block(std::string_view text, std::size_t indent) {
    while (!text.empty()) {
      const std::size_t end = std::min(text.find('\n'), text.size());
      line(indent, std::string(text.substr(0, end)));
      text.remove_prefix(std::min(end + 1, text.size()));
    }
  }

  // Keys of the columns, in order of appearance, without lists of things. On a terminal, columns in
  // which no row has anything are left out.
  [[nodiscard]] std::vector<std::string> columns_of(const json::Array& items) const {
    std::vector<std::string> keys;
    for (const json::Value& item : items) {
      for (const auto& member : item.get_object()) {
        const json::Value& value = member.value();
        const bool is_shown = !is_nested(value) || is_list_of_scalars(value);
        const bool is_nothing = value.is_null() || (value.is_array() && value.get_array().empty());
        if (!is_shown || (look_.width != 0 && is_nothing)) continue;
        if (std::ranges::find(keys, member.key()) == keys.end()) keys.emplace_back(member.key());
      }
    }
    std::erase_if(keys, [&](const std::string& key) {
      return std::ranges::any_of(items, [&](const json::Value& item) {
        const json::Value* value = json::find(item, key);
        return value != nullptr && is_list_of_objects(*value);
      });
    });
    return keys;
  }

  // A table where its columns fit; on a narrower terminal one thing after the other.
  void table(const json::Array& items, std::size_t indent) {
    const auto keys = columns_of(items);
    if (keys.empty()) return;
    std::vector<std::string> headings;
    for (const std::string& key : keys) headings.push_back(heading_of(key));
    std::vector<std::vector<std::string>> rows;
    for (const json::Value& item : items) {
      auto& row = rows.emplace_back();
      for (const std::string& key : keys) {
        const json::Value* cell = json::find(item, key);
        row.push_back(cell == nullptr       ? ""
                      : is_time(key, *cell) ? time_text(*cell, look_)
                                            : cell_text(*cell, look_));
      }
    }
    Grid grid = make_grid(std::move(headings), std::move(rows));
    const std::size_t available = look_.width - std::min(indent, look_.width);
    if (look_.width == 0 || fit(grid, available, false)) {
      block(print_grid(grid, look_), indent);
      return lists_within(items, keys.front(), indent);
    }
    for (const json::Value& item : items) {
      if (&item != &items.front()) out_ += '\n';
      object(item.get_object(), indent);
    }
  }

  // What no cell can hold, below its table: the bad rows of a file, by the file's name.
  void lists_within(const json::Array& items, const std::string& name, std::size_t indent) {
    for (const json::Value& item : items) {
      for (const auto& member : item.get_object()) {
        if (!is_list_of_objects(member.value())) continue;
        const json::Value* of = json::find(item, name);
        const std::string heading =
            heading_of(member.key()) + (of == nullptr ? "" : " of " + short_text(*of, Lines::join));
        out_ += '\n';
        line(indent, emphasised(heading, look_));
        table(member.value().get_array(), indent + 2);
      }
    }
  }

  const Look& look_;
  std::string out_;
};

}  // namespace

std::string highlight(std::string text, const Look& look) {
  if (!look.color) return text;
  std::string out;
  bool is_open = false;
  for (std::size_t i = 0; i < text.size(); ++i) {
    const bool is_mark = text.compare(i, 2, "**") == 0;
    if (!is_mark) {
      out += text[i];
      continue;
    }
    out += is_open ? plain : bold;
    is_open = !is_open;
    ++i;
  }
  if (is_open) out += plain;  // the closing mark was clipped
  return out;
}

std::optional<std::string_view> rows_as_text(const json::Value& value) {
  const json::Value* columns = json::find(value, "columns");
  const json::Value* text = json::find(value, "text");
  if (columns == nullptr || text == nullptr || !columns->is_array() || !text->is_string() ||
      json::find(value, "rows") != nullptr) {
    return std::nullopt;
  }
  return text->get_string();
}

std::string render_table(const std::vector<std::string>& headings,
                         const std::vector<std::vector<std::string>>& rows,
                         const Look& look) {
  if (headings.empty()) return {};
  Grid grid = make_grid(headings, rows);
  if (look.width != 0) (void)fit(grid, look.width, true);
  return print_grid(grid, look);
}

std::string render(const json::Value& value, const Look& look) {
  Renderer renderer(look);
  renderer.value(value, 0);
  std::string text = renderer.take();
  while (text.ends_with("\n\n")) text.pop_back();
  return text;
}

}  // namespace hearth::cli
