#include "packs/sql/query_wire.hpp"

#include <algorithm>
#include <array>
#include <charconv>
#include <cmath>
#include <utility>

#include "json/json.hpp"
#include "mcp/messages.hpp"
#include "packs/sql/engine/exact_number.hpp"
#include "packs/sql/table_text.hpp"
#include "packs/sql/transfer/json_numbers.hpp"

namespace hearth::packs::sql::wire {

using json::defaulted;
using json::Notes;
using json::one_of;
using json::range;

namespace {

constexpr std::int64_t most_sql = 1 << 20;
constexpr std::int64_t most_rows = 10'000;
constexpr const char* params_text =
    "Values of the statement's parameters: an array for $1, $2 …, or an object for $name";
constexpr const char* format_text =
    "rows: arrays; columns: an array of values each; markdown or csv: one text";

json::Limits format_limits() {
  return one_of({"rows", "columns", "markdown", "csv"}) | defaulted;
}

// What answers are put into (a row, a page, a task, a list of answers) counts as well, and their
// readers go 64 levels deep.
constexpr int deepest_cell = 40;

int depth_of(std::string_view json) {
  int depth = 0;
  int deepest = 0;
  bool is_in_text = false;
  for (std::size_t i = 0; i < json.size(); ++i) {
    const char c = json[i];
    if (is_in_text && c == '\\') {
      ++i;
    } else if (c == '"') {
      is_in_text = !is_in_text;
    } else if (!is_in_text && (c == '[' || c == '{')) {
      deepest = std::max(deepest, ++depth);
    } else if (!is_in_text && (c == ']' || c == '}')) {
      --depth;
    }
  }
  return deepest;
}

// Engines take more for JSON than there is: DuckDB's has NaN and commas before a bracket.
bool is_embeddable(std::string_view json) {
  return depth_of(json) <= deepest_cell && json::parse(json).has_value();
}

// Numbers that JSON's readers would round are texts, here too.
void append_with_all_digits(std::string& out, std::string_view json) {
  LongNumberSearch search;
  search.add(json);
  if (!search.has_found()) {
    out += json;
    return;
  }
  NumberQuoter quoter({.largest = largest_exact});
  quoter.add(json, out);
  quoter.finish(out);
}

void append_cell(std::string& out, const Batch::View& cell) {
  switch (cell.kind) {
    case CellKind::null:
      out += "null";
      break;
    case CellKind::boolean:
    case CellKind::real:
      out += cell.text;
      break;
    case CellKind::integer:
      is_exact(cell.text) ? out.append(cell.text) : out.append(json::quoted(cell.text));
      break;
    case CellKind::text:
      out += json::quoted(cell.text);
      break;
    case CellKind::json: {
      if (!is_embeddable(cell.text)) {
        out += json::quoted(cell.text);
        break;
      }
      // Line breaks stand between its tokens only, and would cut a message on a line.
      const std::size_t begin = out.size();
      append_with_all_digits(out, cell.text);
      for (std::size_t i = begin; i < out.size(); ++i) {
        if (out[i] == '\n' || out[i] == '\r') out[i] = ' ';
      }
      break;
    }
  }
}

std::string rows_text(const Batch& rows) {
  std::string out = "[";
  out.reserve(rows.bytes() * 2);
  for (std::size_t row = 0; row < rows.rows(); ++row) {
    out += row == 0 ? "[" : ",[";
    for (std::size_t column = 0; column < rows.columns(); ++column) {
      if (column != 0) out.push_back(',');
      append_cell(out, rows.at(row, column));
    }
    out.push_back(']');
  }
  return out + "]";
}

std::string values_text(const Batch& rows, std::size_t column) {
  std::string out = "[";
  for (std::size_t row = 0; row < rows.rows(); ++row) {
    if (row != 0) out.push_back(',');
    append_cell(out, rows.at(row, column));
  }
  return out + "]";
}

Cell to_cell(const json::Value& value) {
  if (value.is_null()) return {};
  if (value.is_bool()) return {CellKind::boolean, value.get_bool() ? "true" : "false"};
  if (value.is_int64()) return {CellKind::integer, std::to_string(value.get_int64())};
  if (value.is_uint64()) return {CellKind::integer, std::to_string(value.get_uint64())};
  if (value.is_string()) return {CellKind::text, std::string(value.get_string())};
  return {value.is_double() ? CellKind::real : CellKind::json, json::dump(value)};
}

}  // namespace

bool has_lost_digits(const json::Value& value) {
  constexpr double least = 9223372036854775808.0;
  constexpr double most = 1.8e38;  // beyond it no integer of any engine
  if (value.is_array()) return std::ranges::any_of(value.get_array(), has_lost_digits);
  if (value.is_object()) {
    return std::ranges::any_of(value.get_object(),
                               [](const auto& each) { return has_lost_digits(each.value()); });
  }
  if (!value.is_double()) return false;
  const double number = std::abs(value.get_double());
  // One of few digits was one, 6.02214076e23 say.
  std::array<char, 32> shortest{};
  const auto end = std::to_chars(shortest.data(), shortest.data() + shortest.size(), number,
                                 std::chars_format::scientific)
                       .ptr;
  const auto digits = std::find(shortest.data(), end, 'e') - shortest.data() - 1;
  return number >= least && number < most && digits > 15;
}

Notes notes(const QueryRequest*) {
  return {{"sql",
           "One statement that reads: SELECT, WITH, SHOW, DESCRIBE, SUMMARIZE, FROM 'file.csv'; "
           "required unless cursor is given",
           range(1, most_sql)},
          {"database", database_text, range(1, 63)},
          {"limit", "Most rows to return; about 1 MiB of text bounds a page as well",
           range(1, most_rows) | defaulted},
          {"cursor", "The cursor of the answer before: its next page", range(1, 64)},
          {"format", format_text, format_limits()},
          {"params", params_text, json::anything},
          {"timeout", timeout_text, range(1, most_seconds) | defaulted}};
}
Notes notes(const SampleRequest*) {
  return {{"table", "Name of a table or view, with its schema if that is not the default",
           range(1, 255)},
          {"database", database_text, range(1, 63)},
          {"rows", "How many rows, taken at random", range(1, 1000) | defaulted},
          {"format", format_text, format_limits()}};
}
Notes notes(const ColumnAnswer*) {
  return {{"name", "Names may repeat"},
          {"type", "As the engine spells it"},
          {"values", "In the format columns: its value in each row", json::anything}};
}
Notes notes(const QueryAnswer*) {
  return {
      {"columns", ""},
      {"rows",
       "In the format rows: arrays of values in the order of columns. DECIMAL, dates and times "
       "are text, integers beyond 2^53 too, BLOB is base64, INTERVAL ISO 8601, JSON nested more "
       "than 40 levels deep text",
       json::anything},
      {"text", "In the formats markdown and csv"},
      {"row_count", "Rows in this answer"},
      {"truncated", "Whether there are more rows"},
      {"cursor", "Give it for the next page, within two minutes"}};
}
Notes notes(const ExecuteRequest*) {
  return {{"sql",
           "Statements to run: a text of one or several, or an array of texts. All of it is "
           "one transaction",
           range(1, 1000)},
          {"database", database_text, range(1, 63)},
          {"params", params_text, json::anything},
          {"timeout", timeout_text, range(1, most_seconds) | defaulted},
          {"key",
           "Your idempotency key: the same call with the same key is applied once within 24 "
           "hours; refused where none are kept (PostgreSQL, attached DuckDB files)",
           range(1, 200)}};
}
Notes notes(const ExecuteAnswer*) {
  return {{"rows_affected", "Of each statement; 0 where there is nothing to count"},
          {"durability", "Present when the engine has not put it on disk yet: at_checkpoint"}};
}
Notes notes(const ExplainRequest*) {
  return {
      {"sql", "One statement", range(1, most_sql)},
      {"database", database_text, range(1, 63)},
      {"analyze", "Run it, and show the times and row counts there were; it must read", defaulted},
      {"params", params_text, json::anything},
      {"timeout", timeout_text, range(1, most_seconds) | defaulted}};
}
Notes notes(const ExplainAnswer*) {
  return {{"plan", "The engine's plan, a text to be read with equal widths"}};
}

Result<std::vector<Parameter>> to_parameters(const std::optional<json::Raw>& params) {
  std::vector<Parameter> parameters;
  if (!params) return parameters;
  const auto value = json::parse(params->text);
  if (!value) return std::unexpected(value.error());
  const auto add = [&](std::string name, const json::Value& each) -> Result<void> {
    if (has_lost_digits(each)) {
      return fail(Errc::invalid_args,
                  "params.params: a number beyond 64 bits has lost digits on its way",
                  {"give it as a text, \"12345678901234567890123\""});
    }
    parameters.push_back({.name = std::move(name), .value = to_cell(each)});
    return {};
  };
  Result<void> added;
  if (value->is_array()) {
    for (const json::Value& each : value->get_array())
      if (added) added = add({}, each);
  } else if (value->is_object()) {
    for (const auto& each : value->get_object())
      if (added) added = add(std::string(each.key()), each.value());
  } else {
    return fail(Errc::invalid_args, "params.params: expected an array or an object, got " +
                                        std::string(json::kind_name(*value)));
  }
  if (!added) return std::unexpected(std::move(added.error()));
  return parameters;
}

std::vector<Statement> to_statements(const json::Texts& sql) {
  std::vector<Statement> statements;
  for (const std::string& each : sql.list) statements.push_back({.sql = each});
  return statements;
}

namespace {

std::unexpected<Error> too_large(const Page& page) {
  std::size_t longest = 0;
  std::size_t of_column = 0;
  for (std::size_t row = 0; row < page.rows.rows(); ++row) {
    for (std::size_t column = 0; column < page.columns.size(); ++column) {
      const std::size_t bytes = page.rows.at(row, column).text.size();
      if (bytes <= longest) continue;
      longest = bytes;
      of_column = column;
    }
  }
  return fail(
      Errc::invalid_args,
      "the rows are more than one answer holds (8 MB); the largest value has " +
          std::to_string(longest) + " bytes, in the column " + page.columns[of_column].name,
      {"read parts of it: substr(" + page.columns[of_column].name + ", 1, 100000)",
       "name fewer columns, or give a smaller limit", "sql_export writes all of it into a file"});
}

// The answer holds it twice: as JSON, and as a text of that JSON, which is at most twice as long.
bool fits(const Page& page) {
  return page.rows.bytes() <= pack::most_answer_bytes / 2;
}
bool fits(const pack::Reply& reply) {
  if (reply.structured.size() <= pack::most_answer_bytes / 3) return true;
  return mcp::tool_result(reply).size() <= pack::most_answer_bytes;
}

}  // namespace

Result<pack::Reply> to_reply(const Page& page, const std::string& format) {
  if (!fits(page)) return too_large(page);
  QueryAnswer answer;
  for (std::size_t i = 0; i < page.columns.size(); ++i) {
    ColumnAnswer& column = answer.columns.emplace_back(page.columns[i].name, page.columns[i].type);
    if (format == "columns") column.values = json::Raw{values_text(page.rows, i)};
  }
  if (format == "rows") answer.rows = json::Raw{rows_text(page.rows)};
  if (format == "markdown") answer.text = markdown_table(page.columns, page.rows);
  if (format == "csv") answer.text = csv_text(page.columns, page.rows);
  answer.row_count = static_cast<std::int64_t>(page.rows.rows());
  answer.truncated = page.is_truncated;
  if (!page.cursor.empty()) answer.cursor = page.cursor;
  pack::Reply reply{.structured = json::encode(answer)};
  if (answer.text) reply.content.push_back(pack::text_content(*answer.text));
  if (!fits(reply)) return too_large(page);
  return reply;
}

}  // namespace hearth::packs::sql::wire
