// An environment for one test.
#pragma once

#include <map>
#include <optional>
#include <string>
#include <utility>

#include "config/settings.hpp"

namespace hearth::test {

[[nodiscard]] inline config::Environment environment_of(std::map<std::string, std::string> values) {
  return [values = std::move(values)](const char* name) -> std::optional<std::string> {
    const auto found = values.find(name);
    return found == values.end() ? std::nullopt : std::optional(found->second);
  };
}

}  // namespace hearth::test
