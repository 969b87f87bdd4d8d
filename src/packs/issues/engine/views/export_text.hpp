// Issues as Markdown, for people, and as CSV (RFC 4180), for spreadsheets. The export that can be
// read back is packs/issues/exchange_wire.hpp.
#pragma once

#include <cstdint>
#include <span>
#include <string>

#include "packs/issues/engine/issue.hpp"

namespace hearth::packs::issues {

// One section an issue, with its body and its comments, in the given order.
[[nodiscard]] std::string markdown_of(std::span<const Issue> issues, std::uint64_t generated_ms);
// One line an issue, under a line of names. What is a list has its elements joined by "; ".
[[nodiscard]] std::string csv_of(std::span<const Issue> issues);

}  // namespace hearth::packs::issues
