#include "packs/sql/transfer/rows_text.hpp"

#include <array>
#include <cstdio>
#include <set>
#include <string_view>

namespace hearth::packs::sql {
namespace {

void append_field(std::string_view text, char separator, std::string& to) {
  const bool is_plain = !text.empty() && text.find_first_of("\"\r\n") == std::string_view::npos &&
                        !text.contains(separator) && text.front() != ' ' && text.back() != ' ';
  if (is_plain) {
    to.append(text);
    return;
  }
  to.push_back('"');
  for (const char each : text) to.append(each == '"' ? 2 : 1, each);
  to.push_back('"');
}

}  // namespace

void append_separated(const Batch& rows, char separator, std::string& to) {
  for (std::size_t row = 0; row < rows.rows(); ++row) {
    for (std::size_t column = 0; column < rows.columns(); ++column) {
      if (column > 0) to.push_back(separator);
      const Batch::View cell = rows.at(row, column);
      if (cell.kind != CellKind::null) append_field(cell.text, separator, to);
    }
    to.push_back('\n');
  }
}

void append_separated_header(const std::vector<Column>& columns, char separator, std::string& to) {
  for (std::size_t i = 0; i < columns.size(); ++i) {
    if (i > 0) to.push_back(separator);
    append_field(columns[i].name, separator, to);
  }
  to.push_back('\n');
}

std::vector<std::string> distinct_names(const std::vector<Column>& columns) {
  std::set<std::string, std::less<>> taken;
  std::vector<std::string> names;
  for (const Column& column : columns) {
    std::string name = column.name;
    for (int nth = 1; !taken.insert(name).second; ++nth) {
      name = column.name + "_" + std::to_string(nth);
    }
    names.push_back(std::move(name));
  }
  return names;
}

void append_json_text(std::string_view text, std::string& to) {
  to.push_back('"');
  for (const char each : text) {
    if (each == '"' || each == '\\') {
      to.push_back('\\');
      to.push_back(each);
    } else if (static_cast<unsigned char>(each) < 0x20) {
      std::array<char, 8> escaped{};
      std::snprintf(escaped.data(), escaped.size(), "\\u%04x", static_cast<unsigned>(each));
      to.append(escaped.data());
    } else {
      to.push_back(each);
    }
  }
  to.push_back('"');
}

void append_json_lines(const std::vector<std::string>& names, const Batch& rows, std::string& to) {
  for (std::size_t row = 0; row < rows.rows(); ++row) {
    for (std::size_t column = 0; column < rows.columns(); ++column) {
      to.push_back(column == 0 ? '{' : ',');
      append_json_text(names[column], to);
      to.push_back(':');
      const Batch::View cell = rows.at(row, column);
      if (cell.kind == CellKind::null) {
        to.append("null");
      } else if (cell.kind == CellKind::text) {
        append_json_text(cell.text, to);
      } else {
        to.append(cell.text);
      }
    }
    to.append("}\n");
  }
}

}  // namespace hearth::packs::sql
