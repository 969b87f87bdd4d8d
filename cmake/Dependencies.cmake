# Every dependency, once, as an imported target. Why each was chosen: docs/dependencies.md.
find_package(Threads REQUIRED)
find_package(Boost 1.81 REQUIRED COMPONENTS json) # Describe, JSON
find_package(PkgConfig REQUIRED)
pkg_check_modules(SQLITE3 REQUIRED sqlite3>=3.40)

# SQLite: the archive too, since store/ also holds what the static client uses (atomic files). The linker takes
# nothing of SQLite for a program that opens no database.
find_library(HEARTH_SQLITE_ARCHIVE NAMES libsqlite3.a REQUIRED)
add_library(hearth_sqlite INTERFACE)
target_include_directories(hearth_sqlite INTERFACE ${SQLITE3_INCLUDE_DIRS})
target_link_libraries(hearth_sqlite INTERFACE ${HEARTH_SQLITE_ARCHIVE} Threads::Threads m)

# JSON: the static archive, because the client is one static binary.
find_library(HEARTH_BOOST_JSON_ARCHIVE NAMES libboost_json.a REQUIRED)
add_library(hearth_boost_json INTERFACE)
target_link_libraries(hearth_boost_json INTERFACE Boost::headers ${HEARTH_BOOST_JSON_ARCHIVE})
target_compile_definitions(hearth_boost_json INTERFACE BOOST_JSON_NO_LIB)

# The queries of HTTP requests.
find_library(HEARTH_BOOST_URL_ARCHIVE NAMES libboost_url.a REQUIRED)
add_library(hearth_boost_url INTERFACE)
target_link_libraries(hearth_boost_url INTERFACE Boost::headers ${HEARTH_BOOST_URL_ARCHIVE})
target_compile_definitions(hearth_boost_url INTERFACE BOOST_URL_NO_LIB)

# libsodium: message authentication and base64.
find_library(HEARTH_SODIUM_ARCHIVE NAMES libsodium.a REQUIRED)
add_library(hearth_sodium INTERFACE)
target_link_libraries(hearth_sodium INTERFACE ${HEARTH_SODIUM_ARCHIVE})

# hearth_archive(NAME HEADER ARCHIVE): a library of the system as hearth_NAME, linked from its archive.
function(hearth_archive name header archive)
  string(TOUPPER ${name} upper)
  find_path(HEARTH_${upper}_INCLUDE ${header} REQUIRED)
  find_library(HEARTH_${upper}_ARCHIVE NAMES ${archive} REQUIRED)
  add_library(hearth_${name} INTERFACE)
  target_include_directories(hearth_${name} SYSTEM INTERFACE $<BUILD_INTERFACE:${HEARTH_${upper}_INCLUDE}>)
  target_link_libraries(hearth_${name} INTERFACE ${HEARTH_${upper}_ARCHIVE})
endfunction()

# libseccomp, for the system call filter of sandboxed commands.
hearth_archive(seccomp seccomp.h libseccomp.a)

# Gumbo, for the text of HTML pages.
hearth_archive(gumbo gumbo.h libgumbo.a)

# Howard Hinnant's date library, for time zones: the shared library that Debian has, built for the system's zone files
# (USE_OS_TZDB), so that nothing is ever downloaded.
find_path(HEARTH_DATE_INCLUDE date/tz.h REQUIRED)
find_library(HEARTH_DATE_LIBRARY NAMES date-tz REQUIRED)
add_library(hearth_date INTERFACE)
target_include_directories(hearth_date SYSTEM INTERFACE $<BUILD_INTERFACE:${HEARTH_DATE_INCLUDE}>)
target_compile_definitions(hearth_date INTERFACE USE_OS_TZDB=1 ONLY_C_LOCALE=1 HAS_STRING_VIEW=1)
target_link_libraries(hearth_date INTERFACE ${HEARTH_DATE_LIBRARY})

# zlib and Zstandard, for what is to be loaded from compressed files.
hearth_archive(zlib zlib.h libz.a)
hearth_archive(zstd zstd.h libzstd.a)

# Snowball's stemmers, for text search.
find_library(HEARTH_STEMMER_ARCHIVE NAMES libstemmer.a REQUIRED)
add_library(hearth_stemmer INTERFACE)
target_link_libraries(hearth_stemmer INTERFACE ${HEARTH_STEMMER_ARCHIVE})
# libcurl: only its headers; src/http/curl.cpp loads the library at its first use.
find_path(HEARTH_CURL_INCLUDE curl/curl.h REQUIRED)
add_library(hearth_curl_headers INTERFACE)
target_include_directories(hearth_curl_headers SYSTEM INTERFACE $<BUILD_INTERFACE:${HEARTH_CURL_INCLUDE}>)
target_link_libraries(hearth_curl_headers INTERFACE ${CMAKE_DL_LIBS})

# libgit2: only its headers; src/packs/issues/engine/git/libgit2.cpp loads the library at its first use.
find_path(HEARTH_GIT2_INCLUDE git2.h REQUIRED)
add_library(hearth_git2_headers INTERFACE)
target_include_directories(hearth_git2_headers SYSTEM INTERFACE $<BUILD_INTERFACE:${HEARTH_GIT2_INCLUDE}>)
target_link_libraries(hearth_git2_headers INTERFACE ${CMAKE_DL_LIBS})
# DuckDB: only its header; src/packs/sql/duckdb/api.cpp loads the library in the engine's process. From the system, or
# from build/duckdb (scripts/setup), whose library goes where hearthd looks for it: ../lib/hearth/ from its directory.
# Without either hearthd is built all the same, and its DuckDB tools say what is missing.
find_path(HEARTH_DUCKDB_INCLUDE duckdb.h HINTS "${PROJECT_SOURCE_DIR}/build/duckdb/include")
find_library(HEARTH_DUCKDB_LIBRARY duckdb HINTS "${PROJECT_SOURCE_DIR}/build/duckdb/lib")
if(HEARTH_DUCKDB_INCLUDE AND HEARTH_DUCKDB_LIBRARY)
  # The library knows its version, the header does not.
  file(STRINGS "${PROJECT_SOURCE_DIR}/packaging/duckdb/package.json" HEARTH_DUCKDB_VERSION REGEX "\"duckdb\":")
  string(REGEX REPLACE ".*\"duckdb\": \"([0-9.]+)\".*" "\\1" HEARTH_DUCKDB_VERSION "${HEARTH_DUCKDB_VERSION}")
  add_library(hearth_duckdb_headers INTERFACE)
  target_include_directories(hearth_duckdb_headers SYSTEM INTERFACE $<BUILD_INTERFACE:${HEARTH_DUCKDB_INCLUDE}>)
  target_compile_definitions(hearth_duckdb_headers INTERFACE HEARTH_DUCKDB_VERSION="${HEARTH_DUCKDB_VERSION}")
  target_link_libraries(hearth_duckdb_headers INTERFACE ${CMAKE_DL_LIBS})
  file(MAKE_DIRECTORY "${PROJECT_BINARY_DIR}/lib/hearth")
  file(CREATE_LINK "${HEARTH_DUCKDB_LIBRARY}" "${PROJECT_BINARY_DIR}/lib/hearth/libduckdb.so" SYMBOLIC)
else()
  message(STATUS "DuckDB is missing: its tools will say so (scripts/setup gets it from npm)")
endif()
# Cairo: only its headers; src/packs/sql/chart/cairo.cpp loads the library at its first use.
find_path(HEARTH_CAIRO_INCLUDE cairo.h PATH_SUFFIXES cairo REQUIRED)
add_library(hearth_cairo_headers INTERFACE)
target_include_directories(hearth_cairo_headers SYSTEM INTERFACE $<BUILD_INTERFACE:${HEARTH_CAIRO_INCLUDE}>)
target_link_libraries(hearth_cairo_headers INTERFACE ${CMAKE_DL_LIBS})

# TOML and command lines: header-only.
find_path(HEARTH_TOML_INCLUDE toml++/toml.h REQUIRED)
find_path(HEARTH_CLI11_INCLUDE CLI/CLI.hpp REQUIRED)

# C, for tree-sitter's grammars (cmake/grammars): the compiler of the same family.
if(CMAKE_CXX_COMPILER_ID MATCHES "Clang")
  find_program(CMAKE_C_COMPILER NAMES clang-19 clang)
endif()
if(HEARTH_CCACHE AND NOT CMAKE_C_COMPILER_LAUNCHER)
  set(CMAKE_C_COMPILER_LAUNCHER "${HEARTH_CCACHE}")
endif()
enable_language(C)
# libpq: only its headers; src/packs/sql/engine/pg/libpq.cpp loads the library at its first use.
find_path(HEARTH_LIBPQ_INCLUDE libpq-fe.h PATH_SUFFIXES postgresql REQUIRED)
add_library(hearth_libpq_headers INTERFACE)
target_include_directories(hearth_libpq_headers SYSTEM INTERFACE $<BUILD_INTERFACE:${HEARTH_LIBPQ_INCLUDE}>)
target_link_libraries(hearth_libpq_headers INTERFACE ${CMAKE_DL_LIBS})
