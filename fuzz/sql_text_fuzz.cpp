// What hearth makes of a statement's text: it finds its end whatever it is given, parts nothing
// that is not there, and no value that is written into a statement gets out of its literal.
#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <string>
#include <string_view>

#include "packs/sql/engine/pg/cells.hpp"
#include "packs/sql/engine/pg/sql_text.hpp"

namespace {

using namespace hearth::packs::sql;

void require(bool holds) {
  if (!holds) std::abort();
}

// The pieces lie in the text one behind the other.
void check_parts(const std::string& sql, Dialect dialect) {
  std::size_t at = 0;
  for (const Statement& part : pg::parted({{sql}}, dialect)) {
    at = sql.find(part.sql, at);
    require(at != std::string::npos);
    at += part.sql.size();
  }
}

// A statement keeps its shape with any value in it.
void check_value(const std::string& value) {
  const Statement statement{"SELECT $1; SELECT '$1', -$1", {{"", {CellKind::text, value}}}};
  const auto bound = pg::bind(statement, Dialect::hyper);
  require(bound.has_value() == (value.find('\0') == std::string::npos));
  if (!bound) return;
  require(pg::parted({{bound->sql}}, Dialect::hyper).size() == 2);
  require(pg::main_verb(bound->sql, Dialect::hyper) == "SELECT");
}

void check_cells(std::string_view text) {
  static const pg::TypeBook types = [] {
    pg::TypeBook book;
    book.add(
        70000,
        {.name = "pair", .shape = pg::Shape::composite, .fields = {{"list", 1009}, {"other", 25}}});
    return book;
  }();
  Batch batch(1);
  for (const Oid oid : {16U, 17U, 701U, 1009U, 1007U, 1184U, 1266U, 70000U})
    pg::add_cell(batch, types, oid, text);
  require(batch.rows() == 8);
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const std::string text(reinterpret_cast<const char*>(data), size);
  for (const Dialect dialect : {Dialect::postgres, Dialect::duckdb, Dialect::hyper}) {
    check_parts(text, dialect);
    require(leading_words(text, dialect, 3).size() <= 3);
    (void)pg::bind({text, {{"", {CellKind::integer, "1"}}, {"n", {CellKind::null, ""}}}}, dialect);
  }
  check_value(text);
  check_cells(text);
  return 0;
}
