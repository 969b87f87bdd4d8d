#include "packs/sql/duckdb/cells.hpp"

#include <cmath>

#include "packs/sql/duckdb/api.hpp"
#include "packs/sql/duckdb/scalar_text.hpp"
#include "packs/sql/engine/exact_number.hpp"

namespace hearth::packs::sql::duckdb {
namespace {

std::string taken(char* text) {
  std::string copy = text == nullptr ? "" : text;
  api().duckdb_free(text);
  return copy;
}

Type taken(duckdb_logical_type type) {
  Type read = read_type(type);
  api().duckdb_destroy_logical_type(&type);
  return read;
}

void read_members(duckdb_logical_type type, bool is_struct, Type& to) {
  const idx_t count = is_struct ? api().duckdb_struct_type_child_count(type)
                                : api().duckdb_union_type_member_count(type);
  for (idx_t i = 0; i < count; ++i) {
    to.names.push_back(taken(is_struct ? api().duckdb_struct_type_child_name(type, i)
                                       : api().duckdb_union_type_member_name(type, i)));
    to.children.push_back(taken(is_struct ? api().duckdb_struct_type_child_type(type, i)
                                          : api().duckdb_union_type_member_type(type, i)));
  }
}

std::string in_quotes(std::string_view text, char quote) {
  std::string result(1, quote);
  for (const char each : text) result.append(each == quote ? 2 : 1, each);
  return result + quote;
}

std::string member_list(const Type& type) {
  std::string list;
  for (std::size_t i = 0; i < type.children.size(); ++i) {
    list +=
        (i == 0 ? "" : ", ") + in_quotes(type.names[i], '"') + " " + type_name(type.children[i]);
  }
  return "(" + list + ")";
}

// One column of a chunk, or a child of one.
struct Values {
  const Type& type;
  duckdb_vector vector;
  const void* data;
  const std::uint64_t* validity;  // null: all are valid

  Values(const Type& of, duckdb_vector from)
      : type(of),
        vector(from),
        data(api().duckdb_vector_get_data(from)),
        validity(api().duckdb_vector_get_validity(from)) {}

  [[nodiscard]] bool is_null(std::uint64_t row) const {
    return validity != nullptr && (validity[row / 64] >> (row % 64) & 1U) == 0;
  }
  template <typename T>
  [[nodiscard]] const T& at(std::uint64_t row) const {
    return static_cast<const T*>(data)[row];
  }
  [[nodiscard]] std::string_view bytes(std::uint64_t row) const {
    const auto& text = at<duckdb_string_t>(row);
    const auto size = text.value.inlined.length;
    return {size <= 12 ? text.value.inlined.inlined : text.value.pointer.ptr, size};
  }
};

CellKind append_value(std::string& to, const Values& values, std::uint64_t row);

Int128 stored_integer(const Values& values, std::uint64_t row) {
  switch (values.type.stored) {
    case DUCKDB_TYPE_SMALLINT:
      return values.at<std::int16_t>(row);
    case DUCKDB_TYPE_INTEGER:
      return values.at<std::int32_t>(row);
    case DUCKDB_TYPE_BIGINT:
      return values.at<std::int64_t>(row);
    default: {
      const auto& value = values.at<duckdb_hugeint>(row);
      return int128_of(value.lower, value.upper);
    }
  }
}

std::uint64_t stored_index(const Values& values, std::uint64_t row) {
  switch (values.type.stored) {
    case DUCKDB_TYPE_UTINYINT:
      return values.at<std::uint8_t>(row);
    case DUCKDB_TYPE_USMALLINT:
      return values.at<std::uint16_t>(row);
    default:
      return values.at<std::uint32_t>(row);
  }
}

void append_json(std::string& to, const Values& values, std::uint64_t row) {
  if (values.is_null(row)) {
    to += "null";
    return;
  }
  std::string text;
  switch (append_value(text, values, row)) {
    case CellKind::null:
      to += "null";
      break;
    case CellKind::boolean:
    case CellKind::real:
    case CellKind::json:
      to += text;
      break;
    case CellKind::integer:
      is_exact(text) ? to.append(text) : to.append("\"" + text + "\"");
      break;
    case CellKind::text:
      append_json_string(to, text);
      break;
  }
}

void append_list(std::string& to, const Values& items, std::uint64_t begin, std::uint64_t end) {
  to.push_back('[');
  for (std::uint64_t i = begin; i < end; ++i) {
    if (i != begin) to.push_back(',');
    append_json(to, items, i);
  }
  to.push_back(']');
}

// {"key": value} where the keys are texts, else [[key, value], …].
void append_map(std::string& to, const Values& values, std::uint64_t row) {
  const auto& entry = values.at<duckdb_list_entry>(row);
  const duckdb_vector pairs = api().duckdb_list_vector_get_child(values.vector);
  const Values keys(values.type.children[0], api().duckdb_struct_vector_get_child(pairs, 0));
  const Values mapped(values.type.children[1], api().duckdb_struct_vector_get_child(pairs, 1));
  const bool is_object = keys.type.id == DUCKDB_TYPE_VARCHAR || keys.type.id == DUCKDB_TYPE_ENUM;
  to.push_back(is_object ? '{' : '[');
  for (std::uint64_t i = entry.offset; i < entry.offset + entry.length; ++i) {
    if (i != entry.offset) to.push_back(',');
    if (!is_object) to.push_back('[');
    append_json(to, keys, i);
    to.push_back(is_object ? ':' : ',');
    append_json(to, mapped, i);
    if (!is_object) to.push_back(']');
  }
  to.push_back(is_object ? '}' : ']');
}

void append_struct(std::string& to, const Values& values, std::uint64_t row) {
  // The members of row() have no names.
  const bool is_row = !values.type.names.empty() && values.type.names.front().empty();
  to.push_back(is_row ? '[' : '{');
  for (std::size_t i = 0; i < values.type.children.size(); ++i) {
    if (i != 0) to.push_back(',');
    if (!is_row) {
      append_json_string(to, values.type.names[i]);
      to.push_back(':');
    }
    append_json(
        to, Values(values.type.children[i], api().duckdb_struct_vector_get_child(values.vector, i)),
        row);
  }
  to.push_back(is_row ? ']' : '}');
}

// {"member": value}; the vector's first child is the tag.
void append_union(std::string& to, const Values& values, std::uint64_t row) {
  const auto* tags = static_cast<const std::uint8_t*>(
      api().duckdb_vector_get_data(api().duckdb_struct_vector_get_child(values.vector, 0)));
  const std::size_t member = tags[row];
  to.push_back('{');
  append_json_string(to, values.type.names[member]);
  to.push_back(':');
  append_json(to,
              Values(values.type.children[member],
                     api().duckdb_struct_vector_get_child(values.vector, member + 1)),
              row);
  to.push_back('}');
}

CellKind append_nested(std::string& to, const Values& values, std::uint64_t row) {
  switch (values.type.id) {
    case DUCKDB_TYPE_LIST: {
      const auto& entry = values.at<duckdb_list_entry>(row);
      const Values items(values.type.children[0],
                         api().duckdb_list_vector_get_child(values.vector));
      append_list(to, items, entry.offset, entry.offset + entry.length);
      return CellKind::json;
    }
    case DUCKDB_TYPE_ARRAY: {
      const Values items(values.type.children[0],
                         api().duckdb_array_vector_get_child(values.vector));
      append_list(to, items, row * values.type.size, (row + 1) * values.type.size);
      return CellKind::json;
    }
    case DUCKDB_TYPE_MAP:
      append_map(to, values, row);
      return CellKind::json;
    case DUCKDB_TYPE_STRUCT:
      append_struct(to, values, row);
      return CellKind::json;
    case DUCKDB_TYPE_UNION:
      append_union(to, values, row);
      return CellKind::json;
    default:
      return CellKind::null;
  }
}

// A number of any length: 3 bytes of header (its highest bit: not negative), then big-endian
// digits, all inverted when negative.
void append_bignum(std::string& to, std::string_view bytes) {
  if (bytes.size() < 4) return;
  const bool is_negative = (static_cast<unsigned char>(bytes[0]) & 0x80U) == 0;
  std::string digits(bytes.substr(3));
  if (is_negative) {
    for (char& each : digits) each = static_cast<char>(~each);
  }
  const duckdb_bignum number{reinterpret_cast<std::uint8_t*>(digits.data()), digits.size(),
                             is_negative};
  duckdb_value value = api().duckdb_create_bignum(number);
  to += taken(api().duckdb_get_varchar(value));
  api().duckdb_destroy_value(&value);
}

CellKind append_time_value(std::string& to, const Values& values, std::uint64_t row) {
  switch (values.type.id) {
    case DUCKDB_TYPE_DATE:
      append_date(to, values.at<std::int32_t>(row));
      break;
    case DUCKDB_TYPE_TIME:
      append_time(to, values.at<std::int64_t>(row), 6);
      break;
    case DUCKDB_TYPE_TIME_NS:
      append_time(to, values.at<std::int64_t>(row), 9);
      break;
    case DUCKDB_TYPE_TIME_TZ: {
      // 40 bits of microseconds, 24 of how far west of the easternmost offset it is.
      const auto bits = values.at<std::uint64_t>(row);
      append_time(to, static_cast<std::int64_t>(bits >> 24U), 6);
      append_offset(to, 57'599 - static_cast<std::int32_t>(bits & 0xff'ffffU));
      break;
    }
    case DUCKDB_TYPE_TIMESTAMP_S:
      append_timestamp(to, values.at<std::int64_t>(row), 0);
      break;
    case DUCKDB_TYPE_TIMESTAMP_MS:
      append_timestamp(to, values.at<std::int64_t>(row), 3);
      break;
    case DUCKDB_TYPE_TIMESTAMP:
      append_timestamp(to, values.at<std::int64_t>(row), 6);
      break;
    case DUCKDB_TYPE_TIMESTAMP_NS:
      append_timestamp(to, values.at<std::int64_t>(row), 9);
      break;
    case DUCKDB_TYPE_TIMESTAMP_TZ: {
      const auto micros = values.at<std::int64_t>(row);
      append_timestamp(to, micros, 6);
      if (to.back() != 'y') to.push_back('Z');  // not infinity
      break;
    }
    case DUCKDB_TYPE_INTERVAL: {
      const auto& interval = values.at<duckdb_interval>(row);
      append_interval(to, interval.months, interval.days, interval.micros);
      break;
    }
    default:
      return append_nested(to, values, row);
  }
  return CellKind::text;
}

template <typename Real>
CellKind append_real_value(std::string& to, Real value) {
  append_real(to, value);
  return std::isfinite(value) ? CellKind::real : CellKind::text;
}

CellKind append_text_value(std::string& to, const Values& values, std::uint64_t row) {
  switch (values.type.id) {
    case DUCKDB_TYPE_VARCHAR:
      to += values.bytes(row);
      return values.type.alias == "JSON" ? CellKind::json : CellKind::text;
    case DUCKDB_TYPE_BLOB:
      append_base64(to, values.bytes(row));
      return CellKind::text;
    case DUCKDB_TYPE_BIT:
      append_bits(to, values.bytes(row));
      return CellKind::text;
    case DUCKDB_TYPE_BIGNUM:
      append_bignum(to, values.bytes(row));
      return CellKind::integer;
    case DUCKDB_TYPE_DECIMAL:
      append_decimal(to, stored_integer(values, row), values.type.scale);
      return CellKind::text;
    case DUCKDB_TYPE_ENUM:
      to += values.type.names[stored_index(values, row)];
      return CellKind::text;
    case DUCKDB_TYPE_UUID: {
      const auto& value = values.at<duckdb_hugeint>(row);
      append_uuid(to, value.lower, value.upper);
      return CellKind::text;
    }
    default:
      return append_time_value(to, values, row);
  }
}

CellKind append_value(std::string& to, const Values& values, std::uint64_t row) {
  const auto integer = [&](Int128 value) {
    append_integer(to, value);
    return CellKind::integer;
  };
  switch (values.type.id) {
    case DUCKDB_TYPE_BOOLEAN:
      to += values.at<std::uint8_t>(row) != 0 ? "true" : "false";
      return CellKind::boolean;
    case DUCKDB_TYPE_TINYINT:
      return integer(values.at<std::int8_t>(row));
    case DUCKDB_TYPE_SMALLINT:
      return integer(values.at<std::int16_t>(row));
    case DUCKDB_TYPE_INTEGER:
      return integer(values.at<std::int32_t>(row));
    case DUCKDB_TYPE_BIGINT:
      return integer(values.at<std::int64_t>(row));
    case DUCKDB_TYPE_UTINYINT:
      return integer(values.at<std::uint8_t>(row));
    case DUCKDB_TYPE_USMALLINT:
      return integer(values.at<std::uint16_t>(row));
    case DUCKDB_TYPE_UINTEGER:
      return integer(values.at<std::uint32_t>(row));
    case DUCKDB_TYPE_UBIGINT:
      return integer(values.at<std::uint64_t>(row));
    case DUCKDB_TYPE_HUGEINT: {
      const auto& value = values.at<duckdb_hugeint>(row);
      return integer(int128_of(value.lower, value.upper));
    }
    case DUCKDB_TYPE_UHUGEINT: {
      const auto& value = values.at<duckdb_uhugeint>(row);
      append_unsigned(to, static_cast<UInt128>(value.upper) << 64U | value.lower);
      return CellKind::integer;
    }
    case DUCKDB_TYPE_FLOAT:
      return append_real_value(to, values.at<float>(row));
    case DUCKDB_TYPE_DOUBLE:
      return append_real_value(to, values.at<double>(row));
    default:
      return append_text_value(to, values, row);
  }
}

}  // namespace

Type read_type(duckdb_logical_type type) {
  Type read;
  read.id = api().duckdb_get_type_id(type);
  read.alias = taken(api().duckdb_logical_type_get_alias(type));
  switch (read.id) {
    case DUCKDB_TYPE_DECIMAL:
      read.width = api().duckdb_decimal_width(type);
      read.scale = api().duckdb_decimal_scale(type);
      read.stored = api().duckdb_decimal_internal_type(type);
      break;
    case DUCKDB_TYPE_ENUM:
      read.stored = api().duckdb_enum_internal_type(type);
      for (idx_t i = 0; i < api().duckdb_enum_dictionary_size(type); ++i) {
        read.names.push_back(taken(api().duckdb_enum_dictionary_value(type, i)));
      }
      break;
    case DUCKDB_TYPE_LIST:
      read.children.push_back(taken(api().duckdb_list_type_child_type(type)));
      break;
    case DUCKDB_TYPE_ARRAY:
      read.children.push_back(taken(api().duckdb_array_type_child_type(type)));
      read.size = api().duckdb_array_type_array_size(type);
      break;
    case DUCKDB_TYPE_MAP:
      read.children.push_back(taken(api().duckdb_map_type_key_type(type)));
      read.children.push_back(taken(api().duckdb_map_type_value_type(type)));
      break;
    case DUCKDB_TYPE_STRUCT:
    case DUCKDB_TYPE_UNION:
      read_members(type, read.id == DUCKDB_TYPE_STRUCT, read);
      break;
    default:
      break;
  }
  return read;
}

std::string type_name(const Type& type) {
  if (!type.alias.empty()) return type.alias;
  switch (type.id) {
    case DUCKDB_TYPE_BOOLEAN:
      return "BOOLEAN";
    case DUCKDB_TYPE_TINYINT:
      return "TINYINT";
    case DUCKDB_TYPE_SMALLINT:
      return "SMALLINT";
    case DUCKDB_TYPE_INTEGER:
      return "INTEGER";
    case DUCKDB_TYPE_BIGINT:
      return "BIGINT";
    case DUCKDB_TYPE_UTINYINT:
      return "UTINYINT";
    case DUCKDB_TYPE_USMALLINT:
      return "USMALLINT";
    case DUCKDB_TYPE_UINTEGER:
      return "UINTEGER";
    case DUCKDB_TYPE_UBIGINT:
      return "UBIGINT";
    case DUCKDB_TYPE_HUGEINT:
      return "HUGEINT";
    case DUCKDB_TYPE_UHUGEINT:
      return "UHUGEINT";
    case DUCKDB_TYPE_FLOAT:
      return "FLOAT";
    case DUCKDB_TYPE_DOUBLE:
      return "DOUBLE";
    case DUCKDB_TYPE_TIMESTAMP:
      return "TIMESTAMP";
    case DUCKDB_TYPE_TIMESTAMP_S:
      return "TIMESTAMP_S";
    case DUCKDB_TYPE_TIMESTAMP_MS:
      return "TIMESTAMP_MS";
    case DUCKDB_TYPE_TIMESTAMP_NS:
      return "TIMESTAMP_NS";
    case DUCKDB_TYPE_TIMESTAMP_TZ:
      return "TIMESTAMP WITH TIME ZONE";
    case DUCKDB_TYPE_DATE:
      return "DATE";
    case DUCKDB_TYPE_TIME:
      return "TIME";
    case DUCKDB_TYPE_TIME_NS:
      return "TIME_NS";
    case DUCKDB_TYPE_TIME_TZ:
      return "TIME WITH TIME ZONE";
    case DUCKDB_TYPE_INTERVAL:
      return "INTERVAL";
    case DUCKDB_TYPE_VARCHAR:
      return "VARCHAR";
    case DUCKDB_TYPE_BLOB:
      return "BLOB";
    case DUCKDB_TYPE_BIT:
      return "BIT";
    case DUCKDB_TYPE_BIGNUM:
      return "BIGNUM";
    case DUCKDB_TYPE_UUID:
      return "UUID";
    case DUCKDB_TYPE_SQLNULL:
      return "NULL";
    case DUCKDB_TYPE_DECIMAL:
      return "DECIMAL(" + std::to_string(type.width) + "," + std::to_string(type.scale) + ")";
    case DUCKDB_TYPE_ENUM: {
      std::string list;
      for (const std::string& each : type.names)
        list += (list.empty() ? "" : ", ") + in_quotes(each, '\'');
      return "ENUM(" + list + ")";
    }
    case DUCKDB_TYPE_LIST:
      return type_name(type.children[0]) + "[]";
    case DUCKDB_TYPE_ARRAY:
      return type_name(type.children[0]) + "[" + std::to_string(type.size) + "]";
    case DUCKDB_TYPE_MAP:
      return "MAP(" + type_name(type.children[0]) + ", " + type_name(type.children[1]) + ")";
    case DUCKDB_TYPE_STRUCT:
      return "STRUCT" + member_list(type);
    case DUCKDB_TYPE_UNION:
      return "UNION" + member_list(type);
    default:
      return "UNKNOWN";
  }
}

std::uint64_t add_rows(const std::vector<Type>& types,
                       duckdb_data_chunk chunk,
                       std::uint64_t begin,
                       std::uint64_t end,
                       std::size_t most_bytes,
                       Batch& to) {
  std::vector<Values> columns;
  columns.reserve(types.size());
  for (std::size_t i = 0; i < types.size(); ++i) {
    columns.emplace_back(types[i], api().duckdb_data_chunk_get_vector(chunk, i));
  }
  std::string text;
  std::uint64_t row = begin;
  for (; row < end; ++row) {
    if (to.rows() > 0 && to.bytes() >= most_bytes) break;
    for (const Values& each : columns) {
      text.clear();
      const CellKind kind = each.is_null(row) ? CellKind::null : append_value(text, each, row);
      to.add(kind, text);
    }
  }
  return row;
}

}  // namespace hearth::packs::sql::duckdb
