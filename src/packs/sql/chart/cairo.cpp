#include "packs/sql/chart/cairo.hpp"

#include <dlfcn.h>

#include <string>

namespace hearth::packs::sql::chart {
namespace {

constexpr const char* library = "libcairo.so.2";

std::unexpected<Error> missing(const char* reason) {
  return fail(Errc::unavailable,
              std::string("charts need ") + library + ": " + (reason == nullptr ? "?" : reason),
              {"install Cairo 1.16 or newer (Debian: libcairo2, and fonts-dejavu-core)"});
}

Result<Cairo> load() {
  // Fontconfig, behind it, keeps what it has read until the process ends: never unloaded.
  void* const from = ::dlopen(library, RTLD_NOW | RTLD_LOCAL | RTLD_NODELETE);
  if (from == nullptr) return missing(::dlerror());
  Cairo cairo;
#define HEARTH_CAIRO_FIND(name)                                                       \
  cairo.name = reinterpret_cast<decltype(cairo.name)>(::dlsym(from, "cairo_" #name)); \
  if (cairo.name == nullptr) return missing(::dlerror());
  HEARTH_CAIRO_FUNCTIONS(HEARTH_CAIRO_FIND)
#undef HEARTH_CAIRO_FIND
  return cairo;
}

}  // namespace

Result<const Cairo*> load_cairo() {
  static const Result<Cairo> loaded = load();
  if (!loaded) return std::unexpected(loaded.error());
  return &*loaded;
}

}  // namespace hearth::packs::sql::chart
