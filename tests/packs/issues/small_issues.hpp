// Issues by small numbers, for tests of what is computed from them.
#pragma once

#include <cstdint>
#include <random>
#include <string>
#include <vector>

#include "packs/issues/engine/issue.hpp"

namespace hearth::packs::issues::test {

[[nodiscard]] inline IssueId numbered(std::uint32_t number) {
  IssueId id;
  id.bytes[2] = static_cast<std::uint8_t>(number >> 8U);
  id.bytes[3] = static_cast<std::uint8_t>(number);
  return id;
}

// Issue `number`, created at that millisecond.
[[nodiscard]] inline Summary issue(std::uint32_t number, std::vector<Dependency> links = {}) {
  Summary made;
  made.id = numbered(number);
  made.created_ms = number;
  made.title = "issue " + std::to_string(number);
  made.dependencies = std::move(links);
  return made;
}
[[nodiscard]] inline Dependency depends_on(std::uint32_t number) {
  return {numbered(number), DependencyType::depends_on};
}
[[nodiscard]] inline Dependency blocks(std::uint32_t number) {
  return {numbered(number), DependencyType::blocks};
}
[[nodiscard]] inline Dependency related_to(std::uint32_t number) {
  return {numbered(number), DependencyType::related_to};
}
[[nodiscard]] inline Summary part(std::uint32_t number, std::uint32_t parent) {
  Summary made = issue(number);
  made.parent = numbered(parent);
  return made;
}

// Anything goes: circles, twins, links to nowhere and to oneself, parents in a circle.
[[nodiscard]] inline std::vector<Summary> random_issues(std::mt19937& random, std::uint32_t count) {
  const auto below = [&random](std::uint32_t most) {
    return std::uniform_int_distribution<std::uint32_t>(0, most - 1)(random);
  };
  std::vector<Summary> issues;
  for (std::uint32_t i = 0; i < count; ++i) {
    Summary made = issue(i);
    made.created_ms = below(5);
    made.priority = static_cast<std::uint8_t>(below(5));
    made.state = below(3) == 0 ? State::closed : State::open;
    for (std::uint32_t links = below(3); links > 0; --links) {
      made.dependencies.push_back(
          {numbered(below(count + 2)), static_cast<DependencyType>(below(3))});
    }
    if (below(2) == 0) made.parent = numbered(below(count + 2));
    issues.push_back(made);
  }
  return issues;
}

}  // namespace hearth::packs::issues::test
