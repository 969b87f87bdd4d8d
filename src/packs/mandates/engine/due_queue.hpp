// Which schedule is due next: a binary heap, so that ten thousand schedules cost one timer and no
// polling.
//
// A changed time is pushed again and the older one dropped when it comes up; when the dropped ones
// are the majority, the heap is made anew. Put, erase: O(log n).
#pragma once

#include <cstdint>
#include <optional>
#include <unordered_map>
#include <vector>

#include "base/clock.hpp"

namespace hearth::packs::mandates {

// One thread.
class DueQueue final {
 public:
  // Replaces the time that `id` had.
  void put(std::int64_t id, WallTime time);
  void erase(std::int64_t id);

  // The earliest time; nothing when empty.
  [[nodiscard]] std::optional<WallTime> next();
  // Takes those due at `now` out, the earliest first, at most `most`.
  [[nodiscard]] std::vector<std::int64_t> take(WallTime now, std::size_t most);
  [[nodiscard]] std::size_t size() const { return times_.size(); }

 private:
  struct Item {
    WallTime time;
    std::int64_t id;
  };
  static bool later(const Item& a, const Item& b) {
    return a.time != b.time ? a.time > b.time : a.id > b.id;
  }
  [[nodiscard]] bool is_current(const Item& item) const;
  void drop_outdated();

  std::unordered_map<std::int64_t, WallTime> times_;
  std::vector<Item> heap_;
};

}  // namespace hearth::packs::mandates
