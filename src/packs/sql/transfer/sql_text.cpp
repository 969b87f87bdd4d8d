#include "packs/sql/transfer/sql_text.hpp"

#include <algorithm>
#include <cctype>

#include "packs/sql/engine/sql_scanner.hpp"

namespace hearth::packs::sql {
namespace {

std::string quoted(std::string_view text, char quote) {
  std::string result(1, quote);
  for (const char each : text) result.append(each == quote ? 2 : 1, each);
  result.push_back(quote);
  return result;
}

constexpr std::size_t longest_name = 256;

std::unexpected<Error> no_table(std::string_view text) {
  return fail(Errc::invalid_args,
              "\"" + std::string(text.substr(0, 80)) + "\" is no name of a table",
              {"write name or schema.name, with \"double quotes\" around a part that holds a dot"});
}

}  // namespace

std::string quoted_name(std::string_view name) {
  return quoted(name, '"');
}

std::string quoted_text(std::string_view text) {
  return quoted(text, '\'');
}

std::string quoted_names(const std::vector<std::string>& names) {
  std::string list;
  for (const std::string& name : names) list += (list.empty() ? "" : ", ") + quoted_name(name);
  return list;
}

std::string TableName::quoted() const {
  return schema.empty() ? quoted_name(name) : quoted_name(schema) + "." + quoted_name(name);
}

Result<TableName> parse_table_name(std::string_view text) {
  std::vector<std::string> parts(1);
  bool is_quoted = false;
  for (std::size_t i = 0; i < text.size(); ++i) {
    if (text[i] == '\0') return no_table(text);
    if (text[i] == '"' && is_quoted && i + 1 < text.size() && text[i + 1] == '"') {
      parts.back().push_back(text[++i]);
    } else if (text[i] == '"') {
      is_quoted = !is_quoted;
    } else if (text[i] == '.' && !is_quoted) {
      parts.emplace_back();
    } else {
      parts.back().push_back(text[i]);
    }
  }
  const bool is_good =
      !is_quoted && parts.size() <= 2 && std::ranges::all_of(parts, [](const std::string& part) {
        return !part.empty() && part.size() <= longest_name;
      });
  if (!is_good) return no_table(text);
  for (const std::string& part : parts) {
    if (upper_case(part) == "HEARTH_INTERNAL")
      return fail(Errc::unsupported, "hearth keeps its own records in " + part,
                  {"name another table"});
  }
  if (parts.size() == 1) return TableName{{}, parts[0]};
  return TableName{parts[0], parts[1]};
}

Result<std::string> checked_type(std::string_view text) {
  constexpr std::string_view marks = " _(),[]\"";
  int depth = 0;
  bool is_good = !text.empty() && text.size() <= 1'000;
  for (const char each : text) {
    const bool is_word = std::isalnum(static_cast<unsigned char>(each)) != 0;
    is_good = is_good && (is_word || marks.contains(each));
    depth += each == '(' || each == '[' ? 1 : each == ')' || each == ']' ? -1 : 0;
    is_good = is_good && depth >= 0;
  }
  if (is_good && depth == 0 && std::ranges::count(text, '"') % 2 == 0) return std::string(text);
  return fail(
      Errc::invalid_args, "\"" + std::string(text.substr(0, 80)) + "\" is no type",
      {"name one of the engine's types: BIGINT, DOUBLE, DECIMAL(18,2), VARCHAR, DATE, TIMESTAMP"});
}

bool is_same_name(std::string_view a, std::string_view b) {
  return std::ranges::equal(
      a, b, [](unsigned char x, unsigned char y) { return std::tolower(x) == std::tolower(y); });
}

std::string_view without_semicolon(std::string_view sql) {
  while (!sql.empty() &&
         (sql.back() == ';' || std::isspace(static_cast<unsigned char>(sql.back())))) {
    sql.remove_suffix(1);
  }
  return sql;
}

}  // namespace hearth::packs::sql
