// The pack `issues`: an issue tracker inside of git repositories, for people and agents.
//
// The issues of a repository are a log of events under refs/grite/wal, which grite reads, too. The
// pack keeps those of each repository that is used warm (engine/issue_store.hpp); which one a call
// is about, the caller's working directory says.
#pragma once

#include <memory>

#include "pack/pack.hpp"

namespace hearth::packs::issues {

[[nodiscard]] std::unique_ptr<pack::Pack> make_pack();

}  // namespace hearth::packs::issues
