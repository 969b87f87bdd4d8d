#include "secrets/encodings.hpp"

#include <algorithm>
#include <cstdint>

namespace hearth::secrets {
namespace {

constexpr std::string_view standard_alphabet =
    "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
constexpr std::string_view url_alphabet =
    "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_";
constexpr std::string_view lower_digits = "0123456789abcdef";
constexpr std::string_view upper_digits = "0123456789ABCDEF";

std::string hex(std::string_view value, std::string_view digits, std::string_view before_each) {
  std::string text;
  for (const char c : value) {
    const auto byte = static_cast<unsigned char>(c);
    text.append(before_each);
    text += digits[byte >> 4U];
    text += digits[byte & 15U];
  }
  return text;
}

std::string percent_encoded(std::string_view value, std::string_view digits) {
  std::string text;
  for (const char c : value) {
    const bool is_unreserved = (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') ||
                               (c >= '0' && c <= '9') || c == '-' || c == '.' || c == '_' ||
                               c == '~';
    text += is_unreserved ? std::string(1, c) : hex({&c, 1}, digits, "%");
  }
  return text;
}

std::string json_escaped(std::string_view value, bool escapes_slash) {
  std::string text;
  for (const char c : value) {
    if (c == '"' || c == '\\' || (c == '/' && escapes_slash)) text += '\\';
    text += c;
  }
  return text;
}

// The characters that every text has that holds `value` behind `offset` bytes of something else:
// those at its edges depend on the neighbours.
std::string base64_within(std::string_view value, std::size_t offset, std::string_view alphabet) {
  const std::string padded = std::string(offset, '\0') + std::string(value);
  std::string text;
  std::uint32_t bits = 0;
  unsigned count = 0;
  for (const char c : padded) {
    bits = bits << 8U | static_cast<unsigned char>(c);
    for (count += 8; count >= 6; count -= 6) text += alphabet[bits >> (count - 6U) & 63U];
  }
  return text.substr((offset * 8 + 5) / 6);
}

}  // namespace

std::vector<std::string> forms_of(std::string_view value, std::size_t shortest) {
  std::vector<std::string> forms{std::string(value)};
  for (const bool escapes_slash : {false, true})
    forms.push_back(json_escaped(value, escapes_slash));
  for (const std::string_view digits : {lower_digits, upper_digits}) {
    forms.push_back(hex(value, digits, ""));
    forms.push_back(hex(value, digits, "%"));
    forms.push_back(percent_encoded(value, digits));
  }
  for (const std::string_view alphabet : {standard_alphabet, url_alphabet}) {
    for (const std::size_t offset : {0U, 1U, 2U})
      forms.push_back(base64_within(value, offset, alphabet));
  }
  std::erase_if(forms, [&](const std::string& form) { return form.size() < shortest; });
  std::ranges::sort(forms);
  forms.erase(std::ranges::unique(forms).begin(), forms.end());
  return forms;
}

}  // namespace hearth::secrets
