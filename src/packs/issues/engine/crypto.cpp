#include "packs/issues/engine/crypto.hpp"

#include <sodium.h>

#include <cstdlib>

namespace hearth::packs::issues {
namespace {

// libsodium chooses the code for this processor; it cannot fail but for want of random numbers.
void need_sodium() {
  static const int ready = ::sodium_init();
  if (ready < 0) std::abort();
}

const unsigned char* raw(std::string_view bytes) {
  return reinterpret_cast<const unsigned char*>(bytes.data());
}

template <std::size_t Size>
std::array<std::uint8_t, Size> blake2b(std::string_view bytes) {
  need_sodium();
  std::array<std::uint8_t, Size> digest;
  ::crypto_generichash(digest.data(), Size, raw(bytes), bytes.size(), nullptr, 0);
  return digest;
}

}  // namespace

Digest16 blake2b_128(std::string_view bytes) {
  return blake2b<16>(bytes);
}

Digest32 blake2b_256(std::string_view bytes) {
  return blake2b<32>(bytes);
}

Sha256 sha256(std::string_view bytes) {
  Sha256 digest;
  ::crypto_hash_sha256(digest.bytes.data(), raw(bytes), bytes.size());
  return digest;
}

std::string random_bytes(std::size_t count) {
  need_sodium();
  std::string bytes(count, '\0');
  ::randombytes_buf(bytes.data(), count);
  return bytes;
}

std::optional<SigningKey> SigningKey::of_seed(std::string_view seed) {
  if (seed.size() != crypto_sign_SEEDBYTES) return std::nullopt;
  need_sodium();
  SigningKey key;
  std::array<std::uint8_t, crypto_sign_PUBLICKEYBYTES> unused;
  ::crypto_sign_seed_keypair(unused.data(), key.secret_.data(), raw(seed));
  return key;
}

SigningKey::~SigningKey() {
  ::sodium_memzero(secret_.data(), secret_.size());
}

std::string SigningKey::sign(std::string_view message) const {
  std::string signature(crypto_sign_BYTES, '\0');
  ::crypto_sign_detached(reinterpret_cast<unsigned char*>(signature.data()), nullptr, raw(message),
                         message.size(), secret_.data());
  return signature;
}

std::string SigningKey::public_key() const {
  std::string key(crypto_sign_PUBLICKEYBYTES, '\0');
  ::crypto_sign_ed25519_sk_to_pk(reinterpret_cast<unsigned char*>(key.data()), secret_.data());
  return key;
}

bool is_signed(std::string_view message, std::string_view signature, std::string_view public_key) {
  if (signature.size() != crypto_sign_BYTES || public_key.size() != crypto_sign_PUBLICKEYBYTES) {
    return false;
  }
  need_sodium();
  return ::crypto_sign_verify_detached(raw(signature), raw(message), message.size(),
                                       raw(public_key)) == 0;
}

}  // namespace hearth::packs::issues
