// Steps of a run that begin side by side, as who performs them sees them.
#pragma once

#include <utility>

namespace hearth::packs::mandates {

// Any thread.
class Wave {
 public:
  virtual ~Wave() = default;
  // One of them is not performed, or needs to know nothing of the others.
  virtual void leave() = 0;
};
// A step's place in its wave. Whoever gives it up has left.
class Seat final {
 public:
  Seat() = default;
  explicit Seat(Wave* wave) : wave_(wave) {}
  ~Seat() {
    if (wave_ != nullptr) wave_->leave();
  }
  Seat(Seat&& other) noexcept : wave_(other.take()) {}
  Seat& operator=(Seat&& other) noexcept {
    std::swap(wave_, other.wave_);
    return *this;
  }
  // From now on the caller's to leave; null where the step is alone.
  [[nodiscard]] Wave* take() { return std::exchange(wave_, nullptr); }

 private:
  Wave* wave_ = nullptr;
};

}  // namespace hearth::packs::mandates
