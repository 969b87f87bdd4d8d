// A clock that stands still until a test moves it.
#pragma once

#include <atomic>
#include <chrono>

#include "base/clock.hpp"

namespace hearth::test {

class HeldClock final : public Clock {
 public:
  [[nodiscard]] MonotonicTime monotonic() const override {
    return MonotonicTime(std::chrono::milliseconds(ms_.load()));
  }
  [[nodiscard]] WallTime wall() const override {
    return WallTime(std::chrono::milliseconds(ms_.load()));
  }
  void advance(std::chrono::milliseconds by) { ms_ += by.count(); }

 private:
  std::atomic<std::int64_t> ms_ = 1'760'000'000'000;  // October 2025
};

}  // namespace hearth::test
