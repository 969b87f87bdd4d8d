// Texts and numbers in the records that recovery reads, each as "length:bytes," (netstrings), and a
// hash at the end: a record is whole or none.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

namespace hearth::packs::mandates::workspace {

void put(std::string& out, std::string_view field);
void put_number(std::string& out, std::int64_t number);
// Taken from the front; nothing where it is none.
[[nodiscard]] std::optional<std::string> take(std::string_view& text);
[[nodiscard]] std::optional<std::int64_t> take_number(std::string_view& text);

// "MAGIC VERSION", the fields, their hash.
[[nodiscard]] std::string sealed(std::string_view magic,
                                 std::string_view version,
                                 std::string_view fields);
// The fields; nothing where the record is not whole, or of another version.
[[nodiscard]] std::optional<std::string_view> unsealed(std::string_view magic,
                                                       std::string_view version,
                                                       std::string_view bytes);

}  // namespace hearth::packs::mandates::workspace
