#include "packs/mandates/engine/mandate_name.hpp"

#include <algorithm>
#include <string>

#include "base/terminal_text.hpp"

namespace hearth::packs::mandates {
namespace {

constexpr std::size_t longest_name = 200;
constexpr std::size_t shortest_beginning = 6;  // that finds an id (overview.hpp)
constexpr std::string_view id_form = "xxxxxxxx-xxxx-xxxx-xxxx-xxxxxxxxxxxx";

bool is_hex_digit(char c) {
  return (c >= '0' && c <= '9') || (c >= 'a' && c <= 'f') || (c >= 'A' && c <= 'F');
}

bool looks_like_an_id(std::string_view name) {
  return name.size() >= shortest_beginning && name.size() <= id_form.size() &&
         std::ranges::equal(name, id_form.substr(0, name.size()), [](char c, char form) {
           return form == '-' ? c == '-' : is_hex_digit(c);
         });
}

}  // namespace

Result<void> check_name(std::string_view name) {
  if (name.empty() || name.size() > longest_name)
    return fail(Errc::invalid_args, "a mandate's name has 1 to 200 bytes");
  if (looks_like_an_id(name))
    return fail(Errc::invalid_args,
                "the name " + std::string(name) + " could be the beginning of an id",
                {"add a letter beyond f"});
  // Whatever a display would obey, or not show, is written out there.
  if (printable(name, Lines::join) != name || name.find_first_of("/\t") != std::string_view::npos)
    return fail(Errc::invalid_args,
                "a mandate's name is one line, of what can be seen, and without slashes");
  if (name.starts_with(' ') || name.ends_with(' '))
    return fail(Errc::invalid_args, "a mandate's name neither begins nor ends with a blank");
  return {};
}

}  // namespace hearth::packs::mandates
