#include "packs/sql/duckdb/api.hpp"

#include <dlfcn.h>

#include <filesystem>
#include <utility>

#include "base/program_path.hpp"

namespace hearth::packs::sql::duckdb {
namespace {

Api loaded;

// Nothing, or what it lacks.
std::string fill(Api& to, void* library) {
#define HEARTH_DUCKDB_LOOK_UP(name)                                       \
  to.name = reinterpret_cast<decltype(to.name)>(::dlsym(library, #name)); \
  if (to.name == nullptr) return #name;
  HEARTH_DUCKDB_FUNCTIONS(HEARTH_DUCKDB_LOOK_UP)
#undef HEARTH_DUCKDB_LOOK_UP
  return {};
}

Result<std::string> load_from(const std::string& path) {
  void* library = ::dlopen(path.c_str(), RTLD_NOW | RTLD_LOCAL);
  if (library == nullptr) return fail(Errc::unavailable, ::dlerror());
  Api candidate;
  if (const std::string lacking = fill(candidate, library); !lacking.empty()) {
    ::dlclose(library);
    return fail(Errc::unavailable, path + " has no " + lacking);
  }
  const std::string version = candidate.duckdb_library_version();
  if (version != "v" HEARTH_DUCKDB_VERSION) {
    ::dlclose(library);
    return fail(Errc::unavailable, path + " is DuckDB " + version +
                                       ", and this hearthd was built for v" HEARTH_DUCKDB_VERSION);
  }
  candidate.control_allocator = reinterpret_cast<decltype(candidate.control_allocator)>(
      ::dlsym(library, "duckdb_je_mallctl"));
  loaded = candidate;  // never unloaded
  return version;
}

}  // namespace

const Api& api() {
  return loaded;
}

Result<std::string> load_api() {
  const std::filesystem::path here(program_path());
  const std::string own = (here.parent_path().parent_path() / "lib/hearth/libduckdb.so").string();
  auto version = load_from("libduckdb.so");
  if (version) return version;
  auto own_version = load_from(own);
  if (own_version) return own_version;
  return fail(
      Errc::unavailable,
      "no DuckDB library: " + own_version.error().message + "; " + version.error().message,
      {"install hearth again where npm can be reached: `make install` brings the library along",
       "install DuckDB " HEARTH_DUCKDB_VERSION " as libduckdb.so on the library path"});
}

}  // namespace hearth::packs::sql::duckdb
