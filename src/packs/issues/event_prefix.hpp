// Finds what is named by an event's id: an event, or a comment.
#pragma once

#include <algorithm>
#include <cctype>
#include <cstddef>
#include <functional>
#include <iterator>
#include <string>

#include "base/result.hpp"

namespace hearth::packs::issues {

// Where in the list is the only one whose id, as `id_of` tells it in hexadecimal digits, begins so;
// `not_found`, or `invalid_args` when several do. `what`: "comment".
template <typename List, typename IdOf>
[[nodiscard]] Result<std::size_t> find_by_prefix(const List& list,
                                                 std::string prefix,
                                                 const std::string& what,
                                                 IdOf id_of) {
  std::ranges::transform(prefix, prefix.begin(), [](unsigned char c) { return std::tolower(c); });
  const auto fits = [&](const auto& each) { return std::invoke(id_of, each).starts_with(prefix); };
  const auto found = std::ranges::find_if(list, fits);
  if (found == list.end()) {
    return fail(Errc::not_found, "the issue has no " + what + " " + prefix);
  }
  if (std::find_if(std::next(found), list.end(), fits) != list.end()) {
    return fail(Errc::invalid_args, "several " + what + "s begin with " + prefix);
  }
  return static_cast<std::size_t>(found - list.begin());
}

}  // namespace hearth::packs::issues
