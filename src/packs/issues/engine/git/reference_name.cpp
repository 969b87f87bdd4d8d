#include "packs/issues/engine/git/reference_name.hpp"

#include <algorithm>

namespace hearth::packs::issues {
namespace {

constexpr std::size_t longest_name = 255;

bool is_allowed(char c) {
  const auto byte = static_cast<unsigned char>(c);
  return byte > ' ' && byte != 0x7f && !std::string_view("~^:?*[\\").contains(c);
}

bool is_component(std::string_view part) {
  return !part.empty() && !part.starts_with('.') && !part.ends_with('.') &&
         !part.ends_with(".lock") && !part.contains("..") && !part.contains("@{") &&
         std::ranges::all_of(part, is_allowed);
}

}  // namespace

bool is_issue_reference(std::string_view name) {
  if (!name.starts_with("refs/grite/") && !name.starts_with("refs/hearth/")) return false;
  if (name.size() > longest_name) return false;
  for (;;) {
    const std::size_t slash = name.find('/');
    if (!is_component(name.substr(0, slash))) return false;
    if (slash == std::string_view::npos) return true;
    name.remove_prefix(slash + 1);
  }
}

}  // namespace hearth::packs::issues
