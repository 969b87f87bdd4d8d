// How much one answer may hold of texts that others may have written at any length: all of them
// while they are few, else as much of each as fits.
//
// Sizes are those in JSON. Pure; any thread.
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "json/record.hpp"

namespace hearth::packs::issues::wire {

inline constexpr std::int64_t least_room = std::int64_t{16} * 1024;
inline constexpr std::int64_t usual_room = std::int64_t{256} * 1024;
// An answer carries its content twice, the second time as a text, and has at most 8 MB.
inline constexpr std::int64_t most_room = 2'500'000;

// Of a member `bytes` that says how much room there is.
inline constexpr const char* room_text =
    "Room for the texts; where they take more the newest are shown, and of long ones the beginning";

// As a string of JSON, with its quotes.
[[nodiscard]] std::size_t size_in_json(std::string_view text);
// The text, or as much of its beginning as fits, between characters, and "…".
[[nodiscard]] std::string fitted(std::string_view text, std::size_t most);
// The same in its place; whether it was cut.
bool fit(std::string& text, std::size_t most);
// And how long it was, where it was cut.
bool fit(std::string& text, std::size_t most, std::optional<std::int64_t>& whole);

// Names one by one, as lists cut them, and then their list.
bool fit_names(std::vector<std::string>& names, std::size_t most);
// Takes away the end of a list of records that is too long; whether it did.
template <typename Record>
bool fit_list(std::vector<Record>& list, std::size_t most) {
  std::size_t used = 0;
  for (std::size_t i = 0; i < list.size(); ++i) {
    used += json::encode(list[i]).size() + 1;
    if (used <= most) continue;
    list.resize(i);
    return true;
  }
  return false;
}

}  // namespace hearth::packs::issues::wire
