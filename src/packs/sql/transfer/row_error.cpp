#include "packs/sql/transfer/row_error.hpp"

#include <algorithm>
#include <charconv>

namespace hearth::packs::sql {
namespace {

// What stands between `before` and `after`; nothing when either is missing.
std::optional<std::string_view> between(std::string_view text,
                                        std::string_view before,
                                        std::string_view after) {
  const std::size_t begin = text.find(before);
  if (begin == std::string_view::npos) return std::nullopt;
  text.remove_prefix(begin + before.size());
  const std::size_t end = text.find(after);
  if (end == std::string_view::npos) return std::nullopt;
  return text.substr(0, end);
}

std::int64_t leading_number(std::string_view text) {
  std::int64_t number = 0;
  std::from_chars(text.data(), text.data() + text.size(), number);
  return number;
}

std::optional<std::string_view> after(std::string_view text, std::string_view mark) {
  const std::size_t at = text.find(mark);
  if (at == std::string_view::npos) return std::nullopt;
  return text.substr(at + mark.size());
}

void replace_all(std::string& text, std::string_view what, std::string_view by) {
  if (what.empty()) return;
  for (std::size_t at = 0; (at = text.find(what, at)) != std::string::npos; at += by.size()) {
    text.replace(at, what.size(), by);
  }
}

constexpr std::size_t longest_problem = 300;

std::string shortened(std::string_view text) {
  if (text.size() <= longest_problem) return std::string(text);
  std::size_t size = longest_problem;
  while (size > 0 && (static_cast<unsigned char>(text[size]) & 0xC0) == 0x80) --size;
  return std::string(text.substr(0, size)) + "…";
}

}  // namespace

BadRow bad_row(std::int64_t line, std::string_view column, std::string_view message) {
  BadRow row{.line = line, .column = std::string(column), .value = {}, .problem = {}};
  if (const auto named = between(message, "Error when converting column \"", "\"")) {
    row.column = *named;
  }
  const auto value = between(message, "Could not convert string \"", "\" to '");
  const auto type = between(message, "\" to '", "'");
  if (value && type) {
    row.value = shortened(*value);
    row.problem = "\"" + row.value + "\" is no " + shortened(*type);
    return row;
  }
  const auto expected = after(message, "Expected Number of Columns: ");
  const auto found = after(message, "Found: ");
  if (expected && found) {
    row.column.clear();
    // It counts no further than to the first that is too many.
    const bool has_more = leading_number(*found) > leading_number(*expected);
    row.problem = std::to_string(leading_number(*expected)) + " columns were expected, " +
                  std::to_string(leading_number(*found)) + (has_more ? " or more found" : " found");
    return row;
  }
  row.problem = shortened(message);
  return row;
}

bool is_encoding_error(const Error& error) {
  return error.message.contains("Invalid unicode") || error.message.contains("not utf-8 encoded");
}

Error file_error(Error error, const std::string& path, const std::string& read_as) {
  if (error.message.contains("CSV Parser state machine")) {
    error.message = path + ": its rows cannot be told apart";
    error.suggestions = {"mend quotes that have no counterpart, and lines that end in another way"};
  }
  // Its own options are none of the caller's.
  error.message.erase(std::min(error.message.find(" Try setting '"), error.message.size()));
  for (const std::string_view advice : {" Try increasing '", " Try increasing \""})
    error.message.erase(std::min(error.message.find(advice), error.message.size()));
  if (error.message.contains("maximum_object_size")) {
    error.suggestions = {"say where its rows are: json_path, such as \"$.items\"",
                         "or write it as JSON lines, one object each"};
  }
  error.message.erase(std::min(error.message.find("Possible fixes:"), error.message.size()));
  replace_all(error.message, read_as, path);
  for (std::string& suggestion : error.suggestions) replace_all(suggestion, read_as, path);
  const auto line = after(error.message, "CSV Error on Line: ");
  if (!line) {
    if (!error.message.contains(path)) error.message.insert(0, path + ": ");
    return error;
  }
  const std::int64_t number = leading_number(*line);
  // "CSV Error on Line: 3 Original Line: 3,x Error when …": the row itself may hold anything.
  std::string_view message = error.message;
  for (const std::string_view mark :
       {"Error when converting column", "Expected Number of Columns:", "Invalid unicode",
        "Value with unterminated quote", "Maximum line size"}) {
    if (const std::size_t at = message.rfind(mark); at != std::string_view::npos) {
      message.remove_prefix(at);
      break;
    }
  }
  const BadRow row = bad_row(number, {}, message);
  error.code = Errc::invalid_args;
  error.message = path + ", line " + std::to_string(row.line) +
                  (row.column.empty() ? "" : ", column \"" + row.column + "\"") + ": " +
                  row.problem;
  error.suggestions.clear();
  if (!row.column.empty() && !row.value.empty()) {
    error.suggestions.push_back("read it as text: types {\"" + row.column + "\": \"VARCHAR\"}");
    error.suggestions.emplace_back("name what stands for NULL in null_texts");
  }
  error.suggestions.emplace_back("leave bad rows out and have them reported: on_error \"skip\"");
  return error;
}

}  // namespace hearth::packs::sql
