#include "packs/sql/table_text.hpp"

namespace hearth::packs::sql {
namespace {

void append_markdown(std::string& out, std::string_view text) {
  for (const char each : text) {
    if (each == '|' || each == '\\') out.push_back('\\');
    if (each == '\n') {
      out += "<br>";
    } else if (each != '\r') {
      out.push_back(each);
    }
  }
}

void append_csv(std::string& out, std::string_view text) {
  if (!text.empty() && text.find_first_of(",\"\r\n") == std::string_view::npos) {
    out += text;
    return;
  }
  out.push_back('"');
  for (const char each : text) out.append(each == '"' ? 2 : 1, each);
  out.push_back('"');
}

bool is_number(CellKind kind) {
  return kind == CellKind::integer || kind == CellKind::real;
}

}  // namespace

std::string markdown_table(const std::vector<Column>& columns, const Batch& rows) {
  std::string out = "|";
  for (const Column& each : columns) {
    out.push_back(' ');
    append_markdown(out, each.name);
    out += " |";
  }
  out += "\n|";
  for (std::size_t i = 0; i < columns.size(); ++i) {
    out += rows.rows() > 0 && is_number(rows.at(0, i).kind) ? " ---: |" : " --- |";
  }
  out.push_back('\n');
  for (std::size_t row = 0; row < rows.rows(); ++row) {
    out.push_back('|');
    for (std::size_t i = 0; i < columns.size(); ++i) {
      const Batch::View cell = rows.at(row, i);
      out.push_back(' ');
      append_markdown(out, cell.kind == CellKind::null ? "NULL" : cell.text);
      out += " |";
    }
    out.push_back('\n');
  }
  return out;
}

std::string csv_text(const std::vector<Column>& columns, const Batch& rows) {
  std::string out;
  for (std::size_t i = 0; i < columns.size(); ++i) {
    if (i != 0) out.push_back(',');
    append_csv(out, columns[i].name);
  }
  out.push_back('\n');
  for (std::size_t row = 0; row < rows.rows(); ++row) {
    for (std::size_t i = 0; i < columns.size(); ++i) {
      if (i != 0) out.push_back(',');
      if (rows.at(row, i).kind != CellKind::null) append_csv(out, rows.at(row, i).text);
    }
    out.push_back('\n');
  }
  return out;
}

}  // namespace hearth::packs::sql
