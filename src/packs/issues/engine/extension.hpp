// What hearth knows of an issue beyond the log's own kinds, as labels that begin with "hearth:".
// Other readers of the log show them as they are; here they are members of the Summary.
//
//   hearth:priority:N   N from 0, most urgent, to 4
//   hearth:type:NAME    "task", "bug", "epic" …
//   hearth:parent:ID    the issue that this one is a part of, 32 hexadecimal digits
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "packs/issues/engine/issue.hpp"

namespace hearth::packs::issues {

inline constexpr std::string_view extension_prefix = "hearth:";
inline constexpr std::uint8_t default_priority = 2;
inline constexpr std::uint8_t least_priority = 4;

inline constexpr std::string_view priority_prefix = "hearth:priority:";
inline constexpr std::string_view type_prefix = "hearth:type:";
inline constexpr std::string_view parent_prefix = "hearth:parent:";

[[nodiscard]] std::string priority_label(std::uint8_t priority);
[[nodiscard]] std::string type_label(std::string_view type);
[[nodiscard]] std::string parent_label(const IssueId& parent);
[[nodiscard]] inline bool is_extension(std::string_view label) {
  return label.starts_with(extension_prefix);
}
// Puts what an extension label stands for into the summary. Of several that say the same thing, the
// last one counts.
void apply_extension(std::string_view label, Summary& summary);

}  // namespace hearth::packs::issues
