#include "secrets/encodings.hpp"

#include <algorithm>
#include <cstdint>
#include <iterator>

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
  constexpr std::string_view named = "\n\r\t\b\f";
  constexpr std::string_view names = "nrtbf";
  constexpr unsigned char first_plain = 0x20;
  std::string text;
  for (const char c : value) {
    if (const auto at = named.find(c); at != std::string_view::npos) {
      text.append("\\").push_back(names[at]);
    } else if (static_cast<unsigned char>(c) < first_plain) {
      text.append("\\u00").append(hex({&c, 1}, lower_digits, ""));
    } else {
      if (c == '"' || c == '\\' || (c == '/' && escapes_slash)) text += '\\';
      text += c;
    }
  }
  return text;
}

void drop_copies(std::vector<std::string>& forms) {
  std::ranges::sort(forms);
  forms.erase(std::ranges::unique(forms).begin(), forms.end());
}

// Each as it is, and as a text that holds it may write it.
std::vector<std::string> written(const std::vector<std::string>& texts) {
  std::vector<std::string> forms = texts;
  for (const std::string& text : texts) {
    for (const bool escapes_slash : {false, true})
      forms.push_back(json_escaped(text, escapes_slash));
    for (const std::string_view digits : {lower_digits, upper_digits})
      forms.push_back(percent_encoded(text, digits));
  }
  drop_copies(forms);
  return forms;
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
  std::vector<std::string> encoded;
  for (const std::string_view digits : {lower_digits, upper_digits}) {
    encoded.push_back(hex(value, digits, ""));
    encoded.push_back(hex(value, digits, "%"));
  }
  for (const std::string_view alphabet : {standard_alphabet, url_alphabet}) {
    for (const std::size_t offset : {0U, 1U, 2U})
      encoded.push_back(base64_within(value, offset, alphabet));
  }
  std::vector<std::string> forms = written(written({std::string(value)}));
  std::ranges::move(written(encoded), std::back_inserter(forms));
  std::erase_if(forms, [&](const std::string& form) { return form.size() < shortest; });
  drop_copies(forms);
  return forms;
}

}  // namespace hearth::secrets
