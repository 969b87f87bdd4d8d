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

# libseccomp, for the system call filter of sandboxed commands.
find_path(HEARTH_SECCOMP_INCLUDE seccomp.h REQUIRED)
find_library(HEARTH_SECCOMP_ARCHIVE NAMES libseccomp.a REQUIRED)
add_library(hearth_seccomp INTERFACE)
target_include_directories(hearth_seccomp SYSTEM INTERFACE $<BUILD_INTERFACE:${HEARTH_SECCOMP_INCLUDE}>)
target_link_libraries(hearth_seccomp INTERFACE ${HEARTH_SECCOMP_ARCHIVE})

# Gumbo, for the text of HTML pages.
find_path(HEARTH_GUMBO_INCLUDE gumbo.h REQUIRED)
find_library(HEARTH_GUMBO_ARCHIVE NAMES libgumbo.a REQUIRED)
add_library(hearth_gumbo INTERFACE)
target_include_directories(hearth_gumbo SYSTEM INTERFACE $<BUILD_INTERFACE:${HEARTH_GUMBO_INCLUDE}>)
target_link_libraries(hearth_gumbo INTERFACE ${HEARTH_GUMBO_ARCHIVE})

# Snowball's stemmers, for text search.
find_library(HEARTH_STEMMER_ARCHIVE NAMES libstemmer.a REQUIRED)
add_library(hearth_stemmer INTERFACE)
target_link_libraries(hearth_stemmer INTERFACE ${HEARTH_STEMMER_ARCHIVE})
# libcurl: only its headers; src/http/curl.cpp loads the library at its first use.
find_path(HEARTH_CURL_INCLUDE curl/curl.h REQUIRED)
add_library(hearth_curl_headers INTERFACE)
target_include_directories(hearth_curl_headers SYSTEM INTERFACE $<BUILD_INTERFACE:${HEARTH_CURL_INCLUDE}>)
target_link_libraries(hearth_curl_headers INTERFACE ${CMAKE_DL_LIBS})

# TOML and command lines: header-only.
find_path(HEARTH_TOML_INCLUDE toml++/toml.h REQUIRED)
find_path(HEARTH_CLI11_INCLUDE CLI/CLI.hpp REQUIRED)
