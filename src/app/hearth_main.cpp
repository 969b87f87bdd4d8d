// hearth: the command line and the bridge, one small static binary.
#include <cstdio>
#include <exception>

#include "base/standard_streams.hpp"
#include "cli/cli.hpp"

int main(int argc, char** argv) {
  hearth::hold_standard_streams();
  try {
    return hearth::cli::run(argc, argv);
  } catch (const std::exception& error) {  // a bug or exhaustion
    std::fprintf(stderr, "hearth: internal error: %s\n", error.what());
    return 1;
  }
}
