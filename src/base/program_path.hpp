// Where this program lies.
#pragma once

#include <string>

namespace hearth {

// The absolute path of the running program's file, symbolic links resolved; empty where /proc does
// not tell.
[[nodiscard]] std::string program_path();

}  // namespace hearth
