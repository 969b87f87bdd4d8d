// What all ledgers of a daemon were charged in a day, together. The limits of a day are those of
// the daemon: somebody who makes another namespace must not have them anew.
//
// Each ledger brings what it holds when it is opened, and takes it along when it is closed. While
// not all are open nothing is reserved, for the sum is not known.
#pragma once

#include <chrono>
#include <cstdint>
#include <map>
#include <memory>
#include <optional>
#include <string_view>

#include "base/clock.hpp"
#include "base/guarded.hpp"
#include "packs/mandates/engine/amounts.hpp"

namespace hearth::packs::mandates {

// Members are for any thread. Days are counted since 1970, UTC.
class DayTotal final {
 public:
  // Held while ledgers of an earlier daemon are opened; it outlives this.
  [[nodiscard]] std::shared_ptr<void> opening();
  // Blocks while they are. Adds `worst`, or tells the kind of which too little is left.
  [[nodiscard]] std::optional<std::string_view> reserve(std::int64_t day,
                                                        const Amounts& worst,
                                                        const Limits& limits);
  void add(std::int64_t day, const Amounts& amounts);
  void subtract(std::int64_t day, const Amounts& amounts);
  [[nodiscard]] Amounts of(std::int64_t day);
  [[nodiscard]] static std::int64_t day_of(WallTime time) {
    return std::chrono::floor<std::chrono::days>(time.time_since_epoch()).count();
  }

 private:
  struct State {
    int opening = 0;
    std::map<std::int64_t, Amounts> days;
  };
  Guarded<State> state_;
};

}  // namespace hearth::packs::mandates
