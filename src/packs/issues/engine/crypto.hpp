// Digests and signatures of the issue log: the one place that knows libsodium.
//
// BLAKE2b is parameterised by its length (RFC 7693): the 16-byte digest is no prefix of the 32-byte
// one. Any thread.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <string_view>

#include "packs/issues/engine/ids.hpp"

namespace hearth::packs::issues {

using Digest16 = std::array<std::uint8_t, 16>;
using Digest32 = std::array<std::uint8_t, 32>;

[[nodiscard]] Digest16 blake2b_128(std::string_view bytes);
[[nodiscard]] Digest32 blake2b_256(std::string_view bytes);
[[nodiscard]] Sha256 sha256(std::string_view bytes);

[[nodiscard]] std::string random_bytes(std::size_t count);

// Ed25519 (RFC 8032). Seeds and public keys have 32 bytes, signatures 64.
class SigningKey final {
 public:
  [[nodiscard]] static std::optional<SigningKey> of_seed(std::string_view seed);
  ~SigningKey();
  SigningKey(const SigningKey&) = default;
  SigningKey& operator=(const SigningKey&) = default;

  [[nodiscard]] std::string sign(std::string_view message) const;
  [[nodiscard]] std::string public_key() const;

 private:
  SigningKey() = default;
  std::array<std::uint8_t, 64> secret_{};
};
// False for keys and signatures of another length, too.
[[nodiscard]] bool is_signed(std::string_view message,
                             std::string_view signature,
                             std::string_view public_key);

}  // namespace hearth::packs::issues
