#include "json/json.hpp"

#include <array>
#include <charconv>
#include <cmath>

#include "json/utf8.hpp"

namespace hearth::json {
namespace {

// Length of the UTF-8 sequence at `text[i]`, or 0 if it is not well-formed (RFC 3629).
std::size_t utf8_length(std::string_view text, std::size_t i) {
  const auto byte = [&](std::size_t k) { return static_cast<unsigned char>(text[k]); };
  const unsigned char first = byte(i);
  if (first < 0x80) return 1;
  const std::size_t length = first >= 0xf0 ? 4 : first >= 0xe0 ? 3 : 2;
  if (first < 0xc2 || first > 0xf4 || i + length > text.size()) return 0;
  for (std::size_t k = 1; k < length; ++k) {
    if ((byte(i + k) & 0xc0) != 0x80) return 0;
  }
  const unsigned char second = byte(i + 1);
  if (first == 0xe0 && second < 0xa0) return 0;  // overlong
  if (first == 0xed && second > 0x9f) return 0;  // surrogate
  if (first == 0xf0 && second < 0x90) return 0;  // overlong
  if (first == 0xf4 && second > 0x8f) return 0;  // beyond U+10FFFF
  return length;
}

void append_escape(std::string& out, unsigned char c) {
  switch (c) {
    case '"':
      out.append("\\\"");
      return;
    case '\\':
      out.append("\\\\");
      return;
    case '\n':
      out.append("\\n");
      return;
    case '\r':
      out.append("\\r");
      return;
    case '\t':
      out.append("\\t");
      return;
    default:
      break;
  }
  static constexpr char digits[] = "0123456789abcdef";
  out.append("\\u00");
  out.push_back(digits[c >> 4]);
  out.push_back(digits[c & 15]);
}

template <typename Number>
void append_number(std::string& out, Number number) {
  std::array<char, 32> text{};
  const auto end = std::to_chars(text.data(), text.data() + text.size(), number).ptr;
  out.append(text.data(), end);
}

// Writes a value, compact (indent < 0) or indented.
class Printer {
 public:
  Printer(std::string& out, bool pretty) : out_(out), pretty_(pretty) {}

  void print(const Value& value, int depth) {
    switch (value.kind()) {
      case boost::json::kind::null:
        out_.append("null");
        return;
      case boost::json::kind::bool_:
        out_.append(value.get_bool() ? "true" : "false");
        return;
      case boost::json::kind::int64:
        append_number(out_, value.get_int64());
        return;
      case boost::json::kind::uint64:
        append_number(out_, value.get_uint64());
        return;
      case boost::json::kind::double_:
        print_double(value.get_double());
        return;
      case boost::json::kind::string:
        append_string(out_, value.get_string());
        return;
      case boost::json::kind::array:
        print(value.get_array(), depth);
        return;
      case boost::json::kind::object:
        print(value.get_object(), depth);
        return;
    }
  }

  void print(const Object& object, int depth) {
    out_.push_back('{');
    bool first = true;
    for (const auto& member : object) {
      separate(first, depth + 1);
      append_string(out_, member.key());
      out_.append(pretty_ ? ": " : ":");
      print(member.value(), depth + 1);
    }
    close(first, depth, '}');
  }

 private:
  void print(const Array& array, int depth) {
    out_.push_back('[');
    bool first = true;
    for (const Value& item : array) {
      separate(first, depth + 1);
      print(item, depth + 1);
    }
    close(first, depth, ']');
  }

  void print_double(double number) {
    if (number == 0 && std::signbit(number)) {
      out_.append("-0.0");  // "-0" would read back as the integer 0
    } else if (std::isfinite(number)) {
      append_number(out_, number);
    } else {
      out_.append("null");  // JSON has no infinities
    }
  }

  void separate(bool& first, int depth) {
    if (!first) out_.push_back(',');
    first = false;
    new_line(depth);
  }
  void close(bool empty, int depth, char bracket) {
    if (!empty) new_line(depth);
    out_.push_back(bracket);
  }
  void new_line(int depth) {
    if (!pretty_) return;
    out_.push_back('\n');
    out_.append(static_cast<std::size_t>(depth) * 2, ' ');
  }

  std::string& out_;
  bool pretty_;
};

}  // namespace

void append(std::string& out, const Value& value) {
  Printer(out, false).print(value, 0);
}
void append(std::string& out, const Object& object) {
  Printer(out, false).print(object, 0);
}

std::string dump(const Value& value) {
  std::string out;
  append(out, value);
  return out;
}

std::string dump_pretty(const Value& value) {
  std::string out;
  Printer(out, true).print(value, 0);
  return out;
}

bool is_utf8(std::string_view text) {
  for (std::size_t i = 0; i < text.size();) {
    const std::size_t length = utf8_length(text, i);
    if (length == 0) return false;
    i += length;
  }
  return true;
}

void append_string(std::string& out, std::string_view text) {
  out.push_back('"');
  std::size_t plain = 0;  // start of the run not yet copied
  std::size_t i = 0;
  while (i < text.size()) {
    const auto c = static_cast<unsigned char>(text[i]);
    const bool is_plain_ascii = c >= 0x20 && c < 0x7f && c != '"' && c != '\\';
    const std::size_t length = is_plain_ascii ? 1 : c < 0x80 ? 0 : utf8_length(text, i);
    if (length != 0) {
      i += length;
      continue;
    }
    out.append(text.substr(plain, i - plain));
    if (c < 0x80) {
      append_escape(out, c);
    } else {
      out.append("\xef\xbf\xbd");
    }
    plain = ++i;
  }
  out.append(text.substr(plain));
  out.push_back('"');
}

std::string quoted(std::string_view text) {
  std::string out;
  append_string(out, text);
  return out;
}

const Value* find(const Value& object, std::string_view name) {
  return object.is_object() ? object.get_object().if_contains(name) : nullptr;
}

std::string_view string_or(const Value& object, std::string_view name, std::string_view fallback) {
  const Value* value = find(object, name);
  return value != nullptr && value->is_string() ? std::string_view(value->get_string()) : fallback;
}

std::int64_t int_or(const Value& object, std::string_view name, std::int64_t fallback) {
  const Value* value = find(object, name);
  return value != nullptr && value->is_int64() ? value->get_int64() : fallback;
}

bool bool_or(const Value& object, std::string_view name, bool fallback) {
  const Value* value = find(object, name);
  return value != nullptr && value->is_bool() ? value->get_bool() : fallback;
}

std::string_view kind_name(const Value& value) {
  switch (value.kind()) {
    case boost::json::kind::null:
      return "null";
    case boost::json::kind::bool_:
      return "boolean";
    case boost::json::kind::int64:
    case boost::json::kind::uint64:
      return "integer";
    case boost::json::kind::double_:
      return "number";
    case boost::json::kind::string:
      return "string";
    case boost::json::kind::array:
      return "array";
    case boost::json::kind::object:
      return "object";
  }
  return "null";
}

}  // namespace hearth::json
