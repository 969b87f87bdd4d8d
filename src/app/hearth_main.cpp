// hearth: the command line and the bridge, one small static binary.
#include <cstdio>
#include <exception>

#include "cli/cli.hpp"

int main(int argc, char** argv) {
  try {
    return hearth::cli::run(argc, argv);
  } catch (const std::exception& error) {  // a bug or exhaustion
    std::fprintf(stderr, "hearth: internal error: %s\n", error.what());
    return 1;
  }
}
