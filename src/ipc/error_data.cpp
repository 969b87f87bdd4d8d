#include "ipc/error_data.hpp"

namespace hearth::ipc {

std::vector<std::string> read_suggestions(const json::Value& data) {
  std::vector<std::string> suggestions;
  const json::Value* list = json::find(data, "suggestions");
  if (list == nullptr || !list->is_array()) return suggestions;
  for (const json::Value& item : list->get_array()) {
    if (item.is_string()) suggestions.emplace_back(item.get_string());
  }
  return suggestions;
}

}  // namespace hearth::ipc
