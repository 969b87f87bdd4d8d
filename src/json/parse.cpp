// Parsing: Boost.JSON's parser with a handler of our own, for one reason. Boost.JSON 1.81 rounds
// one number with a fraction in ten wrongly (by the last bit; corrected by an option in 1.84), and
// turns 1e400 into infinity. Here std::from_chars reads such numbers. Remove this when the oldest
// Boost in use is 1.84: its `numbers::precise`.
#include <boost/json/basic_parser_impl.hpp>
#include <boost/json/value_stack.hpp>
#include <charconv>
#include <cmath>

#include "json/json.hpp"
#include "json/limits.hpp"

namespace hearth::json {
namespace {

using boost::json::error_code;
using Text = boost::json::string_view;

// Receives the parts of a text in order and stacks up values. The texts are complete, so that a
// number always comes in one piece.
class Builder {
 public:
  static constexpr std::size_t max_object_size = Object::max_size();
  static constexpr std::size_t max_array_size = Array::max_size();
  static constexpr std::size_t max_key_size = boost::json::string::max_size();
  static constexpr std::size_t max_string_size = boost::json::string::max_size();

  bool on_document_begin(error_code&) {
    values_.reset();
    return true;
  }
  bool on_document_end(error_code&) { return true; }
  bool on_object_begin(error_code&) { return true; }
  bool on_object_end(std::size_t members, error_code&) {
    values_.push_object(members);
    return true;
  }
  bool on_array_begin(error_code&) { return true; }
  bool on_array_end(std::size_t items, error_code&) {
    values_.push_array(items);
    return true;
  }
  bool on_key_part(Text text, std::size_t, error_code&) {
    values_.push_chars(text);
    return true;
  }
  bool on_key(Text text, std::size_t, error_code&) {
    values_.push_key(text);
    return true;
  }
  bool on_string_part(Text text, std::size_t, error_code&) {
    values_.push_chars(text);
    return true;
  }
  bool on_string(Text text, std::size_t, error_code&) {
    values_.push_string(text);
    return true;
  }
  bool on_number_part(Text, error_code&) { return true; }
  bool on_int64(std::int64_t number, Text, error_code&) {
    values_.push_int64(number);
    return true;
  }
  bool on_uint64(std::uint64_t number, Text, error_code&) {
    values_.push_uint64(number);
    return true;
  }
  bool on_double(double rounded, Text text, error_code& ec) {
    double number = rounded;
    const auto read = std::from_chars(text.data(), text.data() + text.size(), number);
    if (read.ec == std::errc::result_out_of_range && std::abs(rounded) < 1) number = 0;
    if (read.ec == std::errc::result_out_of_range && std::abs(rounded) >= 1) {
      ec = boost::json::error::exponent_overflow;
      return false;
    }
    values_.push_double(number);
    return true;
  }
  bool on_bool(bool value, error_code&) {
    values_.push_bool(value);
    return true;
  }
  bool on_null(error_code&) {
    values_.push_null();
    return true;
  }
  bool on_comment_part(Text, error_code&) { return true; }
  bool on_comment(Text, error_code&) { return true; }

  [[nodiscard]] Value release() { return values_.release(); }

 private:
  boost::json::value_stack values_;
};

}  // namespace

Result<Value> parse(std::string_view text) {
  boost::json::parse_options options;
  options.max_depth = json::max_depth;
  boost::json::basic_parser<Builder> parser(options);
  error_code ec;
  const std::size_t used = parser.write_some(false, text.data(), text.size(), ec);
  if (ec) {
    return fail(Errc::invalid_args, "JSON: " + ec.message() + " at byte " + std::to_string(used));
  }
  if (used < text.size()) {
    return fail(Errc::invalid_args, "JSON: text after the value at byte " + std::to_string(used));
  }
  return parser.handler().release();
}

}  // namespace hearth::json
