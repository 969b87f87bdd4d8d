// JSON for the layers that may see it (docs/architecture.md): Boost.JSON's values, our limits and
// our writer.
#pragma once

#include <boost/json/array.hpp>
#include <boost/json/object.hpp>
#include <boost/json/string.hpp>
#include <boost/json/value.hpp>
#include <string>
#include <string_view>

#include "base/result.hpp"

namespace hearth::json {

using Value = boost::json::value;
using Object = boost::json::object;
using Array = boost::json::array;

// Parses one JSON text (UTF-8, at most 64 levels deep, nothing after it; numbers within the range
// of a double, correctly rounded). `invalid_args` with the byte offset.
[[nodiscard]] Result<Value> parse(std::string_view text);

// Compact text. Numbers in their shortest form that reads back equal (Boost.JSON 1.81 writes 1.5 as
// "1.5E0").
[[nodiscard]] std::string dump(const Value& value);
void append(std::string& out, const Value& value);
void append(std::string& out, const Object& object);
// Indented by two spaces, for people.
[[nodiscard]] std::string dump_pretty(const Value& value);

// Appends `text` as a JSON string with its quotes. Bytes that are not UTF-8 become U+FFFD.
void append_string(std::string& out, std::string_view text);
[[nodiscard]] std::string quoted(std::string_view text);

// The member `name` of `object` if it is there and of that kind; nothing otherwise.
[[nodiscard]] const Value* find(const Value& object, std::string_view name);
[[nodiscard]] std::string_view string_or(const Value& object,
                                         std::string_view name,
                                         std::string_view fallback);
[[nodiscard]] std::int64_t int_or(const Value& object,
                                  std::string_view name,
                                  std::int64_t fallback);
[[nodiscard]] bool bool_or(const Value& object, std::string_view name, bool fallback);

// "string", "integer", "number", "boolean", "array", "object" or "null".
[[nodiscard]] std::string_view kind_name(const Value& value);

}  // namespace hearth::json
