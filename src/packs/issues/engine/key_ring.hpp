// The public keys of actors, as they travel with the repository: refs/hearth/keys/<actor id> names
// a blob "ed25519 <64 hexadecimal digits>". The first key of an actor that arrives stays.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

#include "base/result.hpp"
#include "packs/issues/engine/event.hpp"
#include "packs/issues/engine/git/repository.hpp"

namespace hearth::packs::issues {

inline constexpr const char* key_prefix = "refs/hearth/keys/";

// What is asked of events that are read: nothing; to be told of those without a good signature; to
// leave those out.
enum class SignaturePolicy : std::uint8_t { off, warn, require };
[[nodiscard]] std::optional<SignaturePolicy> signature_policy_of(std::string_view name);
[[nodiscard]] std::string_view name_of(SignaturePolicy policy);

class KeyRing final {
 public:
  [[nodiscard]] static Result<KeyRing> read(const Repository& repository);
  // Whether the event carries its actor's signature.
  [[nodiscard]] bool has_signed(const Event& event) const;
  // Of all keys: another value, another ring.
  [[nodiscard]] const std::string& fingerprint() const { return fingerprint_; }
  [[nodiscard]] const std::unordered_map<ActorId, std::string>& keys() const { return keys_; }
  // References that hold no key, which count for nothing: "refs/hearth/keys/…: why".
  [[nodiscard]] const std::vector<std::string>& unreadable() const { return unreadable_; }

 private:
  std::unordered_map<ActorId, std::string> keys_;
  std::vector<std::string> unreadable_;
  std::string fingerprint_;
};

// Publishes a key, unless the actor has one. The write lock is held.
[[nodiscard]] Result<void> publish_key(Repository& repository,
                                       WriteLock::Held& held,
                                       const ActorId& actor,
                                       std::string_view public_key);

}  // namespace hearth::packs::issues
