#include "packs/sql/engine/pg/cells.hpp"

#include <algorithm>
#include <array>
#include <charconv>
#include <optional>

namespace hearth::packs::sql::pg {
namespace {

struct BuiltIn {
  Oid oid;
  Oid array;  // the type of arrays of it; 0: none is known
  const char* name;
  Shape shape;
};

// PostgreSQL's catalog, src/include/catalog/pg_type.dat; the same numbers in every version, in its
// relatives, and in hyperd.
constexpr std::array built_in{
    BuiltIn{16, 1000, "boolean", Shape::boolean},
    BuiltIn{17, 1001, "bytea", Shape::bytes},
    BuiltIn{18, 1002, "\"char\"", Shape::text},
    BuiltIn{19, 1003, "name", Shape::text},
    BuiltIn{20, 1016, "bigint", Shape::integer},
    BuiltIn{21, 1005, "smallint", Shape::integer},
    BuiltIn{23, 1007, "integer", Shape::integer},
    BuiltIn{25, 1009, "text", Shape::text},
    BuiltIn{26, 1028, "oid", Shape::integer},
    BuiltIn{114, 199, "json", Shape::json},
    BuiltIn{142, 143, "xml", Shape::text},
    BuiltIn{700, 1021, "real", Shape::real},
    BuiltIn{701, 1022, "double precision", Shape::real},
    BuiltIn{790, 791, "money", Shape::text},
    BuiltIn{869, 1041, "inet", Shape::text},
    BuiltIn{1042, 1014, "character", Shape::text},
    BuiltIn{1043, 1015, "character varying", Shape::text},
    BuiltIn{1082, 1182, "date", Shape::date},
    BuiltIn{1083, 1183, "time without time zone", Shape::text},
    BuiltIn{1114, 1115, "timestamp without time zone", Shape::timestamp},
    BuiltIn{1184, 1185, "timestamp with time zone", Shape::zoned},
    BuiltIn{1186, 1187, "interval", Shape::text},
    BuiltIn{1266, 1270, "time with time zone", Shape::zoned},
    BuiltIn{1560, 1561, "bit", Shape::text},
    BuiltIn{1562, 1563, "bit varying", Shape::text},
    BuiltIn{1700, 1231, "numeric", Shape::text},
    BuiltIn{2950, 2951, "uuid", Shape::text},
    BuiltIn{3802, 3807, "jsonb", Shape::json},
    BuiltIn{5003, 0, "geography", Shape::text},  // hyperd's
};

// ---- Scalars ----------------------------------------------------------------------------------

std::uint8_t nibble(char digit) {
  return static_cast<std::uint8_t>(digit <= '9' ? digit - '0' : (digit | 0x20) - 'a' + 10);
}

// From bytea's hexadecimal spelling: \x00ff.
std::string base64_of(std::string_view hex) {
  static constexpr std::string_view digits =
      "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
  if (!hex.starts_with("\\x") ||
      hex.find_first_not_of("0123456789abcdefABCDEF", 2) != std::string_view::npos)
    return std::string(hex);  // no server writes that
  hex.remove_prefix(2);
  const std::size_t size = hex.size() / 2;
  const auto byte = [&](std::size_t i) -> unsigned {
    return i < size ? static_cast<unsigned>(nibble(hex[2 * i]) << 4 | nibble(hex[2 * i + 1])) : 0;
  };
  std::string text;
  for (std::size_t i = 0; i < size; i += 3) {
    const unsigned bits = byte(i) << 16 | byte(i + 1) << 8 | byte(i + 2);
    text += digits[bits >> 18];
    text += digits[bits >> 12 & 63];
    text += i + 1 < size ? digits[bits >> 6 & 63] : '=';
    text += i + 2 < size ? digits[bits & 63] : '=';
  }
  return text;
}

// Years before Christ as ISO 8601 has them, and DuckDB: "0044-03-15 BC" becomes "-0043-03-15".
std::string date_of(std::string_view text) {
  static constexpr std::string_view era = " BC";
  if (!text.ends_with(era)) return std::string(text);
  text.remove_suffix(era.size());
  std::int64_t year = 0;
  const auto read = std::from_chars(text.data(), text.data() + text.size(), year);
  const std::string number = std::to_string(year - 1);
  std::string iso = year > 1 ? "-" : "";
  iso.append(4 - std::min<std::size_t>(number.size(), 4), '0');
  return iso + number + std::string(read.ptr, text.data() + text.size());
}

// "2024-01-02 03:04:05.5" becomes "2024-01-02T03:04:05.5"; infinity stays.
std::string timestamp_of(std::string_view text) {
  std::string iso = date_of(text);
  if (const auto blank = iso.find(' '); blank != std::string::npos) iso[blank] = 'T';
  return iso;
}

// The offset as ISO 8601 has it: "+02" becomes "+02:00", "+00" becomes "Z".
std::string zoned_of(std::string_view text) {
  std::string iso = timestamp_of(text);
  const auto sign = iso.find_last_of("+-");
  if (iso.find(':') == std::string::npos || sign == std::string::npos || sign < iso.find(':'))
    return iso;
  if (const std::string_view offset = std::string_view(iso).substr(sign); offset == "+00") {
    iso.replace(sign, std::string::npos, "Z");
  } else if (offset.size() == 3) {
    iso += ":00";
  }
  return iso;
}

bool is_finite(std::string_view real) {
  return real != "NaN" && real != "Infinity" && real != "-Infinity";
}

// ---- JSON -------------------------------------------------------------------------------------

void append_string(std::string& json, std::string_view text) {
  static constexpr std::string_view digits = "0123456789abcdef";
  json += '"';
  for (const char c : text) {
    if (c == '"' || c == '\\') {
      json += '\\';
      json += c;
    } else if (static_cast<unsigned char>(c) < 0x20) {
      json += "\\u00";
      json += digits[static_cast<unsigned char>(c) >> 4];
      json += digits[static_cast<unsigned char>(c) & 15];
    } else {
      json += c;
    }
  }
  json += '"';
}

void append_value(std::string& json, const TypeBook& types, Oid oid, std::string_view text);

// Reads the elements of an array or the fields of a composite: bare ones up to a delimiter or the
// end, or quoted ones with backslashes and doubled quotes.
class ItemReader {
 public:
  explicit ItemReader(std::string_view text) : text_(text) {}

  [[nodiscard]] bool has(char c) const { return at_ < text_.size() && text_[at_] == c; }
  bool take(char c) {
    if (!has(c)) return false;
    ++at_;
    return true;
  }
  [[nodiscard]] bool is_at_end() const { return at_ >= text_.size(); }

  struct Item {
    std::string text;
    bool is_quoted = false;
  };
  Item item(std::string_view ends) {
    Item item;
    while (!is_at_end()) {
      const char c = text_[at_];
      if (c == '"') {
        item.is_quoted = true;
        quoted(item.text);
      } else if (ends.find(c) != std::string_view::npos) {
        break;
      } else {
        if (c == '\\' && at_ + 1 < text_.size()) ++at_;
        item.text += text_[at_++];
      }
    }
    return item;
  }

 private:
  void quoted(std::string& text) {
    for (++at_; !is_at_end(); ++at_) {
      char c = text_[at_];
      if (c == '"') {
        ++at_;
        if (!has('"')) return;
      } else if (c == '\\' && at_ + 1 < text_.size()) {
        c = text_[++at_];
      }
      text += c;
    }
  }

  const std::string_view text_;
  std::size_t at_ = 0;
};

void append_array(
    std::string& json, const TypeBook& types, const Type& type, ItemReader& reader, char closing) {
  const std::string ends{type.delimiter, closing};
  const char opening = closing == '}' ? '{' : '[';
  json += '[';
  for (bool is_first = true; !reader.is_at_end() && !reader.take(closing); is_first = false) {
    if (!is_first) {
      if (!reader.take(type.delimiter)) break;
      json += ',';
    }
    if (reader.take(opening)) {
      append_array(json, types, type, reader, closing);
      continue;
    }
    const auto item = reader.item(ends);
    if (!item.is_quoted && item.text == "NULL") {
      json += "null";
    } else {
      append_value(json, types, type.element, item.text);
    }
  }
  json += ']';
}

// PostgreSQL writes the bounds of an array first when they are not the usual ones: [0:1]={…}.
std::string array_of(const TypeBook& types, const Type& type, std::string_view text) {
  if (const auto bounds = text.find("]={");
      text.starts_with('[') && bounds != std::string_view::npos)
    text.remove_prefix(bounds + 2);
  ItemReader reader(text);
  const bool is_hyper = reader.take('[');
  if (!is_hyper) (void)reader.take('{');
  std::string json;
  append_array(json, types, type, reader, is_hyper ? ']' : '}');
  return json;
}

std::string composite_of(const TypeBook& types, const Type& type, std::string_view text) {
  ItemReader reader(text);
  (void)reader.take('(');
  std::string json = "{";
  for (const Type::Field& field : type.fields) {
    if (json.size() > 1) json += ',';
    append_string(json, field.name);
    json += ':';
    const auto item = reader.item(",)");
    if (item.text.empty() && !item.is_quoted) {
      json += "null";
    } else {
      append_value(json, types, field.type, item.text);
    }
    (void)reader.take(',');
  }
  return json + '}';
}

// The kind and the canonical text of a value.
std::pair<CellKind, std::string> canonical(const TypeBook& types,
                                           const Type& type,
                                           std::string_view text) {
  switch (type.shape) {
    case Shape::boolean:
      return {CellKind::boolean, text == "t" || text == "true" ? "true" : "false"};
    case Shape::integer:
      return {CellKind::integer, std::string(text)};
    case Shape::real:
      return {is_finite(text) ? CellKind::real : CellKind::text, std::string(text)};
    case Shape::bytes:
      return {CellKind::text, base64_of(text)};
    case Shape::date:
      return {CellKind::text, date_of(text)};
    case Shape::timestamp:
      return {CellKind::text, timestamp_of(text)};
    case Shape::zoned:
      return {CellKind::text, zoned_of(text)};
    case Shape::json:
      return {CellKind::json, std::string(text)};
    case Shape::array:
      return {CellKind::json, array_of(types, type, text)};
    case Shape::composite:
      return {CellKind::json, composite_of(types, type, text)};
    case Shape::text:
      break;
  }
  return {CellKind::text, std::string(text)};
}

void append_value(std::string& json, const TypeBook& types, Oid oid, std::string_view text) {
  const Type* const type = types.find(oid);
  if (type == nullptr) return append_string(json, text);
  const auto [kind, value] = canonical(types, *type, text);
  if (kind == CellKind::text) return append_string(json, value);
  json += value;
}

}  // namespace

TypeBook::TypeBook() {
  for (const BuiltIn& type : built_in) {
    add(type.oid, Type{.name = type.name, .shape = type.shape, .fields = {}});
    if (type.array == 0) continue;
    add(type.array, Type{.name = std::string(type.name) + "[]",
                         .shape = Shape::array,
                         .element = type.oid,
                         .fields = {}});
  }
}

const Type* TypeBook::find(Oid oid) const {
  const auto found = types_.find(oid);
  return found == types_.end() ? nullptr : &found->second;
}

std::string TypeBook::name(Oid oid, int modifier) const {
  const Type* const type = find(oid);
  if (type == nullptr) return "oid " + std::to_string(oid);
  if (modifier < 0) return type->name;
  constexpr int header = 4;  // what a length and a precision are counted with
  const int length = modifier - header;
  const auto parenthesized = [&](Oid scalar) -> std::string {
    switch (scalar) {
      case 1700: {  // precision, and the scale as a number of 11 bits with a sign
        const int scale = ((length & 0x7ff) ^ 1024) - 1024;
        return "(" + std::to_string(length >> 16) + "," + std::to_string(scale) + ")";
      }
      case 1042:
      case 1043:
        return "(" + std::to_string(length) + ")";
      case 1083:
      case 1114:
      case 1184:
      case 1266:
      case 1560:
      case 1562:
        return "(" + std::to_string(modifier) + ")";
      default:
        return "";
    }
  };
  const std::string suffix =
      parenthesized(type->shape == Shape::array && type->element != 0 ? type->element : oid);
  // Behind the first word: "time(3) with time zone", "numeric(9,2)[]"; but "character varying(5)".
  std::string name = type->name;
  const auto place = std::min({name.find(" with"), name.find("[]"), name.size()});
  return name.insert(place, suffix);
}

void add_cell(Batch& batch, const TypeBook& types, Oid type, std::string_view text) {
  const Type* const known = types.find(type);
  if (known == nullptr) return batch.add(CellKind::text, text);
  switch (known->shape) {  // without a copy where none is needed
    case Shape::text:
      return batch.add(CellKind::text, text);
    case Shape::integer:
      return batch.add(CellKind::integer, text);
    default:
      break;
  }
  const auto [kind, value] = canonical(types, *known, text);
  batch.add(kind, value);
}

}  // namespace hearth::packs::sql::pg
