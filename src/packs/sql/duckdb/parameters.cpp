#include "packs/sql/duckdb/parameters.hpp"

#include <charconv>
#include <string>

#include "packs/sql/duckdb/api.hpp"

namespace hearth::packs::sql::duckdb {
namespace {

template <typename Number>
bool read_number(const std::string& text, Number& to) {
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), to);
  return error == std::errc{} && end == text.data() + text.size();
}

duckdb_state bind_cell(duckdb_prepared_statement statement, idx_t index, const Cell& cell) {
  switch (cell.kind) {
    case CellKind::null:
      return api().duckdb_bind_null(statement, index);
    case CellKind::boolean:
      return api().duckdb_bind_boolean(statement, index, cell.text == "true");
    case CellKind::integer:
      if (std::int64_t value = 0; read_number(cell.text, value)) {
        return api().duckdb_bind_int64(statement, index, value);
      }
      break;
    case CellKind::real:
      if (double value = 0; read_number(cell.text, value)) {
        return api().duckdb_bind_double(statement, index, value);
      }
      break;
    case CellKind::text:
    case CellKind::json:
      break;
  }
  return api().duckdb_bind_varchar_length(statement, index, cell.text.data(), cell.text.size());
}

}  // namespace

Result<void> bind_parameters(duckdb_prepared_statement statement,
                             const std::vector<Parameter>& parameters) {
  const idx_t wanted = api().duckdb_nparams(statement);
  if (parameters.size() != wanted) {
    return fail(Errc::invalid_args,
                "the statement has " + std::to_string(wanted) + " parameters, got " +
                    std::to_string(parameters.size()),
                {"write them as $1, $2 … or $name, and give params for all"});
  }
  for (std::size_t i = 0; i < parameters.size(); ++i) {
    const Parameter& each = parameters[i];
    idx_t index = i + 1;
    if (!each.name.empty() &&
        api().duckdb_bind_parameter_index(statement, &index, each.name.c_str()) != DuckDBSuccess) {
      return fail(Errc::invalid_args, "the statement has no parameter $" + each.name);
    }
    if (bind_cell(statement, index, each.value) != DuckDBSuccess) {
      return fail(Errc::invalid_args, "cannot bind parameter " + std::to_string(index));
    }
  }
  return {};
}

}  // namespace hearth::packs::sql::duckdb
