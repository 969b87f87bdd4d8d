#include "packs/issues/engine/event.hpp"

#include <array>

namespace hearth::packs::issues {
namespace {

constexpr std::array<std::string_view, std::variant_size_v<Kind>> kind_names{
    "IssueCreated",    "IssueUpdated",         "CommentAdded",    "LabelAdded",
    "LabelRemoved",    "StateChanged",         "LinkAdded",       "AssigneeAdded",
    "AssigneeRemoved", "AttachmentAdded",      "DependencyAdded", "DependencyRemoved",
    "ContextUpdated",  "ProjectContextUpdated"};
constexpr std::array<std::string_view, 2> states{"open", "closed"};
constexpr std::array<std::string_view, 3> dependency_types{"blocks", "depends_on", "related_to"};

template <typename Enum, std::size_t Count>
std::optional<Enum> find(const std::array<std::string_view, Count>& names, std::string_view name) {
  for (std::size_t i = 0; i < Count; ++i) {
    if (names[i] == name) return static_cast<Enum>(i);
  }
  return std::nullopt;
}

}  // namespace

std::string_view name_of(State state) {
  return states[static_cast<std::size_t>(state)];
}

std::string_view name_of(DependencyType type) {
  return dependency_types[static_cast<std::size_t>(type)];
}

std::optional<State> state_of(std::string_view name) {
  return find<State>(states, name);
}

std::optional<DependencyType> dependency_type_of(std::string_view name) {
  return find<DependencyType>(dependency_types, name);
}

std::string_view name_of(const Kind& kind) {
  return kind_names[kind.index()];
}

}  // namespace hearth::packs::issues
