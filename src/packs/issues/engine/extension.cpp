#include "packs/issues/engine/extension.hpp"

namespace hearth::packs::issues {

std::string priority_label(std::uint8_t priority) {
  return std::string(priority_prefix) + std::to_string(priority);
}

std::string type_label(std::string_view type) {
  return std::string(type_prefix).append(type);
}

std::string parent_label(const IssueId& parent) {
  return std::string(parent_prefix) + hex_of(parent);
}

void apply_extension(std::string_view label, Summary& summary) {
  if (label.starts_with(priority_prefix)) {
    const std::string_view digits = label.substr(priority_prefix.size());
    if (digits.size() == 1 && digits[0] >= '0' && digits[0] <= '0' + least_priority) {
      summary.priority = static_cast<std::uint8_t>(digits[0] - '0');
    }
  } else if (label.starts_with(type_prefix)) {
    summary.type = label.substr(type_prefix.size());
  } else if (label.starts_with(parent_prefix)) {
    if (const auto parent = id_of_hex<IssueId>(label.substr(parent_prefix.size()))) {
      summary.parent = parent;
    }
  }
}

}  // namespace hearth::packs::issues
