// What a call says before it answers: progress and log messages.
#pragma once

#include <atomic>
#include <chrono>
#include <optional>
#include <string>
#include <string_view>

#include "pack/call.hpp"

namespace hearth::mcp {

// Lets at most 20 reports a second pass, and always the first and the last one. Any thread.
class ReportPace final {
 public:
  [[nodiscard]] bool is_due(double done, std::optional<double> total);

 private:
  std::atomic<std::chrono::steady_clock::rep> last_{0};
};

// The JSON text of notifications. `token` is JSON text; `meta`, that of an object, may be empty.
[[nodiscard]] std::string progress_report(std::string_view token,
                                          double done,
                                          std::optional<double> total,
                                          std::string_view message,
                                          std::string_view meta = {});
[[nodiscard]] std::string log_report(pack::LogLevel level,
                                     std::string_view message,
                                     std::string_view meta = {});

}  // namespace hearth::mcp
