// DuckDB's C API, loaded at run time: only the engine's process pays for the library, and a hearthd
// without it still runs.
//
// The functions are called as `api().duckdb_query(…)`. Set up once, before the first thread.
#pragma once

#include <duckdb.h>

#include <cstddef>
#include <string>

#include "base/result.hpp"

namespace hearth::packs::sql::duckdb {

// Every function we use, once. (clang-format does not come to rest on this list.)
// clang-format off
#define HEARTH_DUCKDB_FUNCTIONS(X)                                                              \
  X(duckdb_add_replacement_scan) X(duckdb_array_type_array_size)                                \
  X(duckdb_array_type_child_type) X(duckdb_array_vector_get_child)                              \
  X(duckdb_bind_add_result_column) X(duckdb_bind_boolean) X(duckdb_bind_double)                 \
  X(duckdb_bind_get_parameter) X(duckdb_bind_int64) X(duckdb_bind_null)                         \
  X(duckdb_bind_parameter_index) X(duckdb_bind_set_bind_data) X(duckdb_bind_set_error)          \
  X(duckdb_bind_varchar_length) X(duckdb_close) X(duckdb_column_count)                          \
  X(duckdb_column_logical_type) X(duckdb_column_name) X(duckdb_connect) X(duckdb_create_bignum) \
  X(duckdb_create_config) X(duckdb_create_logical_type) X(duckdb_create_table_function)         \
  X(duckdb_create_varchar) X(duckdb_data_chunk_get_size) X(duckdb_data_chunk_get_vector)        \
  X(duckdb_data_chunk_set_size) X(duckdb_decimal_internal_type) X(duckdb_decimal_scale)         \
  X(duckdb_decimal_width) X(duckdb_destroy_config) X(duckdb_destroy_data_chunk)                 \
  X(duckdb_destroy_extracted) X(duckdb_destroy_logical_type) X(duckdb_destroy_pending)          \
  X(duckdb_destroy_prepare) X(duckdb_destroy_result) X(duckdb_destroy_table_function)           \
  X(duckdb_destroy_value) X(duckdb_disconnect) X(duckdb_enum_dictionary_size)                   \
  X(duckdb_enum_dictionary_value) X(duckdb_enum_internal_type) X(duckdb_execute_pending)        \
  X(duckdb_execute_prepared) X(duckdb_extract_statements) X(duckdb_extract_statements_error)    \
  X(duckdb_fetch_chunk) X(duckdb_free) X(duckdb_function_get_init_data)                         \
  X(duckdb_function_set_error)                 \
  X(duckdb_get_type_id) X(duckdb_get_varchar)                         \
  X(duckdb_init_get_bind_data) X(duckdb_init_get_column_count) X(duckdb_init_get_column_index)  \
  X(duckdb_init_set_init_data) X(duckdb_interrupt) X(duckdb_is_null_value) X(duckdb_library_version)                    \
  X(duckdb_list_type_child_type) X(duckdb_list_vector_get_child)                                \
  X(duckdb_logical_type_get_alias) X(duckdb_map_type_key_type) X(duckdb_map_type_value_type)    \
  X(duckdb_nparams) X(duckdb_open_ext) X(duckdb_pending_error)                                  \
  X(duckdb_pending_prepared_streaming) X(duckdb_prepare) X(duckdb_prepare_error)                \
  X(duckdb_prepare_extracted_statement) X(duckdb_prepared_statement_column_count)               \
  X(duckdb_prepared_statement_column_logical_type) X(duckdb_prepared_statement_column_name)     \
  X(duckdb_prepared_statement_type) X(duckdb_query) X(duckdb_query_progress)                    \
  X(duckdb_register_table_function) X(duckdb_replacement_scan_add_parameter)                    \
  X(duckdb_replacement_scan_set_error) X(duckdb_replacement_scan_set_function_name)             \
  X(duckdb_result_error) X(duckdb_result_return_type) X(duckdb_set_config) X(duckdb_struct_type_child_count)                 \
  X(duckdb_struct_type_child_name) X(duckdb_struct_type_child_type)                             \
  X(duckdb_struct_vector_get_child) X(duckdb_table_function_add_parameter)                      \
  X(duckdb_table_function_set_bind) X(duckdb_table_function_set_function)                       \
  X(duckdb_table_function_set_init) X(duckdb_table_function_set_name)                           \
  X(duckdb_table_function_supports_projection_pushdown) X(duckdb_union_type_member_count)       \
  X(duckdb_union_type_member_name) X(duckdb_union_type_member_type) X(duckdb_vector_get_data)   \
  X(duckdb_vector_get_validity) X(duckdb_vector_reference_vector)
// clang-format on

struct Api {
#define HEARTH_DUCKDB_MEMBER(name) decltype(&::name) name = nullptr;
  HEARTH_DUCKDB_FUNCTIONS(HEARTH_DUCKDB_MEMBER)
#undef HEARTH_DUCKDB_MEMBER
  // mallctl of the jemalloc within the library; null where that does not show it.
  int (*control_allocator)(const char* name,
                           void* old_value,
                           std::size_t* old_size,
                           void* new_value,
                           std::size_t new_size) = nullptr;
};

// Loads the library: the system's if it is of the version whose header this was built with, else
// the one that was installed with this program (`../lib/hearth/` from its own directory). Returns
// the version. `unavailable` says where was looked.
[[nodiscard]] Result<std::string> load_api();
[[nodiscard]] const Api& api();

}  // namespace hearth::packs::sql::duckdb
