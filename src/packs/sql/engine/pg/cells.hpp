// From the text that a server sends to the cells of engine/values.hpp, exactly.
#pragma once

#include <libpq-fe.h>

#include <cstdint>
#include <map>
#include <string>
#include <string_view>
#include <vector>

#include "packs/sql/engine/values.hpp"

namespace hearth::packs::sql::pg {

enum class Shape : std::uint8_t {
  text,  // as it comes
  boolean,
  integer,
  real,
  bytes,
  date,
  timestamp,
  zoned,  // a timestamp or a time with a time zone
  json,
  array,
  composite,
};

struct Type {
  struct Field {
    std::string name;
    Oid type = 0;
  };
  std::string name;  // without a modifier
  Shape shape = Shape::text;
  Oid element = 0;            // of an array
  char delimiter = ',';       // between elements
  std::vector<Field> fields;  // of a composite
};

// The types that a connection knows: those built in, and what it has asked the server about.
class TypeBook final {
 public:
  TypeBook();
  [[nodiscard]] const Type* find(Oid oid) const;
  void add(Oid oid, Type type) { types_.insert_or_assign(oid, std::move(type)); }
  // "numeric(38,9)": as the server spells a type with its modifier.
  [[nodiscard]] std::string name(Oid oid, int modifier) const;

 private:
  std::map<Oid, Type> types_;
};

// An unknown type is text. Arrays are read in PostgreSQL's spelling ({1,NULL}) and in hyperd's
// ([1,NULL]); both, and composites, become JSON, in which numbers that a double cannot hold exactly
// (numeric) are strings.
void add_cell(Batch& batch, const TypeBook& types, Oid type, std::string_view text);

}  // namespace hearth::packs::sql::pg
