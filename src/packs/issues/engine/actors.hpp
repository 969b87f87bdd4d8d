// Who writes: the actors of a repository, in files below its common git directory that grite knows,
// too (docs/formats/issues.md).
//
//   grite/config.toml               default_actor = "<id>"
//   grite/actors/<id>/config.toml   actor_id, label, created_ts, public_key, key_scheme
//   grite/actors/<id>/signing_key   64 hexadecimal digits, 0600
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.hpp"
#include "packs/issues/engine/crypto.hpp"
#include "packs/issues/engine/ids.hpp"

namespace hearth::packs::issues {

struct Actor {
  ActorId id;
  std::string label;
  std::uint64_t created_ms = 0;
  std::string public_key;  // 32 bytes; empty: it signs nothing
};

// Files only; whoever changes them holds the repository's write lock.
class Actors final {
 public:
  explicit Actors(const std::string& common_directory) : directory_(common_directory + "/grite") {}

  [[nodiscard]] std::string directory_of(const ActorId& id) const;
  [[nodiscard]] std::string config_path() const { return directory_ + "/config.toml"; }
  // By age.
  [[nodiscard]] std::vector<Actor> list() const;
  [[nodiscard]] std::optional<Actor> find(const ActorId& id) const;
  // What it is called; nothing where that is not known here.
  [[nodiscard]] std::optional<std::string> label_of(const ActorId& id) const;
  [[nodiscard]] Result<Actor> create(const std::string& label,
                                     bool with_key,
                                     std::uint64_t now_ms) const;
  [[nodiscard]] std::optional<ActorId> default_actor() const;
  [[nodiscard]] Result<void> set_default(const ActorId& id);
  // By id, a unique prefix of one, or a label. `not_found`, or `invalid_args` when it is ambiguous.
  [[nodiscard]] Result<Actor> resolve(const std::string& wanted) const;
  // The one that writes when nobody else is named: the default one, else the oldest, else a new one
  // that becomes the default. A name that is not known makes a new actor of that label: so agents
  // that call themselves something each are somebody. `not_found` for a whole id that is not known.
  [[nodiscard]] Result<Actor> writer(const std::string& wanted, std::uint64_t now_ms);
  // The same one, before a new one is made: for who may write nothing in the end.
  struct Candidate {
    Actor actor;
    bool is_new = false;
    bool becomes_default = false;
  };
  [[nodiscard]] Result<Candidate> candidate(const std::string& wanted, std::uint64_t now_ms) const;
  [[nodiscard]] Result<void> keep(const Candidate& candidate);
  [[nodiscard]] std::optional<SigningKey> signing_key(const ActorId& id) const;

 private:
  [[nodiscard]] Result<void> write(const Actor& actor, const std::string& seed) const;

  const std::string directory_;
};

}  // namespace hearth::packs::issues
