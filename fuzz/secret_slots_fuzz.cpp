// Any text as arguments with places for secrets: each place is filled once, with what its name
// gives, and nothing else changes; a secret that looks like a place is none.
#include <cstdint>
#include <cstdlib>
#include <string>
#include <string_view>
#include <vector>

#include "json/json.hpp"
#include "packs/mandates/secret_slots_wire.hpp"

namespace {

using namespace hearth;
using namespace hearth::packs::mandates;

void require(bool holds) {
  if (!holds) std::abort();
}

// Filled with itself, a place is what it was. Numbers may be written otherwise (1.0 as 1).
void check_that_nothing_else_changes(std::string_view arguments) {
  int places = 0;
  const auto same = fill_secrets(arguments, [&](std::string_view name) -> Result<std::string> {
    ++places;
    require(!name.contains("}}"));
    return secret_slot(name);
  });
  const auto before = json::parse(arguments);
  if (!same) return require(!before);
  if (places == 0 && !arguments.contains("{{secret:")) return require(*same == arguments);
  const auto after = json::parse(*same);
  require(before && after && json::dump(*before) == json::dump(*after));
}

// The names that are asked for where each place is filled with `value`.
std::vector<std::string> asked_for(std::string_view arguments, std::string_view value) {
  std::vector<std::string> asked;
  (void)fill_secrets(arguments, [&](std::string_view name) -> Result<std::string> {
    asked.emplace_back(name);
    return std::string(value);
  });
  return asked;
}

void check_that_names_are_asked_for(std::string_view arguments) {
  const auto asked = asked_for(arguments, "");
  require(asked == asked_for(arguments, secret_slot("again")));
  const auto refused = fill_secrets(arguments, [](std::string_view) -> Result<std::string> {
    return fail(Errc::permission, "not for you");
  });
  // Refusing one refuses all; where there is none, only what is no JSON is refused.
  const bool is_json = json::parse(arguments).has_value();
  require(refused.has_value() == (asked.empty() && (is_json || !arguments.contains("{{secret:"))));
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const std::string_view bytes(reinterpret_cast<const char*>(data), size);
  check_that_nothing_else_changes(bytes);
  check_that_names_are_asked_for(bytes);
  return 0;
}
