// The one object file that differs between builds of different versions (tests build an older and a
// newer one).
#include "base/version.hpp"

#ifndef HEARTH_VERSION
#error "CMake passes HEARTH_VERSION"
#endif

namespace hearth {

std::string_view version() {
  return HEARTH_VERSION;
}

}  // namespace hearth
