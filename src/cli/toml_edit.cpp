#include "cli/toml_edit.hpp"

#include <algorithm>
#include <map>
#include <optional>

#include "config/document.hpp"

namespace hearth::cli {
namespace {

// Every value of a document by its full key, in a comparable form.
using Values = std::map<std::string, std::string>;

std::string comparable(const config::RawValue& value) {
  std::string text = std::to_string(static_cast<int>(value.kind)) + ":" + value.text;
  for (const std::string& item : value.items) text += '\0' + item;
  return text;
}

Result<Values> read_values(std::string_view text) {
  const auto sections = config::parse_document(text, "the file");
  if (!sections) return std::unexpected(sections.error());
  Values values;
  for (const config::Section& section : *sections) {
    for (const config::Entry& entry : section.entries)
      values[section.name + "." + entry.key] = comparable(entry.value);
  }
  return values;
}

struct Line {
  std::size_t begin;
  std::size_t end;  // without its line end
};

std::vector<Line> lines_of(std::string_view text) {
  std::vector<Line> lines;
  for (std::size_t begin = 0; begin < text.size();) {
    const std::size_t end = std::min(text.find('\n', begin), text.size());
    const bool has_return = end > begin && text[end - 1] == '\r';
    lines.push_back({begin, has_return ? end - 1 : end});
    begin = end + 1;
  }
  return lines;
}

// "[ a . "b" ]  # note" → "[a.b]"; "key" of "key = 1".
std::string bare(std::string_view line, char stop) {
  std::string out;
  for (const char c : line) {
    if (c == '#') break;
    if (c == stop) return stop == ']' ? out + ']' : out;
    if (c != ' ' && c != '\t' && c != '"' && c != '\'' && c != '\r') out += c;
  }
  return out;
}

// The lines of the table's body, from after its header to the next header.
struct Body {
  std::size_t first;
  std::size_t last;  // exclusive
};

std::optional<Body> find_body(std::string_view text,
                              const std::vector<Line>& lines,
                              const std::string& header) {
  for (std::size_t i = 0; i < lines.size(); ++i) {
    if (bare(text.substr(lines[i].begin, lines[i].end - lines[i].begin), ']') != header) continue;
    std::size_t last = i + 1;
    while (last < lines.size() &&
           !bare(text.substr(lines[last].begin, lines[last].end - lines[last].begin), ']')
                .starts_with('['))
      ++last;
    return Body{i + 1, last};
  }
  return std::nullopt;
}

std::string append_table(std::string_view text,
                         const std::string& header,
                         const TomlEntries& entries,
                         const std::string& newline) {
  std::string out(text);
  if (!out.empty() && !out.ends_with('\n')) out += newline;
  if (!out.empty()) out += newline;
  out += header + newline;
  for (const auto& [key, value] : entries) out += key + " = " + value + newline;
  return out;
}

// Replaces the lines of wanted keys in the table's body; adds missing ones below the header.
std::string edit_table(std::string_view text,
                       const std::vector<Line>& lines,
                       Body body,
                       const TomlEntries& entries,
                       const std::string& newline) {
  std::string out(text.substr(0, lines[body.first - 1].end));
  for (const auto& [key, value] : entries) {
    const bool is_there =
        std::any_of(lines.begin() + static_cast<std::ptrdiff_t>(body.first),
                    lines.begin() + static_cast<std::ptrdiff_t>(body.last), [&](const Line& line) {
                      return bare(text.substr(line.begin, line.end - line.begin), '=') == key;
                    });
    if (!is_there) out += newline + key + " = " + value;
  }
  std::size_t at = lines[body.first - 1].end;
  for (std::size_t i = body.first; i < body.last; ++i) {
    const std::string key = bare(text.substr(lines[i].begin, lines[i].end - lines[i].begin), '=');
    const auto wanted = std::ranges::find(entries, key, [](const auto& e) { return e.first; });
    if (wanted == entries.end()) continue;
    out += std::string(text.substr(at, lines[i].begin - at)) + key + " = " + wanted->second;
    at = lines[i].end;
  }
  return out.append(text.substr(at));
}

}  // namespace

std::string toml_quoted(std::string_view text) {
  static constexpr char digits[] = "0123456789ABCDEF";
  std::string out = "\"";
  for (const char c : text) {
    const auto byte = static_cast<unsigned char>(c);
    if (c == '"' || c == '\\') {
      out.append({'\\', c});
    } else if (byte < 0x20 || byte == 0x7f) {
      out.append("\\u00").append({digits[byte >> 4], digits[byte & 15]});
    } else {
      out += c;
    }
  }
  return out + "\"";
}

Result<std::string> merge_toml_table(std::string_view text,
                                     std::string_view parent,
                                     std::string_view name,
                                     const TomlEntries& entries) {
  const auto before = read_values(text);
  if (!before) return std::unexpected(before.error());
  const std::string header = "[" + std::string(parent) + "." + std::string(name) + "]";
  const std::string newline = text.find("\r\n") == std::string_view::npos ? "\n" : "\r\n";
  const auto wanted = read_values(append_table("", header, entries, "\n"));
  if (!wanted) return std::unexpected(wanted.error());
  Values expected = *before;
  for (const auto& [key, value] : *wanted) expected[key] = value;
  if (expected == *before) return std::string(text);

  const auto lines = lines_of(text);
  const auto body = find_body(text, lines, header);
  std::string merged = body ? edit_table(text, lines, *body, entries, newline)
                            : append_table(text, header, entries, newline);
  // The edit looks at lines, so it is believed only if a parser sees exactly the wanted change.
  const auto after = read_values(merged);
  if (after && *after == expected) return merged;
  return fail(Errc::conflict, "the table " + header + " is written in a form that cannot be edited",
              {"make it read: " + append_table("", header, entries, " ")});
}

}  // namespace hearth::cli
