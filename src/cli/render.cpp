#include "cli/render.hpp"

#include <algorithm>

#include "cli/terminal_text.hpp"

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

// Shrinks the widest columns until a row fits into the terminal.
void fit(std::vector<std::size_t>& widths, std::size_t available) {
  const auto total = [&] {
    std::size_t sum = column_gap.size() * (widths.size() - 1);
    for (const std::size_t width : widths) sum += width;
    return sum;
  };
  std::size_t sum = total();
  while (sum > available) {
    const auto widest = std::ranges::max_element(widths);
    if (*widest <= narrowest_column) return;
    --*widest;
    --sum;
  }
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

  static bool is_inline(const json::Value& value) {
    if (value.is_object()) return value.get_object().empty();
    return !is_nested(value) || is_list_of_scalars(value) ||
           (value.is_array() && !is_list_of_objects(value));
  }

  void labelled(const json::Object::value_type& member, std::size_t indent, std::size_t label) {
    std::string key = heading_of(member.key()) + ":";
    std::string text = short_text(member.value(), Lines::keep);
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

  void table(const json::Array& items, std::size_t indent) {
    std::vector<std::string> keys;
    for (const json::Value& item : items) {
      for (const auto& member : item.get_object()) {
        const bool is_shown = !is_nested(member.value()) || is_list_of_scalars(member.value());
        if (is_shown && std::ranges::find(keys, member.key()) == keys.end())
          keys.emplace_back(member.key());
      }
    }
    std::vector<std::string> headings;
    for (const std::string& key : keys) headings.push_back(heading_of(key));
    std::vector<std::vector<std::string>> rows;
    for (const json::Value& item : items) {
      auto& row = rows.emplace_back();
      for (const std::string& key : keys) {
        const json::Value* cell = json::find(item, key);
        row.push_back(cell == nullptr ? "" : short_text(*cell, Lines::join));
      }
    }
    Look narrowed = look_;
    if (narrowed.width != 0) narrowed.width -= std::min(indent, narrowed.width - 1);
    block(render_table(headings, rows, narrowed), indent);
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

std::string render_table(const std::vector<std::string>& headings,
                         const std::vector<std::vector<std::string>>& rows,
                         const Look& look) {
  if (headings.empty()) return {};
  std::vector<std::size_t> widths;
  for (const std::string& heading : headings) widths.push_back(display_width(heading));
  for (const auto& row : rows) {
    for (std::size_t i = 0; i < row.size(); ++i)
      widths[i] = std::max(widths[i], display_width(row[i]));
  }
  if (look.width != 0) fit(widths, look.width);
  std::string out;
  const auto append = [&](const std::vector<std::string>& row, bool is_heading) {
    std::string line;
    for (std::size_t i = 0; i < row.size(); ++i) {
      const std::string cell = clip(row[i], widths[i]);
      const std::string shown = is_heading ? cell : highlight(cell, look);
      const std::size_t lost = cell.size() - std::min(cell.size(), without_color(shown).size());
      const std::size_t missing = widths[i] - std::min(widths[i], display_width(cell)) + lost;
      line += is_heading ? emphasised(cell, look) : shown;
      if (i + 1 < row.size()) line.append(missing, ' ').append(column_gap);
    }
    while (line.ends_with(' ')) line.pop_back();
    out += line + "\n";
  };
  append(headings, true);
  for (const auto& row : rows) append(row, false);
  return out;
}

std::string render(const json::Value& value, const Look& look) {
  Renderer renderer(look);
  renderer.value(value, 0);
  std::string text = renderer.take();
  while (text.ends_with("\n\n")) text.pop_back();
  return text;
}

}  // namespace hearth::cli
