// What a call leaves with its caller between two rounds (MCP's requestState), sealed.
//
// The caller can read the text but not change it: an HMAC (RFC 2104; libsodium's crypto_auth,
// SHA-512 cut to 256 bits) covers the text, what it belongs to, and when it was made.
#pragma once

#include <array>
#include <chrono>
#include <string>
#include <string_view>

#include "base/clock.hpp"
#include "base/result.hpp"

namespace hearth::mcp {

class StateSeal final {
 public:
  static constexpr std::size_t key_size = 32;
  // With a random key of its own.
  StateSeal() : StateSeal(make_key()) {}
  // `key` has key_size bytes.
  explicit StateSeal(std::string_view key);

  [[nodiscard]] static std::string make_key();

  // `subject` is what the state belongs to: the method, the tool and the caller's namespace.
  [[nodiscard]] std::string seal(std::string_view state,
                                 std::string_view subject,
                                 WallTime now) const;
  // `invalid_args` when it was changed, belongs to something else, or is older than a day.
  [[nodiscard]] Result<std::string> open(std::string_view sealed,
                                         std::string_view subject,
                                         WallTime now) const;

 private:
  std::array<unsigned char, key_size> key_{};
};

}  // namespace hearth::mcp
