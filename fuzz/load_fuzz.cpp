// Bytes as the head of a file, as names, options and types of a load, and as an engine's complaint
// about a row: whatever they are, each stays within its quotes in the statements that are made.
#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <string>
#include <string_view>

#include "packs/sql/data_wire.hpp"
#include "packs/sql/transfer/load_plan.hpp"
#include "packs/sql/transfer/row_error.hpp"
#include "packs/sql/transfer/source.hpp"

namespace {

using namespace hearth;
using namespace hearth::packs::sql;

void require(bool holds) {
  if (!holds) std::abort();
}

// The statement without what is in quotes; nothing where a quote is left open.
std::string outside_of_quotes(std::string_view sql) {
  std::string rest;
  char open = '\0';
  for (const char each : sql) {
    if (open == '\0' && (each == '\'' || each == '"')) {
      open = each;
    } else if (open == '\0') {
      rest.push_back(each);
    } else if (each == open) {
      open = '\0';
    }
  }
  require(open == '\0');
  return rest;
}

void check_quoting(const std::string& text) {
  SourceOptions options;
  options.delimiter = text;
  options.null_texts = {text, "NA"};
  options.date_format = text;
  options.types = {{text, "BIGINT"}};
  const auto reader = reader_sql(text, {}, options, text);
  require(reader.has_value());
  const std::string rest = outside_of_quotes(*reader);
  require(rest.find(';') == std::string::npos && rest.find("--") == std::string::npos);
  require(rest.starts_with("system.main.read_csv(") && rest.ends_with(")"));
  if (const auto type = checked_type(text))
    require(type->find_first_of(";'\\-") == std::string::npos);
  const auto table = parse_table_name(text);
  if (!table) return;
  const auto again = parse_table_name(table->quoted());
  require(again && again->schema == table->schema && again->name == table->name);
  const auto plan = statements_of({.table = *table,
                                   .mode = LoadMode::merge,
                                   .exists = true,
                                   .sources = {*reader},
                                   .columns = {text, "b"},
                                   .key = {text},
                                   .stage = "stage"});
  require(plan.has_value());
  for (const std::string& sql : plan->sql) {
    require(outside_of_quotes(sql).find(';') == std::string::npos);
  }
}

void check_reading(const std::string& text) {
  (void)kind_of(text.substr(0, 40), text, {});
  (void)guess_encoding(text);
  std::string whole;
  std::string parts;
  Utf16Reader one(false);
  one.add(text, whole);
  one.finish(whole);
  Utf16Reader other(false);
  for (const char each : text) other.add(std::string_view(&each, 1), parts);
  other.finish(parts);
  require(whole == parts);
  const Error error =
      file_error({.code = Errc::invalid_args, .message = text}, "data.csv", "/x/0.csv");
  require(error.message.find("/x/0.csv") == std::string::npos);
  require(bad_row(1, {}, text).problem.size() <= 700);
  (void)wire::to_inline_file(json::Raw{text});
  if (const auto value = json::parse(text); value && value->is_object()) {
    (void)wire::to_options(std::nullopt, json::Raw{text});
  }
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const std::string text(reinterpret_cast<const char*>(data), size);
  check_quoting(text);
  check_reading(text);
  return 0;
}
