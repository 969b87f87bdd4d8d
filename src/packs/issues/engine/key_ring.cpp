#include "packs/issues/engine/key_ring.hpp"

#include <array>

#include "packs/issues/engine/crypto.hpp"

namespace hearth::packs::issues {
namespace {

constexpr std::string_view scheme = "ed25519 ";
constexpr std::size_t most_key_bytes = 1024;
constexpr std::array<std::string_view, 3> policies{"off", "warn", "require"};

}  // namespace

std::optional<SignaturePolicy> signature_policy_of(std::string_view name) {
  for (std::size_t i = 0; i < policies.size(); ++i) {
    if (policies[i] == name) return static_cast<SignaturePolicy>(i);
  }
  return std::nullopt;
}

std::string_view name_of(SignaturePolicy policy) {
  return policies[static_cast<std::size_t>(policy)];
}

Result<KeyRing> KeyRing::read(const Repository& repository) {
  const auto references = repository.references(key_prefix);
  if (!references) return std::unexpected(references.error());
  KeyRing ring;
  std::string all;
  for (const Reference& reference : *references) {
    const auto actor =
        id_of_hex<ActorId>(reference.name.substr(std::string_view(key_prefix).size()));
    const auto text = repository.read_blob(reference.target, most_key_bytes);
    const bool is_one = actor && text && text->starts_with(scheme);
    const auto key =
        is_one ? bytes_of_hex(std::string_view(*text).substr(scheme.size(), 64)) : std::nullopt;
    if (!key || key->size() != 32) {
      ring.unreadable_.push_back(reference.name + ": " +
                                 (text ? "this is no key of an actor" : text.error().message));
      continue;
    }
    ring.keys_[*actor] = *key;
    all += reference.name + *text;
  }
  ring.fingerprint_ = hex_of(sha256(all));
  return ring;
}

bool KeyRing::has_signed(const Event& event) const {
  const auto key = keys_.find(event.actor);
  return key != keys_.end() && event.signature &&
         is_signed(event.id.view(), *event.signature, key->second);
}

Result<void> publish_key(Repository& repository,
                         WriteLock::Held& held,
                         const ActorId& actor,
                         std::string_view public_key) {
  const auto blob = repository.write_blob(std::string(scheme) + hex_of(public_key) + "\n");
  if (!blob) return std::unexpected(blob.error());
  const auto set =
      repository.update_reference(held, key_prefix + hex_of(actor), std::nullopt, *blob);
  if (!set) return std::unexpected(set.error());
  return {};
}

}  // namespace hearth::packs::issues
