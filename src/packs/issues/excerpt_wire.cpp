#include "packs/issues/excerpt_wire.hpp"

#include <algorithm>
#include <utility>

#include "packs/issues/common_wire.hpp"
#include "packs/issues/engine/short_text.hpp"

namespace hearth::packs::issues::wire {
namespace {

constexpr std::size_t quotes = 2;
constexpr std::size_t mark = std::string_view("…").size();

std::size_t size_in_json(unsigned char c) {
  constexpr std::string_view short_escapes = "\"\\\n\r\t";
  if (short_escapes.contains(static_cast<char>(c))) return 2;
  return c < ' ' || c == 0x7f ? 6 : 1;
}

}  // namespace

std::size_t size_in_json(std::string_view text) {
  std::size_t size = quotes;
  for (const char c : text) size += size_in_json(static_cast<unsigned char>(c));
  return size;
}

std::string fitted(std::string_view text, std::size_t most) {
  if (size_in_json(text) <= most) return std::string(text);
  const std::size_t room = most - std::min(most, quotes + mark);
  std::size_t used = 0;
  std::size_t end = 0;
  while (end < text.size()) {
    used += size_in_json(static_cast<unsigned char>(text[end]));
    if (used > room) break;
    ++end;
  }
  return shortened(text, end);
}

bool fit(std::string& text, std::size_t most) {
  if (size_in_json(text) <= most) return false;
  text = fitted(text, most);
  return true;
}

bool fit(std::string& text, std::size_t most, std::optional<std::int64_t>& whole) {
  const std::size_t before = text.size();
  if (!fit(text, most)) return false;
  whole = static_cast<std::int64_t>(before);
  return true;
}

bool fit_names(std::vector<std::string>& names, std::size_t most) {
  std::vector<std::string> some;
  std::size_t used = 0;
  for (const std::string& each : names) {
    std::string name = short_name(each);
    used += size_in_json(name) + 1;
    if (used > most) break;
    some.push_back(std::move(name));
  }
  const bool is_cut = some != names;
  names = std::move(some);
  return is_cut;
}

}  // namespace hearth::packs::issues::wire
