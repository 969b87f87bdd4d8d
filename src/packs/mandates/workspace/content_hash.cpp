#include "packs/mandates/workspace/content_hash.hpp"

#include <sodium.h>

#include <array>

namespace hearth::packs::mandates::workspace {

std::string content_hash(std::string_view content) {
  std::array<unsigned char, crypto_hash_sha256_BYTES> hash{};
  crypto_hash_sha256(hash.data(), reinterpret_cast<const unsigned char*>(content.data()),
                     content.size());
  constexpr std::string_view digits = "0123456789abcdef";
  std::string text;
  for (const unsigned char byte : hash) {
    text += digits[byte >> 4U];
    text += digits[byte & 15U];
  }
  return text;
}

}  // namespace hearth::packs::mandates::workspace
