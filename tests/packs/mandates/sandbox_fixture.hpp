// A sandbox for tests, and what to do where the machine has none.
#pragma once

#include <gtest/gtest.h>

#include <memory>
#include <string>

#include "packs/mandates/sandbox/sandbox.hpp"
#include "support/scratch_directory.hpp"

namespace hearth::packs::mandates {

inline sandbox::Settings test_settings() {
  return {.first_process = std::string(HEARTH_BIN_DIR) + "/hearth-sandbox", .hidden = {}};
}

// One for all tests of the program, or why there is none.
inline const Result<std::unique_ptr<sandbox::Sandbox>>& test_sandbox() {
  static const auto opened = sandbox::Sandbox::open(test_settings());
  return opened;
}

// Bubblewrap is missing, or user namespaces are forbidden; anything else is a fault of ours.
inline bool is_machine_without_sandbox(const Error& error) {
  return error.message.find("bwrap") != std::string::npos ||
         error.message.find("bubblewrap exited") != std::string::npos;
}

// NOLINTNEXTLINE(cppcoreguidelines-macro-usage): GTEST_SKIP and FAIL return from the test.
#define HEARTH_NEEDS_SANDBOX()                                             \
  if (!test_sandbox()) {                                                   \
    if (!is_machine_without_sandbox(test_sandbox().error()))               \
      FAIL() << test_sandbox().error().message;                            \
    GTEST_SKIP() << "no sandbox here: " << test_sandbox().error().message; \
  }                                                                        \
  static_assert(true)

}  // namespace hearth::packs::mandates
