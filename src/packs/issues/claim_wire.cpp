#include "packs/issues/claim_wire.hpp"

namespace hearth::packs::issues::wire {

using json::defaulted;
using json::range;

namespace {

constexpr const char* resource_text =
    "Instead of an issue: a name such as repo:global or path:src/parser";
constexpr const char* ttl_text = "Seconds until it runs out, unless it is renewed";
constexpr const char* remote_text = "The remote that arbitrates; default origin, if there is one";
constexpr const char* local_text =
    "Ask no remote: it counts for this repository, and nobody else hears of it before";
constexpr const char* owner_label_text = "What the owner is called, where this repository knows it";
constexpr const char* nonce_text = "As claim gave it: only this very claim";

}  // namespace

json::Notes notes(const ClaimRequest*) {
  return {{"id", id_text, id_limits()},
          {"resource", resource_text, name_limits()},
          {"ttl", ttl_text, range(1, 86'400) | defaulted},
          {"assign", "Assign the issue to the actor's label, too", defaulted},
          {"remote", remote_text, name_limits()},
          {"local", local_text, defaulted},
          {"actor", actor_text, name_limits()},
          {"key", key_text, key_limits()}};
}
json::Notes notes(const RenewRequest*) {
  return {{"id", id_text, id_limits()},
          {"resource", resource_text, name_limits()},
          {"ttl", ttl_text, range(1, 86'400) | defaulted},
          {"nonce", nonce_text, name_limits()},
          {"remote", remote_text, name_limits()},
          {"local", local_text, defaulted},
          {"actor", actor_text, name_limits()}};
}
json::Notes notes(const ReleaseRequest*) {
  return {{"id", id_text, id_limits()},         {"resource", resource_text, name_limits()},
          {"nonce", nonce_text, name_limits()}, {"remote", remote_text, name_limits()},
          {"local", local_text, defaulted},     {"actor", actor_text, name_limits()}};
}
json::Notes notes(const LockAnswer*) {
  return {{"resource", ""},
          {"issue_id", "Of a claim"},
          {"owner", "An actor's id"},
          {"owner_label", owner_label_text},
          {"nonce", "Proves that it is this one, for renew and release"},
          {"expires_unix_ms", "When it runs out; 0: given back"},
          {"ttl_seconds", "For how long it was asked"},
          {"released", "Whether it was given back"},
          {"arbitrated", "Whether a remote was asked; else it counts for this repository"},
          {"not_assigned", "Why the log does not say who has it; the claim counts all the same"}};
}
json::Notes notes(const LocksRequest*) {
  return {{"all", "Also those that have run out or were given back", defaulted}};
}
json::Notes notes(const ListedLock*) {
  return {{"resource", "issue:ID is a claim"},
          {"owner", "An actor's id"},
          {"owner_label", owner_label_text},
          {"expires_unix_ms", "When it runs out"},
          {"live", ""}};
}
json::Notes notes(const LocksAnswer*) {
  return {{"locks", ""}, {"total", "How many are listed"}};
}

}  // namespace hearth::packs::issues::wire
