// Which issues a list has, and in which order.
#pragma once

#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "packs/issues/engine/issue.hpp"

namespace hearth::packs::issues {

// What is not given does not matter.
struct Filter {
  std::optional<State> state;
  std::vector<std::string> labels;  // all of them
  std::optional<std::string> assignee;
  std::optional<std::string> type;
  std::optional<IssueId> parent;
  std::optional<std::uint8_t> priority;
  std::optional<std::uint64_t> since_ms;   // changed then or later
  std::optional<std::uint64_t> before_ms;  // changed earlier
  std::string text;                        // in the title, ASCII letters of any case

  [[nodiscard]] bool admits(const Summary& issue) const;
};

enum class Order : std::uint8_t { created, updated, priority, title };
[[nodiscard]] std::optional<Order> order_of(std::string_view name);

struct Page {
  std::vector<const Summary*> issues;
  std::size_t total = 0;
};
// Ties are broken by age, then by id: a list is the same every time.
[[nodiscard]] Page select(std::span<const Summary> issues,
                          const Filter& filter,
                          Order order,
                          bool is_reversed,
                          std::size_t offset,
                          std::size_t limit);

}  // namespace hearth::packs::issues
