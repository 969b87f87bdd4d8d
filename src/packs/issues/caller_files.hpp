// Files that a call names, held to the caller's project and to what the configuration adds.
#pragma once

#include <memory>
#include <optional>
#include <string>

#include "base/result.hpp"
#include "pack/call.hpp"
#include "pack/reply.hpp"
#include "packs/issues/engine/issue_store.hpp"

namespace hearth::packs::issues {

// The canonical path of a file to read.
[[nodiscard]] Result<std::string> file_to_read(const IssueStore& store,
                                               const pack::Call& call,
                                               const std::string& asked);
// The same of one to write, whose folder exists; `conflict` where something is there already that
// may not be replaced, `permission` inside of a git directory, whose
// files are settings and programs.
[[nodiscard]] Result<std::string> file_to_write(const IssueStore& store,
                                                const pack::Call& call,
                                                const std::string& asked,
                                                bool may_replace);

// Where the caller works: its working directory, or where that is in no repository the first of its
// client's roots that is in one, once it has told them (roots_question). `invalid_args` when it is
// nowhere.
[[nodiscard]] Result<std::string> directory_of(const pack::Call& call);
// What to answer to a call whose directory is in no repository: which roots its client has. Nothing
// when that was asked before, or cannot be.
[[nodiscard]] std::optional<pack::Reply> roots_question(const pack::Call& call);
// The repository as the caller sees it, with its own work tree: the one of the store may be
// another.
[[nodiscard]] Result<std::unique_ptr<Repository>> repository_of(const pack::Call& call);

}  // namespace hearth::packs::issues
