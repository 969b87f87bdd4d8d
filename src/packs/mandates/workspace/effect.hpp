// One change of one file, told by the hashes before and after it, so that after any crash a look at
// the world says whether it has happened.
#pragma once

#include <sys/types.h>

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.hpp"
#include "packs/mandates/workspace/policy.hpp"
#include "packs/mandates/workspace/root.hpp"

namespace hearth::packs::mandates::workspace {

struct Effect {
  Action action = Action::edit;
  std::string path;         // normal
  std::string to;           // of a move
  std::string before_hash;  // of the content at `path`; empty: there is none
  std::string after_hash;   // of the content it gets; empty: none
  mode_t mode = 0644;       // of the content it gets
};

enum class EffectState : std::uint8_t {
  done,
  not_done,
  changed,  // neither: somebody else was there
};

// Errors only where the file system fails to tell.
[[nodiscard]] Result<EffectState> inspect(const Root& root, const Effect& effect);

// What an interrupted change set was about to do.
struct ChangeRecord {
  std::string id;
  std::string workspace;  // the root's path
  std::vector<Effect> effects;

  [[nodiscard]] std::string to_bytes() const;
  // `damaged` when it is not whole, or of another format.
  [[nodiscard]] static Result<ChangeRecord> parse(std::string_view bytes);
};

}  // namespace hearth::packs::mandates::workspace
