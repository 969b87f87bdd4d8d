#include "packs/sql/duckdb/foreign_scan.hpp"

#include <algorithm>
#include <array>
#include <cctype>

#include "packs/sql/duckdb/foreign_stream.hpp"
#include "packs/sql/engine/sql_scanner.hpp"

namespace hearth::packs::sql::duckdb {
namespace {

thread_local SessionView* this_threads_view = nullptr;

// Not of NULL, for which DuckDB would end the process.
std::string text_of(duckdb_value value) {
  char* text = api().duckdb_get_varchar(value);
  std::string copy = text == nullptr ? "" : text;
  api().duckdb_free(text);
  return copy;
}

// A name of several parts, in lower case: {"persistent", "orders"}.
struct DottedName {
  std::vector<std::string> parts;
  std::string before;  // the word before it, in lower case: "from"; empty: another token
};

std::vector<DottedName> dotted_names(std::string_view sql) {
  std::vector<DottedName> names;
  SqlScanner scanner(sql, Dialect::duckdb);
  DottedName name;
  std::string before;
  bool is_behind_dot = false;
  for (;;) {
    const Token token = scanner.next();
    const bool is_name = token.kind == TokenKind::word || token.kind == TokenKind::quoted_name;
    const bool is_dot = token.kind == TokenKind::other && scanner.text(token) == ".";
    if (is_name && is_behind_dot) {
      name.parts.push_back(scanner.name(token));
    } else if (!is_dot || name.parts.empty()) {
      if (name.parts.size() > 1) names.push_back(name);
      name = {};
      if (is_name) name = {.parts = {scanner.name(token)}, .before = std::move(before)};
      before = token.kind == TokenKind::word ? scanner.name(token) : "";
    }
    is_behind_dot = is_dot;
    if (token.kind == TokenKind::end) return names;
  }
}

// ---- The table function ------------------------------------------------------------------------

struct Bound {
  std::shared_ptr<Instance> instance;
  std::string sql;
  std::size_t columns = 0;
  SessionView* view;  // of the connection that prepared the statement, which outlives it
};

struct Scan {
  Scan(const Bound& bound, const std::string& sql)
      : view(bound.view), stream(bound.view->instances->spawner(), bound.instance, sql) {
    view->streams.lock()->insert(&stream);
  }
  Scan(const Scan&) = delete;
  Scan& operator=(const Scan&) = delete;
  ~Scan() { view->streams.lock()->erase(&stream); }

  SessionView* view;
  ForeignStream stream;
  std::vector<std::size_t> places;  // of the stream's columns in the output
};

template <typename T>
void destroy(void* object) {
  delete static_cast<T*>(object);
}

void bind(duckdb_bind_info info) {
  SessionView* view = this_threads_view;
  const OwnedValue alias_value(api().duckdb_bind_get_parameter(info, 0));
  const OwnedValue sql_value(api().duckdb_bind_get_parameter(info, 1));
  if (api().duckdb_is_null_value(alias_value.get()) ||
      api().duckdb_is_null_value(sql_value.get())) {
    return api().duckdb_bind_set_error(info, "hearth_query: its arguments must not be NULL");
  }
  const std::string alias = text_of(alias_value.get());
  const Neighbour* target = view == nullptr ? nullptr : view->neighbour(alias);
  if (target == nullptr) {
    return api().duckdb_bind_set_error(
        info, ("hearth_query: database " + alias + " does not exist here").c_str());
  }
  auto instance = view->instances->get(target->instance);
  if (!instance) return api().duckdb_bind_set_error(info, as_text(instance.error()).c_str());
  auto bound = std::make_unique<Bound>(
      Bound{.instance = *instance, .sql = text_of(sql_value.get()), .view = view});
  auto columns = columns_of(view->instances->spawner(), bound->instance, bound->sql);
  if (!columns) {
    Error error = std::move(columns.error());
    // A file is read by another database than the caller named.
    if (target->instance.path != view->files) error.message.insert(0, alias + ": ");
    return api().duckdb_bind_set_error(info, as_text(error).c_str());
  }
  bound->columns = columns->names.size();
  for (std::size_t i = 0; i < columns->names.size(); ++i) {
    api().duckdb_bind_add_result_column(info, columns->names[i].c_str(), columns->types[i].get());
  }
  api().duckdb_bind_set_bind_data(info, bound.release(), destroy<Bound>);
}

// Columns by place, since their names may repeat.
std::string projected(const Bound& bound, const std::vector<std::size_t>& columns) {
  std::string list;
  for (const std::size_t each : columns) {
    list += (list.empty() ? "c" : ", c") + std::to_string(each);
  }
  std::string all;
  for (std::size_t i = 0; i < bound.columns; ++i) {
    all += (i == 0 ? "c" : ", c") + std::to_string(i);
  }
  return "SELECT " + (list.empty() ? "true" : list) + " FROM (" + bound.sql + "\n) AS q(" + all +
         ")";
}

void init(duckdb_init_info info) {
  const auto& bound = *static_cast<const Bound*>(api().duckdb_init_get_bind_data(info));
  std::vector<std::size_t> columns;
  std::vector<std::size_t> places;
  const idx_t count = api().duckdb_init_get_column_count(info);
  for (idx_t i = 0; i < count; ++i) {
    // Beyond the last: a row's number, which count(*) asks for and does not look at.
    const idx_t column = api().duckdb_init_get_column_index(info, i);
    if (column >= bound.columns) continue;
    columns.push_back(column);
    places.push_back(i);
  }
  auto scan = std::make_unique<Scan>(bound, projected(bound, columns));
  scan->places = std::move(places);
  api().duckdb_init_set_init_data(info, scan.release(), destroy<Scan>);
}

void take_chunk(duckdb_function_info info, duckdb_data_chunk output) {
  auto& scan = *static_cast<Scan*>(api().duckdb_function_get_init_data(info));
  auto chunk = scan.stream.next();
  if (!chunk) return api().duckdb_function_set_error(info, as_text(chunk.error()).c_str());
  if (!*chunk) return api().duckdb_data_chunk_set_size(output, 0);
  for (std::size_t i = 0; i < scan.places.size(); ++i) {
    api().duckdb_vector_reference_vector(api().duckdb_data_chunk_get_vector(output, scan.places[i]),
                                         api().duckdb_data_chunk_get_vector(chunk->get(), i));
  }
  api().duckdb_data_chunk_set_size(output, api().duckdb_data_chunk_get_size(chunk->get()));
}

// ---- The replacement scan ----------------------------------------------------------------------

// Whose table it names; null: one of the session's own database, or none.
const Neighbour* other_database(const SessionView& view, const DottedName& name) {
  const Neighbour* const owner = view.neighbour(name.parts.front());
  return owner == nullptr || owner->instance.path == view.home ? nullptr : owner;
}

void replace_name(duckdb_replacement_scan_info info, const char* name, void*) {
  const SessionView* view = this_threads_view;
  if (view == nullptr) return;
  const auto found = view->names.find(lower_case(name));
  if (found == view->names.end()) return;
  const SessionView::Target& target = found->second;
  if (target.is_ambiguous) {
    const std::string why = "two databases have a table " + std::string(name) +
                            " in this statement; write one as hearth_query('" + target.alias +
                            "', 'SELECT …')";
    return api().duckdb_replacement_scan_set_error(info, why.c_str());
  }
  const OwnedValue alias(api().duckdb_create_varchar(target.alias.c_str()));
  const OwnedValue sql(api().duckdb_create_varchar(("SELECT * FROM " + target.table).c_str()));
  api().duckdb_replacement_scan_set_function_name(info, "hearth_query");
  api().duckdb_replacement_scan_add_parameter(info, alias.get());
  api().duckdb_replacement_scan_add_parameter(info, sql.get());
}

}  // namespace

const Neighbour* SessionView::neighbour(std::string_view alias) const {
  const auto found = std::ranges::find_if(neighbours, [&](const Neighbour& each) {
    return lower_case(each.alias) == lower_case(alias);
  });
  return found == neighbours.end() ? nullptr : &*found;
}

void SessionView::interrupt() {
  auto open = streams.lock();
  for (ForeignStream* each : *open) each->interrupt();
}

ScopedView::ScopedView(SessionView& view) {
  this_threads_view = &view;
}

ScopedView::~ScopedView() {
  this_threads_view = nullptr;
}

void find_foreign_names(SessionView& view, std::string_view sql) {
  view.names.clear();
  for (const DottedName& name : dotted_names(sql)) {
    const Neighbour* owner = other_database(view, name);
    if (owner == nullptr) continue;
    std::string table;
    for (std::size_t part = 1; part < name.parts.size(); ++part) {
      table += (part == 1 ? "" : ".") + sql_name(name.parts[part]);
    }
    auto [entry, is_new] =
        view.names.try_emplace(name.parts.back(), SessionView::Target{owner->alias, table, false});
    const bool is_same = entry->second.alias == owner->alias && entry->second.table == table;
    if (!is_new && !is_same) entry->second.is_ambiguous = true;
  }
}

const Neighbour* changed_neighbour(const SessionView& view, std::string_view sql) {
  const bool deletes = leading_words(sql, Dialect::duckdb, 1) == std::vector<std::string>{"DELETE"};
  for (const DottedName& name : dotted_names(sql)) {
    constexpr std::array words{"into", "update", "table", "view", "exists"};
    const bool is_changed =
        std::ranges::find(words, name.before) != words.end() || (deletes && name.before == "from");
    const Neighbour* owner = is_changed ? other_database(view, name) : nullptr;
    if (owner != nullptr) return owner;
  }
  return nullptr;
}

const Neighbour* defined_upon(const SessionView& view, std::string_view sql) {
  constexpr std::array passed{"CREATE", "OR", "REPLACE", "TEMP", "TEMPORARY", "RECURSIVE"};
  const auto words = leading_words(sql, Dialect::duckdb, passed.size());
  const auto what = std::ranges::find_if(words, [&](const std::string& word) {
    return std::ranges::find(passed, word) == passed.end();
  });
  const bool is_definition = !words.empty() && words.front() == "CREATE" && what != words.end() &&
                             (*what == "VIEW" || *what == "MACRO" || *what == "FUNCTION");
  if (!is_definition) return nullptr;
  for (const DottedName& name : dotted_names(sql)) {
    const bool is_read = name.before == "from" || name.before == "join";
    const Neighbour* owner = is_read ? other_database(view, name) : nullptr;
    if (owner != nullptr) return owner;
  }
  return nullptr;
}

std::vector<std::string_view> statements_in(std::string_view sql) {
  std::vector<std::string_view> statements;
  SqlScanner scanner(sql, Dialect::duckdb);
  std::size_t begin = 0;
  bool is_empty = true;
  for (;;) {
    const Token token = scanner.next();
    const bool is_end = token.kind == TokenKind::end;
    if (is_end || (token.kind == TokenKind::other && scanner.text(token) == ";")) {
      if (!is_empty)
        statements.push_back(sql.substr(begin, (is_end ? sql.size() : token.begin) - begin));
      if (is_end) return statements;
      begin = token.end;
      is_empty = true;
    } else {
      is_empty = false;
    }
  }
}

Result<void> register_foreign_scan(duckdb_database database, duckdb_connection link) {
  duckdb_table_function function = api().duckdb_create_table_function();
  LogicalType text(api().duckdb_create_logical_type(DUCKDB_TYPE_VARCHAR));
  api().duckdb_table_function_set_name(function, "hearth_query");
  api().duckdb_table_function_add_parameter(function, text.get());
  api().duckdb_table_function_add_parameter(function, text.get());
  api().duckdb_table_function_set_bind(function, bind);
  api().duckdb_table_function_set_init(function, init);
  api().duckdb_table_function_set_function(function, take_chunk);
  api().duckdb_table_function_supports_projection_pushdown(function, true);
  const auto state = api().duckdb_register_table_function(link, function);
  api().duckdb_destroy_table_function(&function);
  if (state != DuckDBSuccess) return fail(Errc::internal, "DuckDB refuses the table function");
  api().duckdb_add_replacement_scan(database, replace_name, nullptr, nullptr);
  return {};
}

// DuckDB turns FROM 'x.csv' into one of these functions by the file's name. A macro of the same
// name is found before the function, and has the file read by the database that may.
Result<void> forward_files(const SessionView& view, duckdb_connection link) {
  if (view.files.empty() || view.files == view.home) return {};
  const auto reader = std::ranges::find_if(
      view.neighbours, [&](const Neighbour& each) { return each.instance.path == view.files; });
  if (reader == view.neighbours.end()) return {};
  static constexpr std::array functions{"read_csv_auto", "read_csv",     "read_json_auto",
                                        "read_json",     "read_parquet", "parquet_scan",
                                        "read_text",     "read_blob",    "read_ndjson_auto",
                                        "read_ndjson",   "sniff_csv",    "glob"};
  for (const std::string function : functions) {
    const std::string macro = "CREATE OR REPLACE TEMP MACRO " + sql_name(function) +
                              "(path) AS TABLE SELECT * FROM hearth_query(" +
                              sql_literal(reader->alias) + ", 'SELECT * FROM " +
                              sql_name(function) + "(''' || replace(path, '''', '''''') || ''')')";
    if (auto done = run(link, macro); !done) return std::unexpected(std::move(done.error()));
  }
  return {};
}

}  // namespace hearth::packs::sql::duckdb
