// The `hearth` command line.
#pragma once

namespace hearth::cli {

// Runs one command and returns the process's exit status: 0 ok, 1 other, 2 invalid arguments, 3 not
// found, 4 conflict, 5 busy or I/O, 6 daemon. Catches everything; called once, by app/.
[[nodiscard]] int run(int argc, char** argv);

}  // namespace hearth::cli
