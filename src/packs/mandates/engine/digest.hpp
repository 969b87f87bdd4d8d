// Hashes and message authentication: BLAKE2b (RFC 7693), 256 bits, without and with a key.
//
// The only file that sees libsodium is digest.cpp.
#pragma once

#include <array>
#include <initializer_list>
#include <optional>
#include <string>
#include <string_view>

#include "base/result.hpp"
#include "store/env.hpp"

namespace hearth::packs::mandates {

using Digest = std::array<unsigned char, 32>;

[[nodiscard]] Digest digest(std::string_view bytes);
// 64 lower-case hexadecimal digits, and back.
[[nodiscard]] std::string hex(const Digest& digest);
[[nodiscard]] std::optional<Digest> digest_from_hex(std::string_view text);
[[nodiscard]] std::string_view view(const Digest& digest);

// What only the daemon knows. Overwritten when it goes; no run ever sees it.
class Key final {
 public:
  // Of the file `path` (64 hexadecimal digits, 0600). A missing file is made where `may_make`, else
  // it is an error: with another key nothing that was sealed could be believed. `permission` when
  // others can read it.
  [[nodiscard]] static Result<Key> load(store::Env& env, const std::string& path, bool may_make);
  explicit Key(const Digest& bytes) : bytes_(bytes) {}
  Key(const Key&) = default;
  Key& operator=(const Key&) = default;
  ~Key();

  // A key of its own for each purpose.
  [[nodiscard]] Key derive(std::string_view purpose) const;
  // Over all parts and where each ends, so that no two lists of parts look the same.
  [[nodiscard]] Digest mac(std::initializer_list<std::string_view> parts) const;

 private:
  Digest bytes_;
};

// In constant time.
[[nodiscard]] bool is_equal(const Digest& a, const Digest& b);

}  // namespace hearth::packs::mandates
