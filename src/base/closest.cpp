#include "base/closest.hpp"

#include <algorithm>
#include <cstddef>

namespace hearth {

std::size_t edit_distance(std::string_view a, std::string_view b) {
  std::vector<std::size_t> before(b.size() + 1);
  std::vector<std::size_t> above(b.size() + 1);
  std::vector<std::size_t> row(b.size() + 1);
  for (std::size_t j = 0; j <= b.size(); ++j) above[j] = j;
  for (std::size_t i = 1; i <= a.size(); ++i) {
    row[0] = i;
    for (std::size_t j = 1; j <= b.size(); ++j) {
      const std::size_t substitute = above[j - 1] + (a[i - 1] == b[j - 1] ? 0 : 1);
      row[j] = std::min({above[j] + 1, row[j - 1] + 1, substitute});
      const bool swapped = i > 1 && j > 1 && a[i - 1] == b[j - 2] && a[i - 2] == b[j - 1];
      if (swapped) row[j] = std::min(row[j], before[j - 2] + 1);
    }
    before.swap(above);
    above.swap(row);
  }
  return above[b.size()];
}

std::vector<std::string> closest_names(std::string_view wanted,
                                       const std::vector<std::string>& names,
                                       std::size_t most) {
  std::vector<std::pair<std::size_t, std::string>> near;
  for (const std::string& name : names) {
    const std::size_t allowed = std::max<std::size_t>(1, std::max(wanted.size(), name.size()) / 3);
    const std::size_t least =
        wanted.size() > name.size() ? wanted.size() - name.size() : name.size() - wanted.size();
    if (least > allowed) continue;  // and a peer's megabyte of name costs nothing
    const std::size_t distance = edit_distance(wanted, name);
    if (distance <= allowed) near.emplace_back(distance, name);
  }
  std::ranges::sort(near);
  std::vector<std::string> best;
  for (auto& [distance, name] : near) {
    if (best.size() == most) break;
    best.push_back(std::move(name));
  }
  return best;
}

}  // namespace hearth
