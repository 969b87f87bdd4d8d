#include "cli/help.hpp"

#include <algorithm>

#include "base/terminal_text.hpp"

namespace hearth::cli {
namespace {

constexpr std::size_t page_width = 96;
constexpr std::size_t about_column = 30;

std::string value_name(const Parameter& parameter) {
  if (!parameter.value_name.empty()) return parameter.value_name;
  if (!parameter.choices.empty() && parameter.choices.size() <= 5) {
    std::string all;
    for (const std::string& choice : parameter.choices) all += (all.empty() ? "" : "|") + choice;
    return all;
  }
  switch (parameter.kind) {
    case ValueKind::text:
      return "TEXT";
    case ValueKind::integer:
      return "INTEGER";
    case ValueKind::number:
      return "NUMBER";
    case ValueKind::json:
      return "JSON";
    case ValueKind::boolean:
      break;
  }
  return "";
}

std::string synopsis(const Usage& usage) {
  std::string line = "usage: hearth " + usage.command;
  for (const Parameter& parameter : usage.parameters) {
    if (!parameter.is_positional) continue;
    const std::string name = word_name(parameter.name) + (parameter.is_list ? " …" : "");
    line += parameter.is_required ? " " + name : " [" + name + "]";
  }
  return line + " [options]\n";
}

std::string left_column(const Parameter& parameter) {
  std::string text = "  ";
  if (parameter.short_name != '\0') text += std::string("-") + parameter.short_name + ", ";
  text += option_name(parameter.name);
  const std::string value = value_name(parameter);
  if (!parameter.bare_value.empty()) return text + "[=" + value + "]";
  if (!value.empty()) text += " " + value;
  return text;
}

}  // namespace

std::string option_name(std::string_view parameter) {
  std::string name = "--" + std::string(parameter);
  std::ranges::replace(name, '_', '-');
  return name;
}

std::string word_name(std::string_view parameter) {
  std::string out(parameter);
  std::ranges::transform(out, out.begin(), [](char c) {
    return c >= 'a' && c <= 'z' ? static_cast<char>(c - 'a' + 'A') : c;
  });
  return out;
}

std::string wrap_text(std::string_view text,
                      std::size_t width,
                      std::size_t indent,
                      std::size_t column) {
  std::string out;
  while (!text.empty()) {
    const std::size_t end = std::min(text.find_first_of(" \n"), text.size());
    const std::string_view word = text.substr(0, end);
    const std::size_t size = display_width(word);
    const bool is_line_start = out.empty() || out.back() == '\n' || column == indent;
    if (!is_line_start && column + 1 + size > width) {
      out.append("\n").append(indent, ' ');
      column = indent;
    } else if (!is_line_start) {
      out += ' ';
      ++column;
    }
    out += word;
    column += size;
    if (end < text.size() && text[end] == '\n') {
      out.append("\n").append(indent, ' ');
      column = indent;
    }
    text.remove_prefix(std::min(end + 1, text.size()));
  }
  return out;
}

std::string options_section(const std::string& heading, const std::vector<Parameter>& parameters) {
  if (parameters.empty()) return {};
  std::string page = "\n" + heading + ":\n";
  for (const Parameter& parameter : parameters) {
    std::string line = left_column(parameter);
    if (display_width(line) + 2 > about_column) {
      line += "\n" + std::string(about_column, ' ');
    } else {
      line.append(about_column - display_width(line), ' ');
    }
    const std::string about = parameter.about + (parameter.is_list ? " (may be repeated)" : "");
    page += line + wrap_text(about, page_width, about_column, about_column) + "\n";
  }
  return page;
}

std::string help_page(const Usage& usage, const std::vector<Parameter>& globals) {
  std::string page = synopsis(usage);
  if (!usage.title.empty()) page += "\n" + usage.title + "\n";
  if (!usage.description.empty())
    page += "\n" + wrap_text(usage.description, page_width, 0, 0) + "\n";
  std::vector<Parameter> words;
  std::vector<Parameter> options;
  for (const Parameter& parameter : usage.parameters)
    (parameter.is_positional ? words : options).push_back(parameter);
  page += options_section("arguments (as words in this order, or by name)", words);
  page += options_section("options", options);
  if (globals.empty()) return page;
  std::string names;
  for (const Parameter& parameter : globals) {
    const std::string value = value_name(parameter);
    names += (names.empty() ? "" : " ") + option_name(parameter.name) +
             (value.empty() ? "" : "=" + value);
  }
  return page + "\nglobal options (hearth --help explains them):\n  " +
         wrap_text(names, page_width, 2, 2) + "\n";
}

}  // namespace hearth::cli
