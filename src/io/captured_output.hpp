// What a program prints: for converters and commands that are asked for one thing.
#pragma once

#include <chrono>
#include <cstddef>
#include <stop_token>
#include <string>

#include "base/result.hpp"
#include "io/child_process.hpp"

namespace hearth::io {

struct Captured {
  std::string output;
  std::string errors;  // the last 64 KiB
  ChildEnd end;
};
// As below, but a program that fails is no error: how it ended is told with what it said.
[[nodiscard]] Result<Captured> captured(ChildPlan plan,
                                        std::size_t most_bytes,
                                        std::chrono::milliseconds timeout,
                                        const std::stop_token& stop = {});

// Runs plan.words to their end and returns their standard output, which the plan does not name.
// Blocks. Kills the program, with an error, when it prints more than `most_bytes`, runs longer than
// `timeout`, or `stop` is requested. A program that fails is `unavailable` with how it ended and
// the end of what it said on standard error.
[[nodiscard]] Result<std::string> captured_output(ChildPlan plan,
                                                  std::size_t most_bytes,
                                                  std::chrono::milliseconds timeout,
                                                  const std::stop_token& stop = {});

}  // namespace hearth::io
