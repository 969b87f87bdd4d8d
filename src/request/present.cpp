#include "request/present.hpp"

#include <algorithm>
#include <array>
#include <charconv>
#include <cstdio>
#include <optional>
#include <string_view>
#include <vector>

#include "request/words.hpp"

namespace hearth::request {
namespace {

bool is_lower_hex(char c) {
  return is_digit(c) || (c >= 'a' && c <= 'f');
}

bool is_empty(const json::Value& value) {
  return value.is_null() || (value.is_string() && value.get_string().empty()) ||
         (value.is_array() && value.get_array().empty()) ||
         (value.is_object() && value.get_object().empty());
}

bool is_uuid(std::string_view text) {
  if (text.size() != 36) return false;
  for (std::size_t i = 0; i < text.size(); ++i) {
    const bool is_dash = i == 8 || i == 13 || i == 18 || i == 23;
    if (is_dash ? text[i] != '-' : !is_lower_hex(text[i])) return false;
  }
  return true;
}

// How much of an id names the thing; all of what is no id. A UUID version 7 begins with the time:
// those of one import differ in the counter, which ends at the 18th character.
std::size_t naming_length(std::string_view text) {
  if (is_uuid(text)) return text[14] == '7' ? 18 : 13;
  const bool is_hash =
      (text.size() == 40 || text.size() == 64) && std::ranges::all_of(text, is_lower_hex);
  return is_hash ? 12 : text.size();
}

// "2026-11-21T10:27:38.094Z"
bool is_time(std::string_view text) {
  static constexpr std::string_view form = "dddd-dd-ddTdd:dd:dd";
  if (text.size() < form.size() + 1 || text.back() != 'Z') return false;
  for (std::size_t i = 0; i < form.size(); ++i) {
    if (form[i] == 'd' ? !is_digit(text[i]) : text[i] != form[i]) return false;
  }
  return true;
}

std::string short_text(std::string_view text) {
  if (is_time(text)) return std::string(text.substr(0, 16)) + "Z";
  return std::string(text.substr(0, naming_length(text)));
}

double three_digits(double number) {
  std::array<char, 32> text{};
  const int size = std::snprintf(text.data(), text.size(), "%.3g", number);
  double rounded = number;
  std::from_chars(text.data(), text.data() + size, rounded);
  return rounded;
}

bool is_score(std::string_view name) {
  return name == "score" || name.ends_with("_score");
}

// ---- Markdown ---------------------------------------------------------------------------------

bool is_list_of_objects(const json::Value& value) {
  return value.is_array() && !value.get_array().empty() &&
         std::ranges::all_of(value.get_array(), [](const json::Value& v) { return v.is_object(); });
}

std::string cell(const json::Value& value) {
  if (value.is_null()) return {};
  std::string text = value.is_string() ? short_text(value.get_string()) : json::dump(value);
  if (value.is_array() && std::ranges::none_of(value.get_array(), [](const json::Value& item) {
        return item.is_object() || item.is_array();
      })) {
    text.clear();
    for (const json::Value& item : value.get_array())
      text.append(text.empty() ? "" : ", ").append(cell(item));
  }
  std::string out;
  for (const char c : text) {
    if (c == '|') out.push_back('\\');
    out.push_back(c == '\n' || c == '\r' ? ' ' : c);
  }
  return out;
}

void table(std::string& out, const json::Array& items) {
  std::vector<std::string> columns;
  for (const json::Value& item : items) {
    for (const auto& member : item.get_object()) {
      if (is_empty(member.value())) continue;
      if (std::ranges::find(columns, member.key()) == columns.end())
        columns.emplace_back(member.key());
    }
  }
  const auto row = [&](const auto& text_of) {
    for (const std::string& column : columns) out.append("| ").append(text_of(column)).append(" ");
    out.append("|\n");
  };
  row([](const std::string& column) { return cell(json::Value(column)); });
  row([](const std::string&) { return std::string("---"); });
  for (const json::Value& item : items) {
    row([&](const std::string& column) {
      const json::Value* value = json::find(item, column);
      return value == nullptr ? std::string() : cell(*value);
    });
  }
}

// A text of several lines keeps them.
void member(std::string& out, std::string_view name, const json::Value& value) {
  out.append("- **").append(name).append("**:");
  if (!value.is_string() ||
      std::string_view(value.get_string()).find('\n') == std::string_view::npos) {
    out.append(" ").append(value.is_string() ? short_text(value.get_string()) : cell(value));
    out.push_back('\n');
    return;
  }
  out.append("\n\n").append(std::string_view(value.get_string()));
  out.append(out.ends_with('\n') ? "\n" : "\n\n");
}

}  // namespace

json::Value shorten(const json::Value& value) {
  if (value.is_string()) return json::Value(short_text(value.get_string()));
  if (value.is_array()) {
    json::Array items;
    for (const json::Value& item : value.get_array()) items.push_back(shorten(item));
    return items;
  }
  if (!value.is_object()) return value;
  json::Object object;
  for (const auto& member : value.get_object()) {
    json::Value shown = shorten(member.value());
    if (is_empty(shown)) continue;
    if (shown.is_double() && is_score(member.key())) shown = three_digits(shown.get_double());
    object[member.key()] = std::move(shown);
  }
  return object;
}

std::string to_markdown(const json::Value& value) {
  std::string out;
  if (is_list_of_objects(value)) {
    table(out, value.get_array());
  } else if (value.is_object()) {
    for (const auto& entry : value.get_object()) {
      if (!is_list_of_objects(entry.value())) continue;
      table(out, entry.value().get_array());
      out.push_back('\n');
    }
    for (const auto& entry : value.get_object()) {
      if (!is_empty(entry.value()) && !is_list_of_objects(entry.value()))
        member(out, entry.key(), entry.value());
    }
  } else {
    out.append(cell(value)).append("\n");
  }
  return out;
}

}  // namespace hearth::request
